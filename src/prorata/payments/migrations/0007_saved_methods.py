"""Cards that gateways keep with the customer's consent, which is written once with the attempt it was given for."""

import django.db.models.deletion
import uuid
from django.db import migrations, models

from prorata.ledger import guards


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0001_initial'),
        ('payments', '0006_money_back_guards'),
    ]

    operations = [
        migrations.AddField(
            model_name='paymentattempt',
            name='save_method',
            field=models.BooleanField(default=False, help_text='the customer agreed that the means of payment is kept for later'),
        ),
        migrations.CreateModel(
            name='SavedMethod',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('gateway', models.CharField(max_length=40)),
                ('method', models.CharField(help_text='the way to pay it was saved at', max_length=40)),
                ('method_ref', models.CharField(help_text='what the gateway calls it', max_length=250)),
                ('label', models.CharField(help_text='for the customer', max_length=80)),
                ('saved_at', models.DateTimeField(help_text='business time')),
                ('removed_at', models.DateTimeField(blank=True, help_text='business time; never charged after it', null=True)),
                ('removed_by', models.TextField(blank=True)),
                ('forgotten_at', models.DateTimeField(blank=True, help_text='when the gateway had forgotten it too', null=True)),
                ('attempt', models.OneToOneField(help_text='where consent was given', on_delete=django.db.models.deletion.PROTECT, related_name='saved', to='payments.paymentattempt')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='saved_methods', to='customers.customer')),
            ],
            options={
                'ordering': ['-saved_at'],
                'constraints': [models.UniqueConstraint(fields=('gateway', 'method_ref'), name='saved_method_once'), models.CheckConstraint(condition=models.Q(('forgotten_at__isnull', True), ('removed_at__isnull', False), _connector='OR'), name='forgotten_after_removed')],
            },
        ),
        guards.kept("payments_savedmethod"),
        guards.fixed("payments_savedmethod", "customer_id", "gateway", "method", "method_ref", "attempt_id"),
        guards.fixed("payments_paymentattempt", "save_method", name="consent"),
    ]
