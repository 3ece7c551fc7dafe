import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('changes', '0009_going_on_over'),
        ('guides', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ChangeReaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('feeling', models.CharField(choices=[('happy', 'Happy'), ('normal', 'Normal'), ('sad', 'Sad')], max_length=6)),
                ('comment', models.TextField(blank=True, max_length=2000)),
                ('language', models.CharField(max_length=10)),
                ('at', models.DateTimeField(help_text='business time of the last word')),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reactions', to='changes.change')),
                ('reader', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='change_reactions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-at', '-id'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('change', 'reader'), name='one_reaction_a_person_and_change'), models.CheckConstraint(condition=models.Q(('feeling__in', ['happy', 'normal', 'sad'])), name='change_reaction_feeling_known')],
            },
        ),
    ]
