"""An attempt to pay is never forgotten."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_guards"), ("ledger", "0003_nothing_later")]

    operations = [
        guards.kept("payments_paymentattempt"),
    ]
