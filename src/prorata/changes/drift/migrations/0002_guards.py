"""A decision is written once; a difference is never deleted, stays about what it was found on, and stays closed."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("drift", "0001_initial"), ("ledger", "0003_nothing_later")]

    operations = [
        guards.append_only("drift_decision"),
        guards.numbered("drift_decision"),
        guards.kept("drift_difference", "drift_comparison"),
        guards.fixed(
            "drift_difference", "kind", "driver", "external_id", "service_id", "component", "first_seen_at"
        ),
        guards.finished("drift_difference", "ended", ""),
    ]
