"""Every transfer has a cause, and moves exactly what the documents and rows that caused it say.

A cause is worked out from the invoice, capture, credit note, pledges, lines of the credit log or what a day recognised,
never from the ledger.
"""

from __future__ import annotations

from prorata.verify.promise import Promise

# key, kind, origin, at (NULL where two readings of the clock may differ), and the row that caused it
CAUSES = """
causes(key, kind, origin, at, place) AS (
    SELECT 'settle:' || reference, CASE WHEN credit_minor = gross_minor THEN 'spent' ELSE 'settled' END, origin,
           settled_at, 'invoices_invoice ' || id
      FROM invoices_invoice WHERE status = 'paid'
    UNION ALL
    SELECT 'partial:' || reference, 'returned', origin, closed_at, 'invoices_invoice ' || id
      FROM invoices_invoice WHERE status IN ('cancelled', 'expired') AND received_minor > 0
    UNION ALL
    SELECT 'capture:' || c.gateway || ':' || c.capture_id,
           CASE c.outcome WHEN 'invoice' THEN 'captured' WHEN 'credit' THEN 'late' ELSE c.outcome END,
           CASE c.outcome WHEN 'suspense' THEN 'attempt:' || c.attempt_id ELSE i.origin END, NULL,
               'payments_capture ' || c.id
      FROM payments_capture c LEFT JOIN payments_paymentattempt a ON a.id = c.attempt_id
      LEFT JOIN invoices_invoice i ON i.id = a.invoice_id
    UNION ALL
    SELECT m.kind || ':' || m.gateway || ':' || m.outside_id || ':' || m.way,
           CASE m.way WHEN 'out' THEN 'taken_back' ELSE 'came_back' END,
           CASE c.outcome WHEN 'suspense' THEN 'attempt:' || c.attempt_id ELSE i.origin END, NULL,
               'payments_moneyback ' || m.id
      FROM payments_moneyback m LEFT JOIN payments_capture c ON c.id = m.capture_id
      LEFT JOIN payments_paymentattempt a ON a.id = c.attempt_id LEFT JOIN invoices_invoice i ON i.id = a.invoice_id
    UNION ALL
    SELECT 'credit:' || reason || ':' || origin, reason, origin, at, 'invoices_creditnote ' || id FROM invoices_creditnote
    UNION ALL
    SELECT 'pledge:' || origin, 'pledged', origin, min(held_at), 'credit_pledge ' || min(id) FROM credit_pledge GROUP
        BY origin
    UNION ALL
    SELECT 'unpledge:' || origin, 'released', origin, min(ended_at), 'credit_pledge ' || min(id)
      FROM credit_pledge WHERE state = 'voided' GROUP BY origin
    UNION ALL
    SELECT DISTINCT 'grant:' || purse_id, 'granted', 'grant:' || purse_id, at, 'credit_purse ' || purse_id
      FROM credit_logline WHERE what = 'granted'
    UNION ALL
    SELECT DISTINCT 'expire:' || purse_id || CASE WHEN origin = 'purse:' || purse_id THEN '' ELSE ':' || origin END,
        'expired',
           origin, at, 'credit_purse ' || purse_id
      FROM credit_logline WHERE what = 'expired'
    UNION ALL
    SELECT 'correct:' || substr(origin, length('correction:') + 1), 'corrected', origin, at, 'credit_logline ' || id
      FROM credit_logline WHERE what = 'corrected'
    UNION ALL
    SELECT 'bank:' || account_id || ':' || l.key, CASE WHEN amount_minor > 0 THEN 'banked' ELSE 'withdrawn' END,
           'bankline:' || l.id, s.imported_at, 'bank_statementline ' || l.id
      FROM bank_statementline l LEFT JOIN (SELECT id, imported_at FROM bank_statement) s ON s.id = l.statement_id
    UNION ALL
    SELECT 'bank:' || what || ':' || line_id || '-' || position,
           CASE what WHEN 'credit' THEN 'transferred' WHEN 'debt' THEN 'debt_paid' WHEN 'returned' THEN 'sent_back'
                WHEN 'not_ours' THEN 'set_aside' END, 'bankline:' || line_id, at, 'bank_allocation ' || id
      FROM bank_allocation WHERE what <> 'invoice'
    UNION ALL
    SELECT 'undo:' || t.id, 'unassigned', t.origin, u.at, 'bank_unallocation ' || u.id
      FROM bank_unallocation u LEFT JOIN bank_allocation a ON a.id = u.allocation_id
      LEFT JOIN ledger_transfer t ON t.key = CASE a.what WHEN 'invoice' THEN 'capture:bank:' ELSE 'bank:' || a.what || ':'
           END || a.line_id || '-' || a.position
    UNION ALL
    SELECT 'undo:' || first.transfer_id, 'undone', l.origin, l.at, 'credit_logline ' || l.id
      FROM credit_logline l LEFT JOIN credit_logline first
        ON (first.purse_id, first.origin, first.amount_minor) = (l.purse_id, l.origin, -l.amount_minor)
           AND first.what IN ('granted', 'corrected')
     WHERE l.what = 'undone'
    UNION ALL
    SELECT 'recognise:' || d.seller_id || ':' || d.day || ':' || coalesce(r.product_id, 0) || ':' || r.currency,
           'recognised', 'recognition:' || d.day, d.ends_at - interval '1 microsecond',
           'recognition_recognised ' || r.id || ' of recognition_day ' || d.id
      FROM recognition_recognised r JOIN recognition_day d ON d.id = r.day_id
    UNION ALL
    SELECT 'takeover:' || d.seller_id || ':' || d.day || ':' || s.product_id || ':' || o.currency, 'taken_over',
           'recognition:' || d.day, d.ends_at - interval '1 microsecond',
           string_agg('recognition_opening ' || o.id, ' and ' ORDER BY o.id) || ' of recognition_day ' || d.id
      FROM recognition_opening o JOIN recognition_day d ON d.id = o.day_id
      LEFT JOIN services_service s ON s.id = o.service_id GROUP BY d.id, s.product_id, o.currency
)
"""

TRANSFERS_HAVE_CAUSES = f"""
WITH {CAUSES}
SELECT CASE WHEN t.id IS NULL THEN place ELSE 'ledger_transfer ' || t.id END, coalesce(t.key, c.key),
       CASE WHEN t.id IS NULL THEN 'its transfer ' || c.key || ' is missing'
            WHEN c.key IS NULL THEN 'nothing caused it: there is no row that asks for this key'
            WHEN t.kind <> c.kind THEN 'is of kind ' || t.kind || ', ' || place || ' says ' || c.kind
            WHEN t.origin IS DISTINCT FROM c.origin THEN 'has the origin ' || t.origin || ', ' || place || ' says ' ||
                 coalesce(c.origin, 'nothing')
            ELSE 'was at ' || t.at || ', ' || place || ' says ' || c.at END
  FROM ledger_transfer t FULL JOIN causes c ON c.key = t.key
 WHERE t.id IS NULL OR c.key IS NULL OR t.kind <> c.kind OR t.origin IS DISTINCT FROM c.origin OR t.at <> c.at
"""

# What each cause moves, account by account. Money in and out of purses is what the credit log says.
LEGS = """
legs(key, code, amount, place) AS (
    SELECT t.key, 'purse/' || l.purse_id || '/' || l.currency, -l.amount_minor, 'credit_logline ' || l.id
      FROM credit_logline l JOIN ledger_transfer t ON t.id = l.transfer_id
    UNION ALL
    SELECT 'settle:' || i.reference, leg.code, leg.amount, 'invoices_invoice ' || i.id
      FROM invoices_invoice i, LATERAL (VALUES
           ('revenue/deferred/' || i.currency, -i.net_minor),
           ('tax/' || trim_scale(i.tax_rate) || '/' || i.currency, -i.tax_minor),
           ('customer/' || i.customer_id || '/receivable/' || i.currency, i.received_minor),
           ('customer/' || i.customer_id || '/pledged/' || i.currency,
            CASE WHEN i.credit_minor = i.gross_minor THEN 0 ELSE i.credit_minor END)) leg(code, amount)
     WHERE i.status = 'paid'
    UNION ALL
    SELECT 'partial:' || reference, 'customer/' || customer_id || '/receivable/' || currency, received_minor,
           'invoices_invoice ' || id
      FROM invoices_invoice WHERE status IN ('cancelled', 'expired')
    UNION ALL
    SELECT 'capture:' || gateway || ':' || capture_id, leg.code, leg.amount, 'payments_capture ' || c.id
      FROM payments_capture c
      LEFT JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0) AS minor FROM credit_logline
                          WHERE c.outcome IN ('surplus', 'credit') AND transfer_id = c.transfer_id) credited ON true
      CROSS JOIN LATERAL (VALUES
           (CASE c.gateway WHEN 'bank' THEN 'suspense/' ELSE 'gateway/' || c.gateway || '/clearing/' END || c.currency,
            c.amount_minor),
           (CASE WHEN c.outcome = 'suspense' THEN 'suspense/' || c.currency
                 ELSE 'customer/' || c.customer_id || '/receivable/' || c.currency END,
            credited.minor - c.amount_minor)) leg(code, amount)
    UNION ALL
    SELECT m.kind || ':' || m.gateway || ':' || m.outside_id || ':' || m.way, leg.code,
           CASE m.way WHEN 'out' THEN leg.amount ELSE -leg.amount END, 'payments_moneyback ' || m.id
      FROM payments_moneyback m CROSS JOIN LATERAL (VALUES
           ('gateway/' || m.gateway || '/clearing/' || m.currency, -m.amount_minor),
           ('customer/' || m.customer_id || '/owed/' || m.currency, m.owed_minor),
           ('suspense/' || m.currency, m.amount_minor - m.owed_minor - m.credit_minor)) leg(code, amount)
    UNION ALL
    SELECT 'credit:' || n.reason || ':' || n.origin, leg.code, leg.amount, 'invoices_creditnote ' || n.id
      FROM invoices_creditnote n, LATERAL (VALUES
           ('revenue/deferred/' || n.currency, n.net_minor),
           ('tax/' || trim_scale(n.tax_rate) || '/' || n.currency, n.tax_minor)) leg(code, amount)
    UNION ALL
    SELECT step || ':' || g.origin, 'customer/' || p.customer_id || '/pledged/' || p.currency, sign * g.amount_minor,
           'credit_pledge ' || g.id
      FROM credit_pledge g JOIN credit_purse p ON p.id = g.purse_id
      JOIN (VALUES ('pledge', -1, 'held'), ('pledge', -1, 'posted'), ('pledge', -1, 'voided'), ('unpledge', 1, 'voided'))
           AS steps(step, sign, state) ON steps.state = g.state
    UNION ALL
    SELECT 'bank:' || l.account_id || ':' || l.key, leg.code, leg.amount, 'bank_statementline ' || l.id
      FROM bank_statementline l, LATERAL (VALUES
           ('gateway/bank/clearing/' || l.currency, l.amount_minor),
           (CASE WHEN l.amount_minor > 0 THEN 'suspense/' ELSE 'outside/' END || l.currency, -l.amount_minor)
      ) leg(code, amount)
    UNION ALL
    SELECT 'bank:' || a.what || ':' || a.line_id || '-' || a.position, leg.code, leg.amount, 'bank_allocation ' || a.id
      FROM bank_allocation a JOIN bank_statementline l ON l.id = a.line_id CROSS JOIN LATERAL (VALUES
           ('suspense/' || l.currency, a.amount_minor),
           (CASE a.what WHEN 'debt' THEN 'customer/' || a.customer_id || '/owed/' ELSE 'outside/' END || l.currency,
            CASE a.what WHEN 'credit' THEN 0 ELSE -a.amount_minor END)) leg(code, amount)
     WHERE a.what <> 'invoice'
    UNION ALL
    SELECT 'undo:' || t.id, leg.code, leg.amount, 'bank_unallocation ' || u.id
      FROM bank_unallocation u JOIN bank_allocation a ON a.id = u.allocation_id
      JOIN bank_statementline l ON l.id = a.line_id
      JOIN ledger_transfer t ON t.key = CASE a.what WHEN 'invoice' THEN 'capture:bank:' ELSE 'bank:' || a.what || ':' END ||
           a.line_id || '-' || a.position
      CROSS JOIN LATERAL (VALUES
           ('suspense/' || l.currency, -a.amount_minor),
           (CASE WHEN a.customer_id IS NULL THEN 'outside/' ELSE 'customer/' || a.customer_id || '/receivable/' END ||
            l.currency, CASE WHEN a.customer_id IS NULL THEN a.amount_minor ELSE u.from_invoice_minor END),
           ('customer/' || a.customer_id || '/owed/' || l.currency, u.debt_minor)
      ) leg(code, amount)
    UNION ALL
    SELECT t.key, 'expense/gifts/' || l.currency, l.amount_minor, 'credit_logline ' || l.id
      FROM credit_logline l JOIN ledger_transfer t ON t.id = l.transfer_id WHERE l.what IN ('granted', 'expired')
    UNION ALL
    SELECT t.key, 'expense/' || CASE WHEN starts_with(l.origin, 'grant:') THEN 'gifts/' ELSE 'corrections/' END ||
           l.currency, l.amount_minor, 'credit_logline ' || l.id
      FROM credit_logline l JOIN ledger_transfer t ON t.id = l.transfer_id WHERE l.what IN ('corrected', 'undone')
    UNION ALL
    SELECT t.key, leg.code, leg.amount, 'recognition_recognised ' || r.id
      FROM recognition_recognised r JOIN ledger_transfer t ON t.id = r.transfer_id CROSS JOIN LATERAL (VALUES
           ('revenue/deferred/' || r.currency, r.amount_minor), (r.account, -r.amount_minor)) leg(code, amount)
    UNION ALL
    SELECT t.key, leg.code, leg.amount, 'recognition_opening ' || o.id
      FROM recognition_opening o JOIN ledger_transfer t ON t.id = o.transfer_id CROSS JOIN LATERAL (VALUES
           ('equity/adopted/' || o.currency, o.amount_minor),
           ('revenue/deferred/' || o.currency, -o.amount_minor)) leg(code, amount)
)
"""

TRANSFERS_MOVE_WHAT_WAS_CAUSED = f"""
WITH {LEGS}, wanted AS (
    SELECT t.id AS transfer_id, coalesce(a.id, 0) AS account_id, l.code, sum(l.amount) AS amount, string_agg(l.place,
        ' and ') AS place
      FROM legs l JOIN ledger_transfer t ON t.key = l.key LEFT JOIN ledger_account a ON a.code = l.code
     GROUP BY t.id, a.id, l.code HAVING sum(l.amount) <> 0
), booked AS (
    SELECT transfer_id, account_id, sum(amount_minor) AS amount, min(id) AS id,
           string_agg('ledger_entry ' || id, ' and ' ORDER BY id) AS entries
      FROM ledger_entry GROUP BY transfer_id, account_id
)
SELECT CASE WHEN b.id IS NULL THEN 'ledger_transfer ' || w.transfer_id ELSE 'ledger_entry ' || b.id END,
       coalesce(w.code, (SELECT code FROM ledger_account a WHERE a.id = b.account_id), ''),
       CASE WHEN b.id IS NULL THEN 'lacks an entry of ' || w.amount || ' that ' || w.place || ' asks for'
            ELSE CASE WHEN position(' ' IN b.entries) < position(' and ' IN b.entries) THEN b.entries || ' move '
                ELSE 'moves ' END ||
                 b.amount || ' in ledger_transfer ' || b.transfer_id || ', ' ||
                 CASE WHEN w.code IS NULL THEN 'which nothing asks for' ELSE w.place || ' says ' || w.amount END END
  FROM booked b FULL JOIN wanted w ON w.transfer_id = b.transfer_id AND w.account_id = b.account_id
 WHERE b.id IS NULL OR w.code IS NULL OR b.amount <> w.amount
"""

LINKS = """
SELECT 'payments_capture ' || c.id, c.capture_id, 'points at ledger_transfer ' || c.transfer_id || ', which is not its own'
  FROM payments_capture c LEFT JOIN ledger_transfer t ON t.id = c.transfer_id
 WHERE t.key IS DISTINCT FROM 'capture:' || c.gateway || ':' || c.capture_id
UNION ALL
SELECT 'payments_moneyback ' || m.id, m.outside_id, 'points at ledger_transfer ' || m.transfer_id || ', which is not its own'
  FROM payments_moneyback m LEFT JOIN ledger_transfer t ON t.id = m.transfer_id
 WHERE t.key IS DISTINCT FROM m.kind || ':' || m.gateway || ':' || m.outside_id || ':' || m.way
UNION ALL
SELECT 'invoices_creditnote ' || n.id, n.number, 'points at ledger_transfer ' || n.transfer_id || ', which is not its own'
  FROM invoices_creditnote n LEFT JOIN ledger_transfer t ON t.id = n.transfer_id
 WHERE t.key IS DISTINCT FROM 'credit:' || n.reason || ':' || n.origin
UNION ALL
SELECT 'recognition_recognised ' || r.id, d.day::text,
       'points at ledger_transfer ' || r.transfer_id || ', which is not its own'
  FROM recognition_recognised r JOIN recognition_day d ON d.id = r.day_id LEFT JOIN ledger_transfer t ON t.id = r.transfer_id
 WHERE t.key IS DISTINCT FROM
       'recognise:' || d.seller_id || ':' || d.day || ':' || coalesce(r.product_id, 0) || ':' || r.currency
UNION ALL
SELECT 'recognition_opening ' || o.id, d.day::text, 'points at ledger_transfer ' || o.transfer_id || ', which is not its own'
  FROM recognition_opening o JOIN recognition_day d ON d.id = o.day_id JOIN services_service s ON s.id = o.service_id
  LEFT JOIN ledger_transfer t ON t.id = o.transfer_id
 WHERE t.key IS DISTINCT FROM 'takeover:' || d.seller_id || ':' || d.day || ':' || s.product_id || ':' || o.currency
UNION ALL
SELECT 'ledger_transfer ' || t.id, t.key,
       'takes back ' || coalesce('ledger_transfer ' || t.reverses_id, 'no transfer') || ', which its key does not say'
  FROM ledger_transfer t
 WHERE (t.reverses_id IS NOT NULL OR t.kind = 'undone') AND t.key IS DISTINCT FROM 'undo:' || t.reverses_id
"""

PROMISES = (
    Promise(
        "transfers-have-causes",
        "Every transfer was asked for by one row, of which it has key, kind, origin and instant; and the other way round.",
        TRANSFERS_HAVE_CAUSES,
    ),
    Promise(
        "transfers-move-what-was-caused",
        "The entries of a transfer are the amounts of the documents and rows that caused it, account by account.",
        TRANSFERS_MOVE_WHAT_WAS_CAUSED,
    ),
    Promise(
        "documents-point-at-their-transfer",
        "A capture, money that went back, a credit note, what a day recognised and what was taken over point at their own "
        "transfer.",
        LINKS,
    ),
)
