"""What was written stays written; a ticket keeps who opened it and what about, and moves along its states."""

from django.db import migrations

from prorata.ledger import guards

STATES = {"open": {"answered", "closed"}, "answered": {"open", "closed"}, "closed": {"open", "answered"}}


class Migration(migrations.Migration):
    dependencies = [("support", "0001_initial"), ("ledger", "0003_nothing_later")]

    operations = [
        guards.append_only("support_message", "support_attachment"),
        guards.numbered("support_message", "support_attachment"),
        guards.kept("support_ticket"),
        guards.fixed(
            "support_ticket", "reference", "key", "customer_id", "opened_by_id", "subject", "about", "about_label",
            "created_at",
        ),
        guards.states("support_ticket", "state", STATES),
        guards.fixed("support_content", "attachment_id", "data"),
    ]
