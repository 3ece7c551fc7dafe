"""The ledger in itself: everything balances, and every account is what its code says."""

from __future__ import annotations

from prorata.verify.promise import Promise

TRIAL_BALANCE = """
SELECT 'ledger_entry in ' || currency, currency, 'the entries sum to ' || sum(amount_minor) || ', not to zero'
  FROM ledger_entry GROUP BY currency HAVING sum(amount_minor) <> 0
"""

TRANSFERS_BALANCE = """
SELECT 'ledger_transfer ' || t.id, t.key,
       CASE WHEN coalesce(n, 0) < 2 THEN 'has fewer than two entries' ELSE 'its entries in ' || currency ||
           ' sum to ' || total END
  FROM ledger_transfer t LEFT JOIN (
       SELECT transfer_id, currency, count(*) AS n, sum(amount_minor) AS total
         FROM ledger_entry GROUP BY transfer_id, currency) e ON e.transfer_id = t.id
 WHERE n IS NULL OR n < 2 OR total <> 0
UNION ALL
SELECT 'ledger_entry ' || e.id, '', 'belongs to ledger_transfer ' || e.transfer_id || ', which does not exist'
  FROM ledger_entry e LEFT JOIN ledger_transfer t ON t.id = e.transfer_id WHERE t.id IS NULL
"""

ENTRIES_FIT = """
SELECT 'ledger_entry ' || e.id, coalesce(a.code, ''),
       CASE WHEN a.id IS NULL THEN 'belongs to ledger_account ' || e.account_id || ', which does not exist'
            ELSE e.currency || ' on an account in ' || a.currency END
  FROM ledger_entry e LEFT JOIN ledger_account a ON a.id = e.account_id
 WHERE a.id IS NULL OR a.currency <> e.currency
"""

# The same chart as prorata.ledger.accounts: a room's code gives the kind, and the last word of a code is its currency.
ACCOUNTS_FIT = r"""
SELECT 'ledger_account ' || id, code, 'is ' || kind || ' in ' || currency || ', which its code does not say'
  FROM ledger_account
 WHERE split_part(code, '/', -1) <> currency
    OR kind IS DISTINCT FROM CASE
        WHEN code ~ '^customer/[0-9]+/(receivable|owed)/[A-Z]{3}$' THEN 'asset'
        WHEN code ~ '^gateway/[^/]+/clearing/[A-Z]{3}$' THEN 'asset'
        WHEN code ~ '^customer/[0-9]+/pledged/[A-Z]{3}$' THEN 'liability'
        WHEN code ~ '^purse/[0-9]+/[A-Z]{3}$' THEN 'liability'
        WHEN code ~ '^revenue/deferred/[A-Z]{3}$' THEN 'liability'
        WHEN code ~ '^revenue/earned/([-a-zA-Z0-9_]+/)?[A-Z]{3}$' THEN 'income'
        WHEN code ~ '^tax/[0-9.]+/[A-Z]{3}$' THEN 'liability'
        WHEN code ~ '^(suspense|outside|equity/adopted)/[A-Z]{3}$' THEN 'liability'
        WHEN code ~ '^expense/(gifts|corrections)/[A-Z]{3}$' THEN 'expense' END
"""

PROMISES = (
    Promise("trial-balance", "The entries of each currency sum to zero.", TRIAL_BALANCE),
    Promise(
        "transfers-balance", "The entries of each transfer sum to zero in each currency.", TRANSFERS_BALANCE
    ),
    Promise("entries-fit-accounts", "An entry is in the currency of its account.", ENTRIES_FIT),
    Promise(
        "accounts-fit-codes", "An account is of the kind and the currency that its code says.", ACCOUNTS_FIT
    ),
)
