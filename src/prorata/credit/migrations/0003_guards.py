"""What PostgreSQL refuses in this room, whoever asks."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("credit", "0002_initial"), ("ledger", "0001_initial")]

    operations = [
        guards.append_only("credit_logline"),
        guards.states("credit_pledge", "state", {"held": {"posted", "voided"}}),
    ]
