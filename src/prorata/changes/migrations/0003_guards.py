"""What PostgreSQL refuses in this room, whoever asks."""

from django.db import migrations

from prorata.ledger import guards

# Copied, not imported: a migration says what was true when it was written.
GRAPH = {
    "awaiting_payment": {"applying", "cancelled", "expired"},
    "applying": {"applied", "partly_applied", "reversed", "parked", "attention"},
    "parked": {"applying", "partly_applied", "reversed", "attention"},
    "attention": {"applying", "partly_applied", "reversed"},
}


class Migration(migrations.Migration):
    dependencies = [("changes", "0002_initial"), ("ledger", "0001_initial")]

    operations = [
        guards.append_only("changes_quote", "changes_intervention", "changes_securityevent"),
        guards.states("changes_change", "status", GRAPH),
        guards.states("changes_changeline", "state", {"waiting": {"applied", "reversed"}}),
        guards.fixed("changes_change", "quote_id", "service_id", "customer_id", "gross_minor", "currency"),
    ]
