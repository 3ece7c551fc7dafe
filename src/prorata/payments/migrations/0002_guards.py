"""What PostgreSQL refuses in this room, whoever asks."""

from django.db import migrations

from prorata.ledger import guards

# Success is reachable from everywhere: money that arrives after a "failed" or "cancelled" is still money.
GRAPH = {
    "created": {"redirected", "processing", "unknown", "succeeded", "failed", "cancelled"},
    "redirected": {"processing", "unknown", "succeeded", "failed", "cancelled"},
    "processing": {"unknown", "succeeded", "failed", "cancelled"},
    "unknown": {"redirected", "processing", "succeeded", "failed", "cancelled"},
    "failed": {"succeeded"},
    "cancelled": {"succeeded"},
}


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("ledger", "0001_initial")]

    operations = [
        guards.append_only("payments_capture"),
        guards.states("payments_paymentattempt", "state", GRAPH),
        guards.fixed("payments_paymentattempt", "amount_minor", "currency", "invoice_id", "gateway"),
    ]
