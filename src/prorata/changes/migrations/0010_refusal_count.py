import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0014_revision_of_a_product'),
        ('changes', '0009_going_on_over'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='quote',
            index=models.Index(fields=['made_at'], name='quote_by_time'),
        ),
        migrations.AddIndex(
            model_name='change',
            index=models.Index(fields=['submitted_at'], name='change_by_time'),
        ),
        migrations.CreateModel(
            name='RefusalCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(help_text="of the seller's zone")),
                ('component', models.CharField(blank=True, help_text='empty: the whole service', max_length=40)),
                ('code', models.CharField(help_text='why, as in refusals.py', max_length=40)),
                ('step', models.CharField(choices=[('continue', 'Continue'), ('submit', 'Submit')], max_length=8)),
                ('language', models.CharField(help_text='of the page that refused', max_length=10)),
                ('times', models.PositiveIntegerField()),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='refusal_counts', to='catalog.product')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('day', 'product', 'component', 'code', 'step', 'language'), name='one_count_a_refusal'), models.CheckConstraint(condition=models.Q(('step__in', ['continue', 'submit'])), name='refusal_step_known'), models.CheckConstraint(condition=models.Q(('times__gt', 0)), name='refusal_was_met')],
            },
        ),
    ]
