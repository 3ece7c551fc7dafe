"""Runs and seals are written once; and whatever is sealed takes its transaction's number before it draws an id."""

from django.db import migrations

from prorata.ledger import guards

SEALED = (
    "changes_intervention", "changes_quote", "changes_securityevent", "credit_logline", "invoices_creditnote",
    "invoices_creditnoteline", "invoices_invoiceline", "invoices_layer", "invoices_unwinding", "ledger_entry",
    "ledger_transfer", "payments_capture", "verify_run",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("verify", "0001_initial"),
        ("changes", "0003_guards"),
        ("credit", "0003_guards"),
        ("invoices", "0002_guards"),
        ("ledger", "0003_nothing_later"),
        ("payments", "0002_guards"),
    ]

    operations = [guards.append_only("verify_run", "verify_seal"), guards.numbered(*SEALED)]
