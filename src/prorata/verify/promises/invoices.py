"""Invoices, credit notes, their lines, and their numbers."""

from __future__ import annotations

from prorata.verify.promise import Promise

DOCUMENTS_ADD_UP = """
SELECT 'invoices_invoice ' || i.id, i.reference, 'asks for ' || i.net_minor || ' and ' || i.tax_minor ||
       ' of tax, its lines for ' || coalesce(l.net, 0) || ' and ' || coalesce(l.tax, 0)
  FROM invoices_invoice i LEFT JOIN (SELECT invoice_id, sum(net_minor) AS net, sum(tax_minor) AS tax
                                       FROM invoices_invoiceline GROUP BY 1) l ON l.invoice_id = i.id
 WHERE (l.net, l.tax) IS DISTINCT FROM (i.net_minor::numeric, i.tax_minor::numeric)
    OR i.gross_minor <> i.net_minor + i.tax_minor
UNION ALL
SELECT 'invoices_creditnote ' || n.id, n.number, 'gives ' || n.net_minor || ' and ' || n.tax_minor ||
       ' of tax, its lines ' || coalesce(l.net, 0) || ' and ' || coalesce(l.tax, 0)
  FROM invoices_creditnote n LEFT JOIN (SELECT credit_note_id, sum(net_minor) AS net, sum(tax_minor) AS tax
                                          FROM invoices_creditnoteline GROUP BY 1) l ON l.credit_note_id = n.id
 WHERE (l.net, l.tax) IS DISTINCT FROM (n.net_minor::numeric, n.tax_minor::numeric)
    OR n.gross_minor <> n.net_minor + n.tax_minor OR n.gross_minor <> n.cash_minor + n.gifted_minor
UNION ALL
SELECT 'invoices_invoiceline ' || l.id, l.text, 'belongs to invoices_invoice ' || l.invoice_id || ', which does not exist'
  FROM invoices_invoiceline l LEFT JOIN invoices_invoice i ON i.id = l.invoice_id WHERE i.id IS NULL
UNION ALL
SELECT 'invoices_creditnoteline ' || l.id, l.text, 'belongs to invoices_creditnote ' || l.credit_note_id ||
       ', which does not exist'
  FROM invoices_creditnoteline l LEFT JOIN invoices_creditnote n ON n.id = l.credit_note_id WHERE n.id IS NULL
"""

# What came in for an invoice is what its captures put on the customer's receivable, whatever the invoice says.
INVOICES_ARE_COVERED = """
WITH received AS (
    SELECT a.invoice_id, sum(-e.amount_minor) AS minor
      FROM payments_capture c JOIN payments_paymentattempt a ON a.id = c.attempt_id
      JOIN ledger_entry e ON e.transfer_id = c.transfer_id JOIN ledger_account k ON k.id = e.account_id
     WHERE starts_with(k.code, 'customer/') AND split_part(k.code, '/', 3) = 'receivable' GROUP BY a.invoice_id
), returned AS (
    SELECT b.invoice_id, sum(u.from_invoice_minor) AS minor
      FROM bank_unallocation u JOIN bank_allocation b ON b.id = u.allocation_id GROUP BY b.invoice_id
), held AS (
    SELECT g.origin, sum(g.amount_minor) AS credit, sum(g.amount_minor) FILTER (WHERE p.kind = 'gifted') AS gifted
      FROM credit_pledge g JOIN credit_purse p ON p.id = g.purse_id GROUP BY g.origin
), spent AS (
    SELECT l.origin, sum(-l.amount_minor) AS credit, sum(-l.amount_minor) FILTER (WHERE p.kind = 'gifted') AS gifted
      FROM credit_logline l JOIN credit_purse p ON p.id = l.purse_id WHERE l.what = 'spent' GROUP BY l.origin
)
SELECT 'invoices_invoice ' || i.id, i.reference,
       CASE WHEN coalesce(r.minor, 0) - coalesce(b.minor, 0) <> i.received_minor
            THEN 'received ' || i.received_minor || ', its captures brought ' || coalesce(r.minor, 0) ||
                 ', of which were taken back ' || coalesce(b.minor, 0)
            WHEN i.status = 'paid' AND i.gross_minor <> i.credit_minor + i.received_minor
            THEN 'is paid, but ' || i.credit_minor || ' of credit and ' || i.received_minor || ' received are not '
                || i.gross_minor
            WHEN i.status = 'open' AND i.gross_minor <= i.credit_minor + i.received_minor THEN 'is open, but covered'
            ELSE 'is covered by ' || i.credit_minor || ' of credit, of it ' || i.gifted_minor ||
                ' gifted; its purses gave ' ||
                 coalesce(h.credit, s.credit, 0) || ', of it ' || coalesce(h.gifted, s.gifted, 0) END
  FROM invoices_invoice i LEFT JOIN received r ON r.invoice_id = i.id
  LEFT JOIN returned b ON b.invoice_id = i.id
  LEFT JOIN held h ON h.origin = i.origin LEFT JOIN spent s ON s.origin = i.origin
 WHERE coalesce(r.minor, 0) - coalesce(b.minor, 0) <> i.received_minor
    OR (i.status = 'paid' AND i.gross_minor <> i.credit_minor + i.received_minor)
    OR (i.status = 'open' AND i.gross_minor <= i.credit_minor + i.received_minor)
    OR coalesce(h.credit, 0) + coalesce(s.credit, 0) <> i.credit_minor
    OR coalesce(h.gifted, 0) + coalesce(s.gifted, 0) <> i.gifted_minor
"""

STATUS_MATCHES_FACTS = """
SELECT 'invoices_invoice ' || id, reference, 'is ' || status || ', but its number, settling or closing says otherwise'
  FROM invoices_invoice
 WHERE (status, number IS NOT NULL, settled_at IS NOT NULL, closed_at IS NOT NULL) NOT IN
       (('open', false, false, false), ('paid', true, true, false), ('cancelled', false, false, true),
        ('expired', false, false, true))
"""

RECEIVABLES_ARE_OPEN_INVOICES = """
SELECT 'ledger_account ' || a.id, a.code, 'stands at ' || coalesce(e.total, 0) || ', open invoices have received ' ||
       coalesce(i.total, 0)
  FROM ledger_account a
  LEFT JOIN (SELECT account_id, sum(amount_minor) AS total FROM ledger_entry GROUP BY 1) e ON e.account_id = a.id
  LEFT JOIN (SELECT 'customer/' || customer_id || '/receivable/' || currency AS code, sum(received_minor) AS total
               FROM invoices_invoice WHERE status = 'open' GROUP BY 1) i USING (code)
 WHERE split_part(a.code, '/', 3) = 'receivable' AND coalesce(e.total, 0) <> -coalesce(i.total, 0)
"""

DEBTS_ARE_KNOWN = """
SELECT 'ledger_account ' || a.id, a.code, 'stands at ' || coalesce(e.total, 0) || ', owed is ' || coalesce(o.total, 0)
  FROM ledger_account a
  LEFT JOIN (SELECT account_id, sum(amount_minor) AS total FROM ledger_entry GROUP BY 1) e ON e.account_id = a.id
  LEFT JOIN (SELECT 'customer/' || customer_id || '/owed/' || currency AS code, sum(minor) AS total FROM (
                SELECT b.customer_id, l.currency, u.debt_minor AS minor
                  FROM bank_unallocation u JOIN bank_allocation b ON b.id = u.allocation_id
                  JOIN bank_statementline l ON l.id = b.line_id
                UNION ALL SELECT b.customer_id, l.currency, -b.amount_minor
                  FROM bank_allocation b JOIN bank_statementline l ON l.id = b.line_id WHERE b.what = 'debt'
                UNION ALL SELECT customer_id, currency, CASE way WHEN 'out' THEN owed_minor ELSE -owed_minor END
                  FROM payments_moneyback) d
              GROUP BY 1) o USING (code)
 WHERE split_part(a.code, '/', 3) = 'owed' AND coalesce(e.total, 0) <> coalesce(o.total, 0)
"""

REVENUE_IS_DOCUMENTS = """
SELECT 'revenue and tax in ' || currency, currency, 'the ledger has earned ' || coalesce(earned.total, 0) ||
       ', paid invoices and what was taken over, less credit notes, are ' ||
           coalesce(documents.total, 0)
  FROM (SELECT e.currency, -sum(e.amount_minor) AS total FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
         WHERE starts_with(a.code, 'revenue/') OR starts_with(a.code, 'tax/') GROUP BY e.currency) earned
  FULL JOIN (SELECT currency, sum(gross_minor) AS total FROM (
                SELECT currency, gross_minor FROM invoices_invoice WHERE status = 'paid'
                UNION ALL SELECT currency, amount_minor FROM recognition_opening
                UNION ALL SELECT currency, -gross_minor FROM invoices_creditnote) d GROUP BY currency) documents
                    USING (currency)
 WHERE coalesce(earned.total, 0) <> coalesce(documents.total, 0)
"""

# A series begins where staff let it begin; from its first document on every number counts.
# A number is its series' prefix and six digits or more; what does not read so is a number nobody gave.
NUMBERED = """
numbered(place, reference, series, digits) AS (
    SELECT 'invoices_invoice ' || i.id, i.number, s.id, CASE WHEN starts_with(i.number, s.prefix) THEN
        substr(i.number, length(s.prefix) + 1) END
      FROM invoices_invoice i LEFT JOIN invoices_numberseries s
        ON s.seller_id = i.seller_id AND s.kind = 'invoice'
     WHERE i.number IS NOT NULL
    UNION ALL
    SELECT 'invoices_creditnote ' || n.id, n.number, s.id, CASE WHEN starts_with(n.number, s.prefix) THEN
        substr(n.number, length(s.prefix) + 1) END
      FROM invoices_creditnote n LEFT JOIN invoices_numberseries s
        ON s.seller_id = n.seller_id AND s.kind = 'credit_note'
)
"""
NUMBERS_HAVE_NO_GAP = rf"""
WITH {NUMBERED}, known AS (
    SELECT place, reference, series, CASE WHEN digits ~ '^[0-9]{{6,}}$' THEN digits::bigint END AS n FROM numbered
)
SELECT place, reference, 'has a number that ' || coalesce('invoices_numberseries ' || s.id, 'no series') || ' never gave'
  FROM known k LEFT JOIN invoices_numberseries s ON s.id = k.series
 WHERE k.n IS NULL OR k.n < 1 OR k.n >= s.next_number
UNION ALL
SELECT 'invoices_numberseries ' || s.id, s.prefix, 'gave numbers from ' || k.first || ' to ' || s.next_number - 1 || ', ' ||
       k.given || ' documents have one; the first without a document is ' || coalesce((
            SELECT min(n)::text FROM generate_series(k.first, s.next_number - 1) n
             WHERE NOT EXISTS (SELECT 1 FROM known u WHERE u.series = s.id AND u.n = n)), 'none')
  FROM invoices_numberseries s
  JOIN (SELECT series, count(DISTINCT n) AS given, min(n) AS first FROM known WHERE n IS NOT NULL GROUP BY series) k
      ON k.series = s.id
 WHERE s.next_number - k.first <> k.given
"""

PROMISES = (
    Promise(
        "documents-add-up",
        "An invoice and a credit note are the sum of their lines, net and tax.",
        DOCUMENTS_ADD_UP,
    ),
    Promise(
        "invoices-are-covered",
        "What an invoice received and took from purses really came from there.",
        INVOICES_ARE_COVERED,
    ),
    Promise(
        "invoice-status",
        "An invoice has a number and a date of settling exactly when it is paid.",
        STATUS_MATCHES_FACTS,
    ),
    Promise(
        "receivables-are-open-invoices",
        "On a customer's receivable stands what his open invoices have received.",
        RECEIVABLES_ARE_OPEN_INVOICES,
    ),
    Promise(
        "debts-are-known",
        "What a customer owes is what was taken back from him after he had used it, less what he has paid of it.",
        DEBTS_ARE_KNOWN,
    ),
    Promise(
        "revenue-is-documents",
        "Revenue and tax are the invoices paid and what was taken over, less the credit notes.",
        REVENUE_IS_DOCUMENTS,
    ),
    Promise(
        "numbers-have-no-gap",
        "Every number a series gave is on one document, and no other number is.",
        NUMBERS_HAVE_NO_GAP,
    ),
)
