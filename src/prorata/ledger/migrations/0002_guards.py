"""What PostgreSQL refuses in this room, whoever asks."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        guards.append_only("ledger_transfer", "ledger_entry"),
        guards.balanced_transfers(),
    ]
