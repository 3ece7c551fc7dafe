"""Whose discount is in an invoice never changes."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("invoices", "0004_vouchers")]

    operations = [guards.fixed("invoices_invoice", "voucher_code", name="voucher")]
