"""What was recognised is written once, and sealed like everything that is."""

from django.db import migrations

from prorata.ledger import guards

TABLES = ("recognition_day", "recognition_recognised", "recognition_opening")


class Migration(migrations.Migration):
    dependencies = [("recognition", "0001_initial"), ("ledger", "0003_nothing_later"), ("verify", "0002_guards")]

    operations = [guards.append_only(*TABLES), guards.numbered(*TABLES)]
