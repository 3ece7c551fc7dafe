"""A series that has given a number keeps its prefix and leaves no number out."""

from django.db import migrations

THERE = """
CREATE FUNCTION invoices_series_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.kind = 'invoice' AND EXISTS (
            SELECT 1 FROM invoices_invoice WHERE seller_id = OLD.seller_id AND number IS NOT NULL))
       OR (OLD.kind <> 'invoice' AND EXISTS (SELECT 1 FROM invoices_creditnote WHERE seller_id = OLD.seller_id))
    THEN
        RAISE EXCEPTION 'invoices_numberseries: a series that has given a number keeps its prefix and leaves no number out'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER series_goes_on BEFORE UPDATE ON invoices_numberseries FOR EACH ROW
    WHEN ((NEW.seller_id, NEW.kind, NEW.prefix) IS DISTINCT FROM (OLD.seller_id, OLD.kind, OLD.prefix)
          OR NEW.next_number > OLD.next_number + 1) EXECUTE FUNCTION invoices_series_goes_on();
"""
BACK = """
DROP TRIGGER series_goes_on ON invoices_numberseries;
DROP FUNCTION invoices_series_goes_on();
"""


class Migration(migrations.Migration):
    dependencies = [("invoices", "0007_what_a_line_stands_on")]

    operations = [migrations.RunSQL(THERE, BACK)]
