"""A rate in bands has exactly one open band, so that there is a price for any number; another rate has none."""

from django.db import migrations

# Deferred to commit: a rate and its bands are written by several statements, and only the whole must be complete.
THERE = """
CREATE FUNCTION catalog_rate_is_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    key text := CASE TG_TABLE_NAME WHEN 'catalog_rate' THEN 'id' ELSE 'rate_id' END;
    wrong bigint;
BEGIN
    SELECT r.id INTO wrong FROM catalog_rate r
     WHERE r.id IN ((to_jsonb(NEW)->>key)::bigint, (to_jsonb(OLD)->>key)::bigint)
       AND CASE WHEN r.form = 'unit' THEN EXISTS (SELECT FROM catalog_rateband b WHERE b.rate_id = r.id)
                ELSE NOT EXISTS (SELECT FROM catalog_rateband b WHERE b.rate_id = r.id AND b.up_to IS NULL) END
     LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'rate % needs one open band if it is tiered or by volume, and none if it is one price', wrong
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER rate_is_complete AFTER INSERT OR UPDATE ON catalog_rate
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION catalog_rate_is_complete();
CREATE CONSTRAINT TRIGGER bands_are_complete AFTER INSERT OR UPDATE OR DELETE ON catalog_rateband
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION catalog_rate_is_complete();
"""
BACK = """
DROP TRIGGER bands_are_complete ON catalog_rateband;
DROP TRIGGER rate_is_complete ON catalog_rate;
DROP FUNCTION catalog_rate_is_complete();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_rates_in_bands")]
    operations = [migrations.RunSQL(THERE, BACK)]
