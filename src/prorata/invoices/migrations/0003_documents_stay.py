"""A settled or closed invoice never changes, its number least of all; no number is given twice."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("invoices", "0002_guards"), ("ledger", "0003_nothing_later")]

    operations = [
        guards.fixed(
            "invoices_invoice",
            "seller_id",
            "service_id",
            "origin",
            "reference",
            "credit_minor",
            "gifted_minor",
            "tax_label",
            "tax_included",
            "created_at",
            name="issue",
        ),
        guards.finished("invoices_invoice", "status", "open"),
        guards.only_rises("invoices_numberseries", "next_number"),
        guards.kept("invoices_invoice", "invoices_numberseries"),
    ]
