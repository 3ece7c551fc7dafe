"""The trail is written once, whoever asks."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("trail", "0001_initial"), ("ledger", "0003_nothing_later")]

    operations = [guards.append_only("trail_deed"), guards.numbered("trail_deed")]
