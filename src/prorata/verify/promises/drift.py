"""What differs between services and machines, and what staff decided about it."""

from __future__ import annotations

from prorata.verify.promise import Promise

# A service whose machine is not there, or should not be, is held still as a whole.
SERVICES_SAY_WHAT_DIFFERS = """
SELECT 'services_service ' || s.id, s.name, 'says that ' || s.differing::text || ' differ, its open differences are of ' ||
       d.codes::text
  FROM services_service s LEFT JOIN LATERAL (
       SELECT coalesce(jsonb_agg(code ORDER BY code), '[]') AS codes FROM (
           SELECT component AS code FROM drift_difference WHERE service_id = s.id AND closed_at IS NULL AND kind = 'size'
           UNION SELECT jsonb_object_keys(s.configuration) WHERE EXISTS (
               SELECT 1 FROM drift_difference WHERE service_id = s.id AND closed_at IS NULL AND kind <> 'size')) c) d ON true
 WHERE s.differing IS DISTINCT FROM d.codes
"""

# Every night the comparison closes what belongs to a service that ended since.
DIFFERENCES_ARE_OF_LIVE_SERVICES = """
SELECT 'drift_difference ' || d.id, coalesce(s.name, d.external_id),
       CASE WHEN d.kind = 'orphan' THEN 'is a machine without a service, services_service ' || o.id || ' has it'
            WHEN d.kind = 'size' AND NOT s.configuration ? d.component THEN 'is of ' || d.component ||
                ', which services_service ' || s.id || ' does not have'
            ELSE 'is open, services_service ' || s.id || ' is ' || s.status END
  FROM drift_difference d LEFT JOIN services_service s ON s.id = d.service_id
  LEFT JOIN services_service o ON d.kind = 'orphan' AND (o.driver, o.external_id) = (d.driver, d.external_id)
       AND o.status <> 'unstarted'
 WHERE d.closed_at IS NULL AND (o.id IS NOT NULL
    OR (d.kind IN ('size', 'unknown') AND s.status IN ('terminated', 'unstarted'))
    OR (d.kind = 'left' AND s.status <> 'terminated') OR (d.kind = 'size' AND NOT s.configuration ? d.component))
"""

DECISIONS_ARE_IN_THE_TRAIL = """
SELECT 'drift_decision ' || c.id, c.what, 'has no line in the trail with its reason and its author'
  FROM drift_decision c
 WHERE NOT EXISTS (SELECT 1 FROM trail_deed t WHERE t.place = 'drift_decision ' || c.id AND t.what = 'drift.' || c.what
                      AND t.actor = 'user:' || c.by_id AND t.reason = c.reason)
UNION ALL
SELECT 'drift_decision ' || c.id, c.what, 'is of another service or resource than drift_difference ' || d.id
  FROM drift_decision c JOIN drift_difference d ON d.id = c.difference_id
 WHERE (c.service_id, c.component) IS DISTINCT FROM (d.service_id, d.component)
"""

TAKEN_OVER_IS_SETTLED = """
SELECT 'drift_decision ' || c.id, c.what, 'took over what the machine had, but drift_difference ' || d.id || ' was ' ||
       CASE WHEN d.closed_at IS NULL THEN 'left open' ELSE d.ended END
  FROM drift_decision c JOIN drift_difference d ON d.id = c.difference_id
 WHERE c.what = 'accept' AND (d.ended <> 'accepted' OR d.measured IS DISTINCT FROM c.measured)
UNION ALL
SELECT 'drift_difference ' || d.id, d.component, 'was taken over by no decision' FROM drift_difference d
 WHERE d.ended = 'accepted' AND NOT EXISTS (
       SELECT 1 FROM drift_decision c WHERE c.difference_id = d.id AND c.what = 'accept')
"""

BROUGHT_BY_A_JOB = """
SELECT 'drift_decision ' || c.id, c.what, 'has no job of its machine with a step' FROM drift_decision c
 WHERE c.what = 'bring' AND NOT EXISTS (
       SELECT 1 FROM provisioning_job j JOIN provisioning_jobstep s ON s.job_id = j.id
        WHERE j.origin = 'drift:' || c.id AND j.service_id = c.service_id AND s.kind <> 'undo')
UNION ALL
SELECT 'provisioning_jobstep ' || s.id, j.origin, 'is not what drift_decision ' || c.id || ' asked of the machine'
  FROM provisioning_jobstep s JOIN provisioning_job j ON j.id = s.job_id
  JOIN drift_decision c ON j.origin = 'drift:' || c.id
 WHERE s.component <> c.component OR CASE s.kind WHEN 'undo' THEN (s.from_value, s.to_value) <> (c.sold, c.measured)
       ELSE (s.from_value, s.to_value) <> (c.measured, c.sold)
            OR (s.kind = 'reduce') <> (jsonb_typeof(c.sold) = 'number' AND c.sold < c.measured) END
UNION ALL
SELECT 'drift_difference ' || d.id, d.component,
       'was brought to what is sold, but provisioning_jobstep ' || s.id || ' is ' || s.state
  FROM drift_difference d JOIN (
       SELECT difference_id, max(id) AS id FROM drift_decision WHERE what = 'bring' GROUP BY 1) c ON c.difference_id = d.id
  JOIN provisioning_job j ON j.origin = 'drift:' || c.id JOIN provisioning_jobstep s ON s.job_id = j.id AND s.kind <> 'undo'
 WHERE d.ended = 'brought' AND s.state NOT IN ('done', 'restart')
UNION ALL
SELECT 'provisioning_reservation ' || r.id, r.origin, 'is still held, its job has ended'
  FROM provisioning_reservation r JOIN provisioning_job j ON j.origin = r.origin
 WHERE starts_with(r.origin, 'drift:') AND j.state = 'ended' AND r.released_at IS NULL AND NOT EXISTS (
       SELECT 1 FROM procrastinate_jobs h WHERE h.task_name = 'changes.follow' AND h.status IN ('todo', 'doing')
          AND (h.args->>'id')::bigint = j.id)
"""

PROMISES = (
    Promise("services-say-what-differs", "A service names the resources that differ, and no others.",
        SERVICES_SAY_WHAT_DIFFERS),
    Promise(
        "differences-are-of-live-services", "What differs belongs to a service that lives, or to a machine that has none.",
        DIFFERENCES_ARE_OF_LIVE_SERVICES, in_time=True,
    ),
    Promise("decisions-are-in-the-trail", "What staff decided about a difference stands in the trail, with the reason.",
        DECISIONS_ARE_IN_THE_TRAIL),
    Promise("taken-over-is-settled", "What was taken over without charge was a difference, and settled it.",
        TAKEN_OVER_IS_SETTLED),
    Promise("brought-by-a-job", "A machine is brought to what is sold by a job of its own.", BROUGHT_BY_A_JOB),
)  # fmt: skip
