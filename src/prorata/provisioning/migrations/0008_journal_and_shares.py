"""The journal is written once. Of a host's room, a customer's unpaid changes hold no more than a share together."""

from importlib import import_module

from django.db import migrations

from prorata.ledger import guards

BEFORE = import_module("prorata.provisioning.migrations.0004_room_just_used")
THERE = """
CREATE FUNCTION prorata_reserve(
    on_driver text, on_host text, for_service bigint, for_origin text, codes text[], amounts bigint[], rooms bigint[],
    shares bigint[], rooms_read_at timestamptz, held_until timestamptz, business_now timestamptz, unpaid boolean
) RETURNS TABLE (short text, left_over bigint) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    on_it bigint;
    buyer bigint;
BEGIN
    SELECT s.customer_id INTO buyer FROM services_service s WHERE s.id = for_service;
    INSERT INTO provisioning_host AS h (driver, name, generation) VALUES (on_driver, on_host, 1)
        ON CONFLICT (driver, name) DO UPDATE SET generation = h.generation + 1 RETURNING h.id INTO on_it;
    RETURN QUERY
    SELECT w.component, CASE WHEN w.amount + coalesce(h.amount, 0) <= w.room THEN greatest(w.share - h.own, 0) END
      FROM unnest(codes, amounts, rooms, shares) AS w(component, amount, room, share)
      LEFT JOIN (SELECT r.component, sum(r.amount)::bigint AS amount,
                        coalesce(sum(r.amount) FILTER (WHERE r.awaits_payment AND r.released_at IS NULL
                            AND r.until > business_now AND s.customer_id = buyer), 0)::bigint AS own
                   FROM provisioning_reservation r JOIN services_service s ON s.id = r.service_id
                  WHERE r.host_id = on_it AND r.service_id <> for_service
                    AND (r.released_at > rooms_read_at OR (r.released_at IS NULL AND r.until > business_now))
                  GROUP BY r.component) h ON h.component = w.component
     WHERE w.amount + coalesce(h.amount, 0) > w.room OR (unpaid AND h.own > 0 AND w.amount + h.own > w.share)
     ORDER BY 2 NULLS FIRST, 1 LIMIT 1;
    IF NOT FOUND THEN
        INSERT INTO provisioning_reservation (host_id, service_id, origin, component, amount, until, awaits_payment)
        SELECT on_it, for_service, for_origin, w.component, w.amount, held_until, unpaid
          FROM unnest(codes, amounts) AS w(component, amount);
    END IF;
END $$;
"""
BACK = """
DROP FUNCTION prorata_reserve(
    text, text, bigint, text, text[], bigint[], bigint[], bigint[], timestamptz, timestamptz, timestamptz, boolean
)
"""


class Migration(migrations.Migration):
    dependencies = [("provisioning", "0007_journal"), ("ledger", "0003_nothing_later")]
    operations = [
        guards.append_only("provisioning_jobevent"),
        guards.numbered("provisioning_jobevent"),
        migrations.RunSQL(BEFORE.BACK, BEFORE.THERE),
        migrations.RunSQL(THERE, BACK),
    ]
