"""An issued invoice or credit note takes no more lines, and a line no more sources."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("invoices", "0009_room_for_the_longest_names")]

    operations = [
        guards.comes_with("invoices_invoiceline", "invoice_id", "invoices_invoice"),
        guards.comes_with("invoices_creditnoteline", "credit_note_id", "invoices_creditnote"),
        guards.comes_with("invoices_creditsource", "line_id", "invoices_creditnoteline"),
    ]
