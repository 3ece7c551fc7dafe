"""A voucher's terms are written once, and its uses move along their states."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("credit", "0005_vouchers"), ("ledger", "0003_nothing_later")]

    operations = [
        guards.fixed(
            "credit_voucher", "code", "customer_id", "currency", "amount_minor", "off", "at_most_minor",
            "minimum_spend_minor", "components", "starts_at", "expires_at", "issued_at",
        ),
        guards.fixed("credit_voucheruse", "voucher_id", "customer_id", "origin", "currency", "amount_minor", "held_at"),
        guards.states("credit_voucheruse", "state", {"held": {"used", "released"}, "used": {"released"}}),
        guards.kept("credit_voucher", "credit_voucheruse"),
    ]
