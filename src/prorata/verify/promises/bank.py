"""What the bank's statements brought, and where it went. The money in the ledger is among the causes."""

from __future__ import annotations

from prorata.verify.promise import Promise

LINES_ARE_AT_HOME = """
SELECT 'bank_statementline ' || l.id, l.key, 'is of bank_bankaccount ' || l.account_id || ' in ' || l.currency ||
       ', bank_statement ' || l.statement_id || ' is of ' || coalesce(s.account_id::text, 'none') || ' in ' ||
       coalesce(a.currency, 'nothing')
  FROM bank_statementline l LEFT JOIN bank_statement s ON s.id = l.statement_id
  LEFT JOIN bank_bankaccount a ON a.id = s.account_id
 WHERE s.account_id IS DISTINCT FROM l.account_id OR a.currency IS DISTINCT FROM l.currency
UNION ALL
SELECT 'bank_statement ' || s.id, s.bank_ref, 'brought ' || s.new_lines || ' new lines, there are ' || coalesce(l.n, 0)
  FROM bank_statement s LEFT JOIN (SELECT statement_id, count(*) AS n FROM bank_statementline GROUP BY 1) l
    ON l.statement_id = s.id
 WHERE s.new_lines <> coalesce(l.n, 0)
UNION ALL
SELECT 'bank_statement ' || s.id, s.bank_ref, 'is of bank_bankaccount ' || s.account_id || ', its file is of ' ||
       coalesce(f.account_id::text, 'none')
  FROM bank_statement s LEFT JOIN bank_statementfile f ON f.id = s.file_id WHERE f.account_id IS DISTINCT FROM s.account_id
"""

GIVEN_AT_MOST_ONCE = """
SELECT 'bank_statementline ' || l.id, l.key, 'brought ' || l.amount_minor || ', assigned are ' || g.minor || ' by ' ||
       g.places
  FROM bank_statementline l JOIN (
       SELECT a.line_id, sum(a.amount_minor) AS minor,
              string_agg('bank_allocation ' || a.id, ' and ' ORDER BY a.id) AS places
         FROM bank_allocation a WHERE NOT EXISTS (SELECT 1 FROM bank_unallocation u WHERE u.allocation_id = a.id)
        GROUP BY a.line_id) g ON g.line_id = l.id
 WHERE g.minor > greatest(l.amount_minor, 0)
UNION ALL
SELECT 'bank_allocation ' || a.id, '', 'is of bank_statementline ' || a.line_id || ', which does not exist'
  FROM bank_allocation a LEFT JOIN bank_statementline l ON l.id = a.line_id WHERE l.id IS NULL
UNION ALL
SELECT 'bank_unallocation ' || u.id, '', 'takes back ' || u.from_invoice_minor + u.from_purse_minor + u.debt_minor ||
       ', bank_allocation ' || u.allocation_id || ' gave ' || coalesce(a.amount_minor::text, 'nothing')
  FROM bank_unallocation u LEFT JOIN bank_allocation a ON a.id = u.allocation_id
 WHERE u.from_invoice_minor + u.from_purse_minor + u.debt_minor IS DISTINCT FROM
       CASE WHEN a.what IN ('returned', 'not_ours') THEN 0 ELSE a.amount_minor END
"""

ASSIGNED_TO_WHOM = """
SELECT 'bank_allocation ' || a.id, c.capture_id,
       CASE WHEN c.id IS NULL THEN 'is to invoices_invoice ' || a.invoice_id || ' and no capture has it'
            ELSE 'is ' || a.amount_minor || ' to invoices_invoice ' || coalesce(a.invoice_id::text, 'none') ||
                 ' of customers_customer ' || coalesce(a.customer_id::text, 'none') || ', payments_capture ' || c.id ||
                 ' is ' || c.amount_minor || ' to ' || coalesce(p.invoice_id::text, 'none') || ' of ' || c.customer_id END
  FROM bank_allocation a LEFT JOIN bank_statementline l ON l.id = a.line_id
  LEFT JOIN payments_capture c ON c.gateway = 'bank' AND c.capture_id = a.line_id || '-' || a.position
  LEFT JOIN payments_paymentattempt p ON p.id = c.attempt_id
 WHERE (a.what = 'invoice') <> (c.id IS NOT NULL)
    OR (a.what = 'invoice' AND (a.amount_minor, a.invoice_id, a.customer_id, l.currency) IS DISTINCT FROM
                               (c.amount_minor, p.invoice_id, c.customer_id, c.currency))
UNION ALL
SELECT 'payments_capture ' || c.id, c.capture_id, 'came by the bank, and no line of it was assigned so'
  FROM payments_capture c LEFT JOIN bank_allocation a ON c.capture_id = a.line_id || '-' || a.position
 WHERE c.gateway = 'bank' AND a.id IS NULL
UNION ALL
SELECT 'bank_allocation ' || a.id, '', 'is of customers_customer ' || coalesce(a.customer_id::text, 'none') ||
       ', credit_logline ' || g.id || ' is of ' || g.customer_id
  FROM bank_allocation a JOIN ledger_transfer t ON t.key = 'bank:credit:' || a.line_id || '-' || a.position
  JOIN credit_logline g ON g.transfer_id = t.id
 WHERE a.what = 'credit' AND a.customer_id IS DISTINCT FROM g.customer_id
"""

# Seen from the account: what came in, less what is assigned, waits in suspense; besides it, money of other
# gateways, less what of that went back.
SUSPENSE_IS_WHAT_WAITS = """
SELECT 'ledger_account ' || a.id, a.code, 'holds ' || -coalesce(e.total, 0) || ', not assigned are ' || coalesce(w.total, 0)
  FROM ledger_account a
  LEFT JOIN (SELECT account_id, sum(amount_minor) AS total FROM ledger_entry GROUP BY 1) e ON e.account_id = a.id
  LEFT JOIN (SELECT 'suspense/' || currency AS code, sum(minor) AS total FROM (
                SELECT currency, amount_minor AS minor FROM bank_statementline WHERE amount_minor > 0
                UNION ALL SELECT l.currency, -b.amount_minor
                  FROM bank_allocation b JOIN bank_statementline l ON l.id = b.line_id
                 WHERE NOT EXISTS (SELECT 1 FROM bank_unallocation u WHERE u.allocation_id = b.id)
                UNION ALL SELECT currency, amount_minor FROM payments_capture WHERE outcome = 'suspense'
                UNION ALL SELECT currency, CASE way WHEN 'out' THEN -1 ELSE 1 END *
                                           (amount_minor - owed_minor - credit_minor) FROM payments_moneyback) x
              GROUP BY 1) w USING (code)
 WHERE starts_with(a.code, 'suspense/') AND -coalesce(e.total, 0) <> coalesce(w.total, 0)
"""

PROMISES = (
    Promise(
        "bank-lines-are-at-home",
        "A line of a statement is of the statement's account and in its currency.",
        LINES_ARE_AT_HOME,
    ),
    Promise(
        "bank-money-is-given-once",
        "Of a line's money at most all is assigned, and what was taken back came back whole.",
        GIVEN_AT_MOST_ONCE,
    ),
    Promise(
        "bank-money-is-where-it-was-assigned",
        "An assignment to an invoice is a capture of it, one to credit fills that customer's purse.",
        ASSIGNED_TO_WHOM,
    ),
    Promise(
        "suspense-is-what-waits",
        "What stands in suspense is the money that nobody has assigned yet.",
        SUSPENSE_IS_WHAT_WAITS,
    ),
)
