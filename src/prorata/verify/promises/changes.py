"""A change against its quote, its documents, its job, and the service it left behind."""

from __future__ import annotations

from prorata.verify.promise import Promise

# What a change froze is what its documents print: all of it was copied from the quote's figures, none computed again.
CHANGES_ARE_THEIR_QUOTE = """
SELECT 'changes_change ' || c.id, c.reference,
    'is of another service, customer, currency or amount than changes_quote ' || q.id
  FROM changes_change c JOIN changes_quote q ON q.id = c.quote_id
 WHERE (c.service_id, c.customer_id, c.currency, c.gross_minor) <> (q.service_id, q.customer_id, q.currency, q.gross_minor)
UNION ALL
SELECT 'changes_change ' || c.id, c.reference, 'has no quote' FROM changes_change c
  LEFT JOIN changes_quote q ON q.id = c.quote_id WHERE q.id IS NULL
UNION ALL
SELECT 'invoices_invoice ' || i.id, i.reference, 'is not what changes_quote ' || q.id || ' of change ' || c.reference
    || ' froze'
  FROM changes_change c JOIN changes_quote q ON q.id = c.quote_id JOIN invoices_invoice i ON i.id = c.invoice_id
 WHERE (i.origin, i.reference) <> ('change:' || c.reference, regexp_replace(c.reference, '^C-', 'PF-'))
    OR (i.service_id, i.customer_id, i.currency, i.net_minor, i.tax_minor, i.gross_minor) IS DISTINCT FROM
       (q.service_id, q.customer_id, q.currency, q.net_minor, q.tax_minor, q.gross_minor)
    OR (i.tax_rate, i.tax_label, i.tax_included, i.voucher_code) IS DISTINCT FROM
       ((q.figures->>'tax_rate')::numeric, q.figures->>'tax_label', (q.figures->>'tax_included')::boolean,
        coalesce(q.figures->>'voucher', ''))
UNION ALL
SELECT 'invoices_invoice ' || i.id, i.reference, 'was asked for by no change' FROM invoices_invoice i
  LEFT JOIN changes_change c ON c.invoice_id = i.id WHERE c.id IS NULL AND starts_with(i.origin, 'change:')
UNION ALL
SELECT 'changes_change ' || id, reference, 'costs ' || gross_minor || CASE WHEN invoice_id IS NULL THEN ' and has no invoice'
       ELSE ' and has an invoice' END
  FROM changes_change WHERE (gross_minor > 0) <> (invoice_id IS NOT NULL)
"""

LINES_ARE_THEIR_QUOTE = """
WITH figures AS (
    SELECT c.id AS change_id, c.invoice_id, q.id AS quote_id, n::int AS position, f->>'code' AS component,
           f->'before' AS before, f->'after' AS after, (f->>'exact')::numeric AS exact, (f->>'net_minor')::bigint AS net,
           (f->>'tax_minor')::bigint AS tax, coalesce((f->>'raised_minor')::bigint, 0) AS raised,
           coalesce((f->>'discount_minor')::bigint, 0) AS off
      FROM changes_change c JOIN changes_quote q ON q.id = c.quote_id,
           jsonb_array_elements(q.figures->'lines') WITH ORDINALITY AS line(f, n)
)
SELECT CASE WHEN l.id IS NULL THEN 'changes_change ' || f.change_id ELSE 'changes_changeline ' || l.id END,
       coalesce(l.component, f.component),
       CASE WHEN l.id IS NULL THEN 'lacks line ' || f.position || ' of changes_quote ' || f.quote_id
            WHEN f.quote_id IS NULL THEN 'is in no quote of its change' ELSE 'is not line ' || f.position ||
                ' of changes_quote ' || f.quote_id END
  FROM changes_changeline l FULL JOIN figures f ON f.change_id = l.change_id AND f.position = l.position
 WHERE (l.component, l.from_value, l.to_value, l.exact, l.net_minor, l.tax_minor) IS DISTINCT FROM
       (f.component, f.before, f.after, f.exact, f.net, f.tax)
UNION ALL
SELECT CASE WHEN l.id IS NULL THEN 'invoices_invoice ' || f.invoice_id ELSE 'invoices_invoiceline ' || l.id END,
       coalesce(l.text, f.component),
       CASE WHEN l.id IS NULL THEN 'lacks line ' || f.position || ' of changes_quote ' || f.quote_id
            WHEN f.quote_id IS NULL THEN 'is in no quote of its change' ELSE 'is not line ' || f.position ||
                ' of changes_quote ' || f.quote_id END
  FROM (SELECT l.* FROM invoices_invoiceline l JOIN changes_change c USING (invoice_id)) l
  FULL JOIN (SELECT * FROM figures WHERE invoice_id IS NOT NULL) f ON f.invoice_id = l.invoice_id AND f.position = l.position
 WHERE (l.component, l.exact, l.net_minor, l.tax_minor, l.raised_minor, l.discount_minor) IS DISTINCT FROM
       (f.component, f.exact, f.net, f.tax, f.raised, f.off)
"""

# A unit that rounding printed too much stays with the last line of a note, so the net of lines is in the note's total.
CREDIT_NOTES_ARE_THEIR_CHANGE = """
SELECT 'invoices_creditnote ' || n.id, n.number,
       CASE WHEN c.id IS NULL THEN 'comes from a change that does not exist'
            ELSE 'is of another customer, service, invoice, currency or tax than changes_change ' || c.id END
  FROM invoices_creditnote n LEFT JOIN changes_change c ON 'change:' || c.reference = n.origin
  LEFT JOIN changes_quote q ON q.id = c.quote_id
 WHERE (n.customer_id, n.service_id, n.invoice_id, n.currency, n.reason, n.tax_rate, n.tax_label) IS DISTINCT FROM
       (c.customer_id, c.service_id, c.invoice_id, c.currency, CASE WHEN c.invoice_id IS NULL THEN 'reduced' ELSE
           'reversed' END,
        (q.figures->>'tax_rate')::numeric, q.figures->>'tax_label')
UNION ALL
SELECT 'invoices_creditnoteline ' || l.id, l.text,
       CASE WHEN f.code IS NULL THEN 'is of a resource that change ' || c.reference || ' did not change'
            WHEN k.state = CASE WHEN c.invoice_id IS NULL THEN 'reversed' ELSE 'applied' END
            THEN 'gives back what changes_changeline ' || k.id || ' says was ' || k.state
            ELSE 'is not its line of changes_quote ' || c.quote_id END
  FROM invoices_creditnoteline l JOIN invoices_creditnote n ON n.id = l.credit_note_id
  JOIN changes_change c ON 'change:' || c.reference = n.origin JOIN changes_quote q ON q.id = c.quote_id
  LEFT JOIN LATERAL (SELECT f->>'code' AS code, (f->>'exact')::numeric AS exact, (f->>'tax_minor')::bigint AS tax,
                            (f->>'net_minor')::bigint AS net
                       FROM jsonb_array_elements(q.figures->'lines') f WHERE f->>'code' = l.component) f ON true
  LEFT JOIN changes_changeline k ON k.change_id = c.id AND k.component = l.component
  LEFT JOIN LATERAL (
       SELECT max(o.position) AS position, sum(CASE WHEN c.invoice_id IS NULL THEN -k.net_minor - k.tax_minor
                                                    ELSE k.net_minor + k.tax_minor END) - n.gross_minor AS short
         FROM invoices_creditnoteline o JOIN changes_changeline k ON k.change_id = c.id AND k.component = o.component
        WHERE o.credit_note_id = n.id) last ON true
 WHERE l.net_minor IS DISTINCT FROM CASE WHEN c.invoice_id IS NULL THEN -f.net ELSE f.net END -
                                    CASE WHEN l.position = last.position THEN last.short ELSE 0 END
    OR (l.exact, l.tax_minor) IS DISTINCT FROM
       (CASE WHEN c.invoice_id IS NULL THEN -f.exact ELSE f.exact END, CASE WHEN c.invoice_id IS NULL THEN -f.tax
           ELSE f.tax END)
    OR k.state = CASE WHEN c.invoice_id IS NULL THEN 'reversed' ELSE 'applied' END
"""

QUOTES_ADD_UP = """
SELECT 'changes_quote ' || q.id, q.reference, 'does not say what its own figures and inputs say'
  FROM changes_quote q LEFT JOIN LATERAL (
       SELECT sum((f->>'net_minor')::bigint) AS net, sum((f->>'tax_minor')::bigint) AS tax,
              bool_and(q.from_configuration->(f->>'code') = f->'before' AND q.to_configuration->(f->>'code') =
                  f->'after') AS same
         FROM jsonb_array_elements(q.figures->'lines') f) l ON true
 WHERE (q.net_minor, q.tax_minor, q.gross_minor) IS DISTINCT FROM
       ((q.figures->>'net_minor')::bigint, (q.figures->>'tax_minor')::bigint, (q.figures->>'gross_minor')::bigint)
    OR (l.net, l.tax) IS DISTINCT FROM (q.net_minor::numeric, q.tax_minor::numeric) OR l.same IS DISTINCT FROM true
    OR (q.currency, q.rule, q.credit_model) IS DISTINCT FROM
       (q.inputs->>'currency', q.inputs->>'rule', q.inputs->>'credit')
UNION ALL
SELECT 'changes_quote ' || q.id, q.reference, 'points at rows of another service, product, currency or voucher'
  FROM changes_quote q LEFT JOIN services_service s ON s.id = q.service_id
  LEFT JOIN catalog_pricebook b ON b.id = q.price_book_id LEFT JOIN catalog_discountschedule d ON d.id = q.schedule_id
  LEFT JOIN services_reading r ON r.id = q.reading_id LEFT JOIN credit_voucher v ON v.id = q.voucher_id
 WHERE (s.customer_id, s.currency, b.product_id, b.currency) IS DISTINCT FROM
       (q.customer_id, q.currency, s.product_id, q.currency)
    OR (q.schedule_id IS NOT NULL AND d.product_id IS DISTINCT FROM s.product_id)
    OR (q.reading_id IS NOT NULL AND r.service_id IS DISTINCT FROM s.id)
    OR coalesce(v.code, '') <> coalesce(q.figures->>'voucher', '')
"""

# News travels as jobs: between a fact and its hearing there may be one in the queue.
STATUS_IS_WHAT_HAPPENED = """
WITH heard AS (
    SELECT task_name, (args->>'id')::bigint AS subject FROM procrastinate_jobs
     WHERE status IN ('todo', 'doing') AND task_name IN ('changes.on_paid', 'changes.start', 'changes.follow')
)
SELECT 'changes_change ' || c.id, c.reference, 'is ' || c.status ||
       CASE WHEN i.id IS NOT NULL THEN ', invoices_invoice ' || i.id || ' is ' || i.status ELSE '' END ||
       CASE WHEN j.id IS NOT NULL THEN ', provisioning_job ' || j.id || ' is ' || j.state ELSE
           ', no machine has a job of it' END
  FROM changes_change c LEFT JOIN invoices_invoice i ON i.id = c.invoice_id
  LEFT JOIN provisioning_job j ON j.origin = 'change:' || c.reference
  LEFT JOIN heard p ON p.task_name = 'changes.on_paid' AND p.subject = i.id
  LEFT JOIN heard b ON b.task_name = 'changes.start' AND b.subject = c.id
  LEFT JOIN heard f ON f.task_name = 'changes.follow' AND f.subject = j.id
 WHERE NOT coalesce(CASE
        WHEN c.status = 'awaiting_payment' THEN j.id IS NULL AND (i.status = 'open' OR (i.status = 'paid' AND
            p.subject IS NOT NULL))
        WHEN c.status IN ('cancelled', 'expired') THEN j.id IS NULL AND i.status = c.status
        WHEN i.status <> 'paid' THEN false
        WHEN c.status IN ('applied', 'partly_applied', 'reversed') THEN j.state = 'ended'
        WHEN f.subject IS NOT NULL THEN true
        WHEN c.status = 'applying' THEN coalesce(j.state IN ('queued', 'running'), b.subject IS NOT NULL)
        WHEN c.status = 'attention' THEN j.state IN ('attention', 'parked', 'queued', 'running')
        ELSE j.state IN ('parked', 'queued', 'running') END, false)
UNION ALL
SELECT 'changes_change ' || id, reference, 'is ' || status || ', which its instants of start and end deny'
  FROM changes_change
 WHERE (started_at IS NOT NULL) <> (status NOT IN ('awaiting_payment', 'cancelled', 'expired'))
    OR (ended_at IS NOT NULL) <> (status IN ('applied', 'partly_applied', 'reversed', 'cancelled', 'expired'))
"""

LINES_ARE_THE_STATUS = """
SELECT 'changes_change ' || c.id, c.reference, 'is ' || c.status || ', of its lines ' || l.applied || ' were applied, ' ||
       l.reversed || ' reversed and ' || l.waiting || ' wait'
  FROM changes_change c JOIN (
       SELECT change_id, count(*) FILTER (WHERE state = 'applied') AS applied,
              count(*) FILTER (WHERE state = 'reversed') AS reversed, count(*) FILTER (WHERE state = 'waiting') AS waiting
         FROM changes_changeline GROUP BY 1) l ON l.change_id = c.id
 WHERE NOT CASE c.status WHEN 'applied' THEN l.reversed + l.waiting = 0 WHEN 'reversed' THEN l.applied + l.waiting = 0
                WHEN 'partly_applied' THEN l.waiting = 0 AND l.applied > 0 AND l.reversed > 0
                ELSE l.applied + l.reversed = 0 END
UNION ALL
SELECT 'changes_changeline ' || l.id, l.component, 'is ' || l.state || ', changes_change ' || c.id || ' is ' || c.status
  FROM changes_changeline l JOIN changes_change c ON c.id = l.change_id
 WHERE l.state NOT IN ('waiting', 'applied', 'reversed')
    OR (l.state = 'waiting') <> (c.status NOT IN ('applied', 'partly_applied', 'reversed'))
UNION ALL
SELECT 'changes_changeline ' || l.id, l.component, 'is ' || l.state || ', the steps of provisioning_job ' || j.id ||
    ' say otherwise'
  FROM changes_changeline l JOIN changes_change c ON c.id = l.change_id JOIN provisioning_job j ON j.origin =
      'change:' || c.reference
  JOIN (SELECT job_id, component, bool_or(kind <> 'undo' AND state IN ('done', 'restart')) AND NOT bool_or(kind =
      'undo') AS kept
          FROM provisioning_jobstep GROUP BY 1, 2) s ON s.job_id = j.id AND s.component = l.component
 WHERE l.state <> 'waiting' AND (l.state = 'applied') <> s.kept
"""

JOBS_BELONG = """
SELECT 'provisioning_job ' || j.id, j.origin, 'is of another service than its change or decision, or of none'
  FROM provisioning_job j LEFT JOIN changes_change c ON 'change:' || c.reference = j.origin
  LEFT JOIN drift_decision d ON 'drift:' || d.id = j.origin AND d.what = 'bring'
 WHERE coalesce(c.service_id, d.service_id) IS DISTINCT FROM j.service_id
UNION ALL
SELECT 'provisioning_jobstep ' || s.id, j.origin, 'is not a step of its job''s change: kind or values are those of no line'
  FROM provisioning_jobstep s JOIN provisioning_job j ON j.id = s.job_id
  JOIN changes_change c ON 'change:' || c.reference = j.origin JOIN changes_quote q ON q.id = c.quote_id
  LEFT JOIN LATERAL (SELECT f->'before' AS before, f->'after' AS after, (f->>'reduces')::boolean AS reduces
                       FROM jsonb_array_elements(q.figures->'lines') f WHERE f->>'code' = s.component) line ON true
 WHERE CASE s.kind WHEN 'undo' THEN (s.from_value, s.to_value) IS DISTINCT FROM (line.after, line.before)
           WHEN 'reduce' THEN (s.from_value, s.to_value, true) IS DISTINCT FROM (line.before, line.after, line.reduces)
           WHEN 'grow' THEN (s.from_value, s.to_value, false) IS DISTINCT FROM (line.before, line.after, line.reduces)
           ELSE true END
UNION ALL
SELECT 'provisioning_jobstep ' || s.id, j.origin, 'is the second step of provisioning_job ' || j.id || ' towards one value'
  FROM provisioning_jobstep s JOIN provisioning_job j ON j.id = s.job_id
 WHERE s.kind <> 'undo' AND EXISTS (SELECT 1 FROM provisioning_jobstep o WHERE o.job_id = s.job_id AND o.id <> s.id
                                       AND o.component = s.component AND o.kind <> 'undo')
UNION ALL
SELECT 'provisioning_job ' || j.id, j.origin, 'has no step for ' || l.component || ', changes_changeline ' || l.id
  FROM provisioning_job j JOIN changes_change c ON 'change:' || c.reference = j.origin
  JOIN changes_changeline l ON l.change_id = c.id
 WHERE NOT EXISTS (SELECT 1 FROM provisioning_jobstep s
                    WHERE s.job_id = j.id AND s.component = l.component AND s.kind <> 'undo')
"""

ENDED_HOLDS_NOTHING = """
SELECT 'changes_change ' || c.id, c.reference, 'has ended, but ' || held.place || ' is still held for it'
  FROM changes_change c JOIN (
       SELECT origin, 'provisioning_reservation ' || id AS place FROM provisioning_reservation WHERE released_at IS NULL
       UNION ALL SELECT origin, 'credit_pledge ' || id FROM credit_pledge WHERE state = 'held'
       UNION ALL SELECT origin, 'invoices_invoice ' || id FROM invoices_invoice WHERE status = 'open'
       UNION ALL SELECT origin, 'provisioning_job ' || id FROM provisioning_job WHERE state <> 'ended') held
    ON held.origin = 'change:' || c.reference
 WHERE c.ended_at IS NOT NULL
"""

# A quote stands on one version of its service, and taking over makes a new one: that orders them, whatever the clock.
SERVICES_ARE_THEIR_CHANGES = """
WITH made AS (
    SELECT DISTINCT ON (service_id, component) * FROM (
        SELECT c.service_id, l.component, l.to_value AS value, 2 * q.service_version + 1 AS nth, c.id AS id,
               'the last change of it, changes_change ' || c.id AS place
          FROM changes_changeline l JOIN changes_change c ON c.id = l.change_id JOIN changes_quote q ON q.id = c.quote_id
         WHERE l.state = 'applied'
        UNION ALL
        SELECT service_id, component, measured, 2 * version, id, 'the last word on it, drift_decision ' || id
          FROM drift_decision WHERE what = 'accept') word
     ORDER BY service_id, component, nth DESC, id DESC
)
SELECT 'services_service ' || s.id, s.name, m.component || ' is ' || coalesce(s.configuration->>m.component, 'nothing') ||
       ', ' || m.place || ', made it ' || (m.value #>> '{}')
  FROM services_service s JOIN made m ON m.service_id = s.id
 WHERE s.configuration->m.component IS DISTINCT FROM m.value
UNION ALL
SELECT 'services_service ' || s.id, s.name, l.component || ' is ' || coalesce(s.configuration->>l.component, 'nothing') ||
       ', invoices_layer ' || l.id || ' says it was adopted with ' || (l.high #>> '{}') || ' and nothing changed it'
  FROM services_service s JOIN invoices_layer l ON l.origin = 'adopted:' || s.id
 WHERE s.configuration->l.component IS DISTINCT FROM l.high
   AND NOT EXISTS (SELECT 1 FROM made m WHERE m.service_id = s.id AND m.component = l.component)
UNION ALL
SELECT 'services_service ' || s.id, s.name, 'carries ' || s.carry || ', but no change of it was delivered'
  FROM services_service s
 WHERE s.carry <> 0 AND NOT EXISTS (SELECT 1 FROM changes_change c
                                     WHERE c.service_id = s.id AND c.status IN ('applied', 'partly_applied'))
UNION ALL
SELECT 'invoices_layer ' || l.id, l.origin,
    'is in a price book of another product or currency than services_service ' || s.id
  FROM invoices_layer l JOIN services_service s ON s.id = l.service_id LEFT JOIN catalog_pricebook b ON b.id =
      l.price_book_id
 WHERE (b.currency, b.product_id) IS DISTINCT FROM (s.currency, s.product_id)
"""

PROMISES = (
    Promise("changes-are-their-quote", "A change and its invoice ask for what the quote froze.", CHANGES_ARE_THEIR_QUOTE),
    Promise("lines-are-their-quote", "Every line of a change and of its invoice is its line of the quote.",
        LINES_ARE_THEIR_QUOTE),
    Promise(
        "credit-notes-are-their-change", "A credit note gives back lines of its change, as they were priced.",
        CREDIT_NOTES_ARE_THEIR_CHANGE,
    ),
    Promise("quotes-add-up", "A quote says the same in its totals, its figures, its inputs and its references.",
        QUOTES_ADD_UP),
    Promise("status-is-what-happened", "A change stands where its invoice and its job brought it.", STATUS_IS_WHAT_HAPPENED),
    Promise("lines-are-the-status", "A change ended as its lines and its steps did.", LINES_ARE_THE_STATUS),
    Promise("jobs-belong", "A job and its steps are of the service and towards the values of its change.", JOBS_BELONG),
    Promise("ended-holds-nothing", "A change that ended holds no room, no credit and no invoice.", ENDED_HOLDS_NOTHING),
    Promise("services-are-their-changes", "A service is what it was adopted as and its changes made of it.",
        SERVICES_ARE_THEIR_CHANGES),
)  # fmt: skip
