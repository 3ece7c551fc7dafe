"""Gifted credit ends by itself: what is remembered of it, and an end that never moves."""

from django.db import migrations, models

from prorata.ledger import guards


class Migration(migrations.Migration):

    dependencies = [
        ('credit', '0006_vouchers_stay'),
        ('customers', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='purse',
            name='end_told_at',
            field=models.DateTimeField(blank=True, help_text='when the customer was told that the end is near', null=True),
        ),
        migrations.AddField(
            model_name='purse',
            name='prolonged_from',
            field=models.DateTimeField(blank=True, help_text='the end it had before; it passed while the gift was held for a change', null=True),
        ),
        migrations.AlterField(
            model_name='logline',
            name='what',
            field=models.CharField(help_text='message key: granted, pledged, released, spent, returned, surplus, expired', max_length=40),
        ),
        migrations.AddIndex(
            model_name='purse',
            index=models.Index(condition=models.Q(('balance_minor__gt', 0), ('expires_at__isnull', False)), fields=['expires_at'], name='purse_that_ends'),
        ),
        migrations.AddConstraint(
            model_name='purse',
            constraint=models.CheckConstraint(condition=models.Q(('prolonged_from', None), models.Q(('expires_at__gt', models.F('prolonged_from')), ('kind', 'gifted')), _connector='OR'), name='prolonged_beyond_its_end'),
        ),
        guards.fixed('credit_purse', 'expires_at', 'prolonged_from', name='end'),
    ]
