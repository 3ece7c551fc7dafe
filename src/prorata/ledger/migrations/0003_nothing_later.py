"""An old transfer takes no more entries, and an account stays what it is."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards")]

    operations = [
        guards.closed_transfers(),
        guards.fixed("ledger_account", "code", "kind", "currency"),
        guards.kept("ledger_account"),
    ]
