"""Captures and the attempts they came by. Their money in the ledger is among the causes."""

from __future__ import annotations

from prorata.verify.promise import Promise

CAPTURES_FIT = """
SELECT 'payments_capture ' || c.id, c.capture_id,
       CASE WHEN a.id IS NULL OR i.id IS NULL THEN 'belongs to no attempt of an invoice'
            WHEN c.customer_id <> i.customer_id THEN 'is of another customer than invoices_invoice ' || i.id
            WHEN c.gateway <> a.gateway THEN 'came by another gateway than payments_paymentattempt ' || a.id
            ELSE 'is ' || c.currency || ' with the outcome ' || c.outcome || ', invoices_invoice ' || i.id || ' is in ' ||
                 i.currency END
  FROM payments_capture c LEFT JOIN payments_paymentattempt a ON a.id = c.attempt_id
  LEFT JOIN invoices_invoice i ON i.id = a.invoice_id
 WHERE i.id IS NULL OR c.customer_id <> i.customer_id OR c.gateway <> a.gateway
    OR (c.currency = i.currency) = (c.outcome = 'suspense')
"""

# An attempt asks for what was due when it was made: what captures of others had brought by then was not.
ATTEMPTS_FIT = """
WITH taken AS (
    SELECT a.invoice_id, a.id AS attempt_id, c.recorded_at, -e.amount_minor AS minor
      FROM payments_capture c JOIN payments_paymentattempt a ON a.id = c.attempt_id
      JOIN ledger_entry e ON e.transfer_id = c.transfer_id JOIN ledger_account k ON k.id = e.account_id
     WHERE starts_with(k.code, 'customer/') AND split_part(k.code, '/', 3) = 'receivable'
    UNION ALL
    SELECT a.invoice_id, a.id, u.at, -u.from_invoice_minor
      FROM bank_unallocation u JOIN bank_allocation b ON b.id = u.allocation_id AND b.what = 'invoice'
      JOIN payments_capture c ON c.gateway = 'bank' AND c.capture_id = b.line_id || '-' || b.position
      JOIN payments_paymentattempt a ON a.id = c.attempt_id
     WHERE u.from_invoice_minor > 0
), asked AS (
    SELECT a.id, i.gross_minor - i.credit_minor -
               coalesce(sum(t.minor) FILTER (WHERE t.recorded_at < a.created_at OR t.minor > 0), 0) AS least,
           i.gross_minor - i.credit_minor -
               coalesce(sum(t.minor) FILTER (WHERE t.recorded_at < a.created_at OR t.minor < 0), 0) AS due
      FROM payments_paymentattempt a JOIN invoices_invoice i ON i.id = a.invoice_id
      LEFT JOIN taken t ON t.invoice_id = i.id AND t.attempt_id <> a.id AND t.recorded_at <= a.created_at
     GROUP BY a.id, i.id
)
SELECT 'payments_paymentattempt ' || a.id, a.gateway_ref,
       CASE WHEN i.id IS NULL THEN 'is of no invoice'
            WHEN a.currency <> i.currency OR a.amount_minor NOT BETWEEN d.least AND d.due
            THEN 'asked for ' || a.amount_minor || ' ' || a.currency || ', of invoices_invoice ' || i.id || ' were due ' ||
                 d.due || ' ' || i.currency
            ELSE 'is ' || a.state || ' and has no capture' END
  FROM payments_paymentattempt a LEFT JOIN invoices_invoice i ON i.id = a.invoice_id LEFT JOIN asked d ON d.id = a.id
 WHERE i.id IS NULL OR a.currency <> i.currency OR a.amount_minor NOT BETWEEN d.least AND d.due
    OR (a.state = 'succeeded' AND NOT EXISTS (SELECT 1 FROM payments_capture c WHERE c.attempt_id = a.id))
"""

# Attempts from before there was a trail have no line in it.
ATTEMPTS_WERE_BEGUN = """
SELECT 'payments_paymentattempt ' || a.id, a.gateway_ref, 'is of invoices_invoice ' || a.invoice_id || ' over ' ||
    a.amount_minor ||
       ' by ' || a.method || ', trail_deed ' || d.id || ' says ' || d.place || ' over ' || (d.changed->'amount_minor'->>1) ||
       ' by ' || (d.changed->'method'->>1)
  FROM payments_paymentattempt a JOIN trail_deed d ON d.what = 'payment.begun' AND d.changed->'attempt'->>1 = a.id::text
 WHERE (d.place, d.changed->'amount_minor'->1, d.changed->'method'->>1) IS DISTINCT FROM
       ('invoices_invoice ' || a.invoice_id, to_jsonb(a.amount_minor), a.method)
"""

CLEARING_HOLDS_CAPTURES = """
WITH taken AS (
    SELECT gateway, currency, amount_minor AS minor FROM payments_capture WHERE gateway <> 'bank'
    UNION ALL
    SELECT gateway, currency, CASE way WHEN 'out' THEN -amount_minor ELSE amount_minor END FROM payments_moneyback
    UNION ALL
    SELECT 'bank', currency, amount_minor FROM bank_statementline
)
SELECT 'ledger_account ' || a.id, a.code, 'holds ' || coalesce(e.total, 0) ||
       ', captures less what went back, or the bank''s lines, are ' || coalesce(c.total, 0)
  FROM ledger_account a
  LEFT JOIN (SELECT account_id, sum(amount_minor) AS total FROM ledger_entry GROUP BY 1) e ON e.account_id = a.id
  LEFT JOIN (SELECT 'gateway/' || gateway || '/clearing/' || currency AS code, sum(minor) AS total
               FROM taken GROUP BY 1) c USING (code)
 WHERE split_part(a.code, '/', 3) = 'clearing' AND coalesce(e.total, 0) <> coalesce(c.total, 0)
"""

# What was owed and paid by a transfer before the money returned is credit then: never more is forgiven than was owed. Of a
# dispute that is lost in part, a part returns.
MONEY_BACK_FITS = """
SELECT 'payments_moneyback ' || m.id, m.outside_id,
       CASE WHEN (m.gateway, m.customer_id, m.currency) IS DISTINCT FROM (c.gateway, c.customer_id, c.currency)
            THEN 'is of another gateway, customer or currency than payments_capture ' || m.capture_id
            WHEN (c.outcome = 'suspense') <> (m.credit_minor + m.owed_minor = 0)
                 OR m.credit_minor + m.owed_minor NOT IN (0, m.amount_minor)
            THEN 'moved ' || m.amount_minor || ', of it ' || m.credit_minor || ' of credit and ' || m.owed_minor || ' owed'
            WHEN m.credit_minor <> abs(coalesce(l.amount_minor, 0))
            THEN 'says ' || m.credit_minor || ' of credit, the credit log says ' || abs(coalesce(l.amount_minor, 0))
            ELSE 'returned, and did not leave before by as much, or owed as much' END
  FROM payments_moneyback m LEFT JOIN payments_capture c ON c.id = m.capture_id
  LEFT JOIN credit_logline l ON l.transfer_id = m.transfer_id
  LEFT JOIN payments_moneyback o ON (o.gateway, o.kind, o.outside_id) = (m.gateway, m.kind, m.outside_id)
        AND o.way = 'out' AND m.way = 'in'
 WHERE (m.gateway, m.customer_id, m.currency) IS DISTINCT FROM (c.gateway, c.customer_id, c.currency)
    OR (c.outcome = 'suspense') <> (m.credit_minor + m.owed_minor = 0)
    OR m.credit_minor + m.owed_minor NOT IN (0, m.amount_minor)
    OR m.credit_minor <> abs(coalesce(l.amount_minor, 0))
    OR (m.way = 'in' AND (o.capture_id IS DISTINCT FROM m.capture_id OR m.owed_minor > o.owed_minor
        OR m.amount_minor > o.amount_minor OR (m.kind = 'refund' AND m.amount_minor < o.amount_minor)))
"""

NEVER_MORE_BACK = """
SELECT 'payments_capture ' || c.id, c.capture_id, 'brought ' || c.amount_minor || ', and ' || m.total || ' went back'
  FROM payments_capture c JOIN (
       SELECT capture_id, sum(CASE way WHEN 'out' THEN amount_minor ELSE -amount_minor END) AS total
         FROM payments_moneyback GROUP BY 1) m ON m.capture_id = c.id
 WHERE m.total NOT BETWEEN 0 AND c.amount_minor
"""

# A refund the gateway knows is booked by its id; one that failed left nothing away.
REFUNDS_ARE_BOOKED = """
SELECT 'payments_refund ' || r.id, r.refund_id,
       CASE WHEN c.id IS NULL OR r.currency <> c.currency THEN 'is in ' || r.currency || ', payments_capture ' ||
                 r.capture_id || ' is not'
            WHEN m.away IS NULL THEN 'is ' || r.state || ', and no money that went back is booked for it'
            ELSE 'is ' || r.state || ' over ' || r.amount_minor || ', booked are ' || m.away END
  FROM payments_refund r LEFT JOIN payments_capture c ON c.id = r.capture_id
  LEFT JOIN (SELECT capture_id, outside_id, sum(CASE way WHEN 'out' THEN amount_minor ELSE -amount_minor END) AS away
               FROM payments_moneyback WHERE kind = 'refund' GROUP BY 1, 2) m
    ON m.outside_id = r.refund_id AND m.capture_id = r.capture_id
 WHERE r.currency IS DISTINCT FROM c.currency
    OR (r.state IN ('pending', 'succeeded') AND m.away IS DISTINCT FROM r.amount_minor)
    OR (r.state IN ('created', 'unknown', 'failed') AND coalesce(m.away, 0) <> 0)
"""

# Refunds begun by staff have a line in the trail each.
REFUNDS_WERE_BEGUN = """
SELECT 'payments_refund ' || r.id, r.refund_id, 'is of payments_capture ' || r.capture_id || ' over ' || r.amount_minor ||
       ', the audit trail says ' || coalesce(d.place || ' over ' || (d.changed->'amount_minor'->>1), 'nothing')
  FROM payments_refund r LEFT JOIN trail_deed d
    ON d.what = 'payment.refund_begun' AND d.changed->'refund'->>1 = r.id::text
 WHERE (d.place, d.changed->'amount_minor'->1) IS DISTINCT FROM
       ('payments_capture ' || r.capture_id, to_jsonb(r.amount_minor))
"""

PROMISES = (
    Promise("attempts-were-begun", "An attempt is what the audit trail says was begun.", ATTEMPTS_WERE_BEGUN),
    Promise(
        "captures-fit",
        "A capture is of the customer, the gateway and the currency of the invoice it came for.",
        CAPTURES_FIT,
    ),
    Promise(
        "attempts-fit",
        "An attempt asked for what was due on its invoice then; one that succeeded brought money.",
        ATTEMPTS_FIT,
    ),
    Promise(
        "clearing-holds-captures",
        "What a gateway has taken, less what went back, or the bank has moved, stands on its clearing account.",
        CLEARING_HOLDS_CAPTURES,
    ),
    Promise(
        "money-back-fits",
        "Money that went back is of its capture, and was taken from credit or is owed, exactly.",
        MONEY_BACK_FITS,
    ),
    Promise("never-more-back", "Of a capture never goes back more than it brought.", NEVER_MORE_BACK),
    Promise(
        "refunds-are-booked", "A refund has left the books by what the gateway gave back.", REFUNDS_ARE_BOOKED
    ),
    Promise("refunds-were-begun", "A refund is what the audit trail says was begun.", REFUNDS_WERE_BEGUN),
)
