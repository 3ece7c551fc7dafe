"""What a gateway lists is compared with our books each day, and a payment whose end nobody knows is somebody's task."""

from django.db import migrations, models

from prorata.ledger import guards


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0003_attempts_stay'),
        ('verify', '0002_guards'),
    ]

    operations = [
        migrations.AddField(
            model_name='paymentattempt',
            name='overdue_at',
            field=models.DateTimeField(blank=True, help_text="business time since when its end is somebody's task", null=True),
        ),
        migrations.CreateModel(
            name='Reconciliation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gateway', models.CharField(max_length=40)),
                ('at', models.DateTimeField(help_text='business time')),
                ('since', models.DateTimeField(help_text='machine time')),
                ('until', models.DateTimeField(help_text='machine time')),
                ('listed', models.PositiveIntegerField(default=0)),
                ('booked', models.PositiveIntegerField(default=0)),
                ('differences', models.JSONField(default=list)),
                ('problem', models.TextField(blank=True, help_text='why nothing was compared')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['gateway', '-id'], name='reconciled_last')],
            },
        ),
        guards.append_only("payments_reconciliation"),
        guards.numbered("payments_reconciliation"),
    ]
