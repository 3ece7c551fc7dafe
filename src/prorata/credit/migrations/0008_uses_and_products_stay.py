"""How often a voucher may be used, and for which products, is written once like its other terms."""

from django.db import migrations

from prorata.ledger import guards

# A row that is visible and whose transaction is still in progress is ours, as for the entries of a transfer.
THERE = """
CREATE FUNCTION credit_products_come_with_their_voucher() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    this bigint := pg_current_xact_id()::text::bigint;
    apart bigint;
BEGIN
    SELECT (xmin::text::bigint - this) & 4294967295 INTO apart FROM credit_voucher WHERE id = NEW.voucher_id;
    IF apart >= 2147483648 THEN
        apart := apart - 4294967296;
    END IF;
    IF this + apart < 3 OR pg_xact_status((this + apart)::text::xid8) IS DISTINCT FROM 'in progress' THEN
        RAISE EXCEPTION 'voucher % is issued already: its products never change', NEW.voucher_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER products_come_with_their_voucher BEFORE INSERT ON credit_voucher_products
    FOR EACH ROW EXECUTE FUNCTION credit_products_come_with_their_voucher();
"""
BACK = """
DROP TRIGGER products_come_with_their_voucher ON credit_voucher_products;
DROP FUNCTION credit_products_come_with_their_voucher();
"""


class Migration(migrations.Migration):
    dependencies = [("credit", "0007_gifts_end"), ("ledger", "0003_nothing_later")]

    operations = [
        guards.fixed("credit_voucher", "name", "max_uses", "max_uses_per_customer", "issued_by", name="uses"),
        guards.append_only("credit_voucher_products"),
        migrations.RunSQL(THERE, BACK),
    ]
