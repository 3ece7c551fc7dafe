"""A purse stays its customer's, and a pledge what it was."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("credit", "0003_guards"), ("ledger", "0003_nothing_later")]

    operations = [
        guards.fixed("credit_purse", "customer_id", "kind", "currency"),
        guards.fixed("credit_pledge", "purse_id", "origin", "amount_minor", "held_at"),
        guards.kept("credit_purse", "credit_pledge"),
    ]
