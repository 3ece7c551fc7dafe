"""A change stays the one that was submitted, with its invoice and its lines."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("changes", "0003_guards"), ("ledger", "0003_nothing_later")]

    operations = [
        guards.fixed(
            "changes_change", "reference", "invoice_id", "submitted_by_id", "submitted_at", name="submit"
        ),
        guards.fixed(
            "changes_changeline",
            "change_id",
            "component",
            "from_value",
            "to_value",
            "exact",
            "net_minor",
            "tax_minor",
        ),
        guards.kept("changes_change", "changes_changeline"),
    ]
