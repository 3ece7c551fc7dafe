"""What PostgreSQL refuses in this room, whoever asks."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("invoices", "0001_initial"), ("ledger", "0001_initial")]

    operations = [
        guards.append_only(
            "invoices_invoiceline", "invoices_creditnote", "invoices_creditnoteline", "invoices_layer", "invoices_unwinding"
        ),
        guards.states("invoices_invoice", "status", {"open": {"paid", "cancelled", "expired"}}),
        guards.fixed("invoices_invoice", "net_minor", "tax_minor", "gross_minor", "currency", "customer_id", "tax_rate"),
    ]
