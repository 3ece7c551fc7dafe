"""Room that was used or given up after a machine was measured still counts against what that measuring found free."""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("prorata.provisioning.migrations.0002_reserve")
THERE = """
CREATE FUNCTION prorata_reserve(
    on_driver text, on_host text, for_service bigint, for_origin text, codes text[], amounts bigint[], rooms bigint[],
    rooms_read_at timestamptz, held_until timestamptz, business_now timestamptz
) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    host bigint;
    short text;
BEGIN
    INSERT INTO provisioning_host AS h (driver, name, generation) VALUES (on_driver, on_host, 1)
        ON CONFLICT (driver, name) DO UPDATE SET generation = h.generation + 1 RETURNING h.id INTO host;
    SELECT wanted.component INTO short
      FROM unnest(codes, amounts, rooms) AS wanted(component, amount, room)
      LEFT JOIN (SELECT r.component, sum(r.amount) AS amount FROM provisioning_reservation r
                  WHERE r.host_id = host AND r.service_id <> for_service
                    AND (r.released_at > rooms_read_at OR (r.released_at IS NULL AND r.until > business_now))
                  GROUP BY r.component) held USING (component)
     WHERE wanted.amount + coalesce(held.amount, 0) > wanted.room ORDER BY 1 LIMIT 1;
    IF short IS NULL THEN
        INSERT INTO provisioning_reservation (host_id, service_id, origin, component, amount, until)
        SELECT host, for_service, for_origin, component, amount, held_until
          FROM unnest(codes, amounts) AS wanted(component, amount);
    END IF;
    RETURN short;
END $$;
"""
BACK = """
DROP FUNCTION prorata_reserve(
    text, text, bigint, text, text[], bigint[], bigint[], timestamptz, timestamptz, timestamptz
)
"""


class Migration(migrations.Migration):
    dependencies = [("provisioning", "0003_jobs_end")]
    operations = [migrations.RunSQL(BEFORE.BACK, BEFORE.THERE), migrations.RunSQL(THERE, BACK)]
