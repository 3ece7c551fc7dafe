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
SELECT 'ledger_account ' || a.id, a.code, 'holds ' || coalesce(e.total, 0) ||
       ', its captures or the bank''s lines are ' || coalesce(c.total, 0)
  FROM ledger_account a
  LEFT JOIN (SELECT account_id, sum(amount_minor) AS total FROM ledger_entry GROUP BY 1) e ON e.account_id = a.id
  LEFT JOIN (SELECT 'gateway/' || gateway || '/clearing/' || currency AS code, sum(amount_minor) AS total
               FROM payments_capture WHERE gateway <> 'bank' GROUP BY 1
             UNION ALL
             SELECT 'gateway/bank/clearing/' || currency, sum(amount_minor) FROM bank_statementline GROUP BY 1) c
                 USING (code)
 WHERE split_part(a.code, '/', 3) = 'clearing' AND coalesce(e.total, 0) <> coalesce(c.total, 0)
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
        "What a gateway has taken, or the bank has moved, stands on its clearing account.",
        CLEARING_HOLDS_CAPTURES,
    ),
)
