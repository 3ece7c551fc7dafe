"""What must be true of the books at the end of every story, however it went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection

# Each statement finds what must not exist; a row it returns is a broken promise.
NEVER: dict[str, str] = {
    "a currency's entries sum to zero": """
        SELECT currency, sum(amount_minor) FROM ledger_entry GROUP BY currency HAVING sum(amount_minor) <> 0""",
    "a purse holds what the ledger says": """
        SELECT p.id, p.balance_minor, coalesce(sum(e.amount_minor), 0) FROM credit_purse p
          LEFT JOIN ledger_account a ON a.code = 'purse/' || p.id || '/' || p.currency
          LEFT JOIN ledger_entry e ON e.account_id = a.id
         GROUP BY p.id HAVING p.balance_minor <> -coalesce(sum(e.amount_minor), 0)""",
    "a purse holds what its log adds up to, line by line": """
        SELECT * FROM (SELECT l.id, l.balance_after_minor, p.balance_minor,
                              sum(l.amount_minor) OVER (PARTITION BY l.purse_id ORDER BY l.id) AS running,
                              lead(l.id) OVER (PARTITION BY l.purse_id ORDER BY l.id) AS next
                         FROM credit_logline l JOIN credit_purse p ON p.id = l.purse_id) line
         WHERE balance_after_minor <> running OR (next IS NULL AND balance_minor <> running)""",
    "what is pledged is held by pledges": """
        SELECT p.customer_id, p.currency FROM credit_pledge g JOIN credit_purse p ON p.id = g.purse_id
          JOIN ledger_account a ON a.code = 'customer/' || p.customer_id || '/pledged/' || p.currency
         GROUP BY p.customer_id, p.currency, a.id
        HAVING coalesce(sum(g.amount_minor) FILTER (WHERE g.state = 'held'), 0)
            <> -(SELECT coalesce(sum(amount_minor), 0) FROM ledger_entry WHERE account_id = a.id)""",
    "a receivable is what open invoices have received": """
        SELECT a.code, sum(e.amount_minor) FROM ledger_account a JOIN ledger_entry e ON e.account_id = a.id
         WHERE a.code LIKE 'customer/%/receivable/%' GROUP BY a.code
        HAVING sum(e.amount_minor) <> -(SELECT coalesce(sum(i.received_minor), 0) FROM invoices_invoice i
                WHERE i.status = 'open' AND a.code = 'customer/' || i.customer_id || '/receivable/' || i.currency)""",
    "clearing holds the captures": """
        SELECT c.gateway, c.currency, sum(c.amount_minor) FROM payments_capture c
          JOIN ledger_account a ON a.code = 'gateway/' || c.gateway || '/clearing/' || c.currency
         GROUP BY c.gateway, c.currency, a.id
        HAVING sum(c.amount_minor) <> (SELECT sum(amount_minor) FROM ledger_entry WHERE account_id = a.id)""",
    "revenue and tax are the invoices paid less the credit notes": """
        SELECT earned.currency, earned.total, documents.total
          FROM (SELECT e.currency, -sum(e.amount_minor) AS total
                  FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
                 WHERE a.code LIKE 'revenue/%' OR a.code LIKE 'tax/%' GROUP BY e.currency) earned
          FULL JOIN (SELECT currency, sum(gross_minor) AS total FROM (
                        SELECT currency, gross_minor FROM invoices_invoice WHERE status = 'paid'
                        UNION ALL SELECT currency, -gross_minor FROM invoices_creditnote) d GROUP BY currency) documents
            USING (currency)
         WHERE coalesce(earned.total, 0) <> coalesce(documents.total, 0)""",
    "a document's lines add up": """
        SELECT i.reference FROM invoices_invoice i JOIN invoices_invoiceline l ON l.invoice_id = i.id
         GROUP BY i.id HAVING sum(l.net_minor) <> i.net_minor OR sum(l.tax_minor) <> i.tax_minor
        UNION ALL
        SELECT n.number FROM invoices_creditnote n JOIN invoices_creditnoteline l ON l.credit_note_id = n.id
         GROUP BY n.id HAVING sum(l.net_minor) <> n.net_minor OR sum(l.tax_minor) <> n.tax_minor""",
    "legal numbers have no gap": """
        SELECT s.prefix, s.next_number - 1, d.n FROM invoices_numberseries s
          JOIN (SELECT 'invoice' AS kind, count(number) AS n FROM invoices_invoice
                UNION ALL SELECT 'credit_note', count(*) FROM invoices_creditnote) d USING (kind)
         WHERE s.next_number - 1 <> d.n""",
    "a change that ended holds nothing": """
        SELECT reference, status FROM (SELECT *, 'change:' || reference AS origin FROM changes_change) c
         WHERE ended_at IS NOT NULL
           AND (EXISTS (SELECT 1 FROM provisioning_reservation r WHERE r.origin = c.origin AND r.released_at IS NULL)
                OR EXISTS (SELECT 1 FROM credit_pledge g WHERE g.origin = c.origin AND g.state = 'held')
                OR EXISTS (SELECT 1 FROM invoices_invoice i WHERE i.id = c.invoice_id AND i.status = 'open')
                OR EXISTS (SELECT 1 FROM provisioning_job j WHERE j.origin = c.origin AND j.state <> 'ended'))""",
    "a voucher is held while its change is unpaid, and took off what its invoice says": """
        SELECT u.origin, u.state, c.status FROM credit_voucheruse u
          LEFT JOIN changes_change c ON 'change:' || c.reference = u.origin
          LEFT JOIN (SELECT invoice_id, sum(discount_minor) AS off FROM invoices_invoiceline GROUP BY 1) d USING (invoice_id)
         WHERE c.id IS NULL OR (u.state = 'held' AND c.status <> 'awaiting_payment')
            OR (u.state = 'used' AND c.started_at IS NULL) OR coalesce(d.off, u.amount_minor) <> u.amount_minor
            OR (c.status IN ('cancelled', 'expired', 'reversed') AND u.state <> 'released')""",
    "an invoice with a discount has the use of a voucher": """
        SELECT i.reference FROM invoices_invoice i JOIN invoices_invoiceline l ON l.invoice_id = i.id
          LEFT JOIN credit_voucheruse u ON u.origin = i.origin
         WHERE l.discount_minor > 0 AND u.id IS NULL""",
    "a voucher is not used more often than its terms say": """
        SELECT v.code, count(*) FROM credit_voucher v JOIN credit_voucheruse u ON u.voucher_id = v.id
         WHERE u.state <> 'released' GROUP BY v.id HAVING count(*) > v.max_uses
        UNION ALL
        SELECT v.code, count(*) FROM credit_voucher v JOIN credit_voucheruse u ON u.voucher_id = v.id
         WHERE u.state <> 'released' GROUP BY v.id, u.customer_id HAVING count(*) > v.max_uses_per_customer""",
    "a layer unwinds downwards, from where it was left, never below its foot": """
        SELECT * FROM (SELECT u.id, u.top_price, u.left_price, l.low_price, l.high_price,
                              lag(u.left_price) OVER (PARTITION BY u.layer_id ORDER BY u.id) AS was
                         FROM invoices_unwinding u JOIN invoices_layer l ON l.id = u.layer_id) step
         WHERE top_price <> coalesce(was, high_price) OR left_price >= top_price OR left_price < low_price""",
    "nothing comes back beyond what was paid": """
        WITH opening AS (
            SELECT l.service_id, (l.amount + CASE WHEN b.tax_included THEN 0 ELSE l.tax END)
                   * CASE WHEN b.currency IN ('JPY', 'KRW') THEN 1 WHEN b.currency IN ('KWD', 'BHD') THEN 1000 ELSE 100 END
                     AS total
              FROM invoices_layer l JOIN catalog_pricebook b ON b.id = l.price_book_id WHERE l.origin LIKE 'adopted:%'
        ), paid AS (
            SELECT service_id, sum(total) AS total FROM (
                SELECT * FROM opening
                UNION ALL SELECT service_id, gross_minor FROM invoices_invoice WHERE status = 'paid') p GROUP BY service_id
        ), back AS (
            SELECT service_id, sum(gross_minor) AS total FROM invoices_creditnote GROUP BY service_id
        )
        SELECT * FROM back LEFT JOIN paid USING (service_id) WHERE back.total > coalesce(paid.total, 0)""",
}


def broken_promises() -> Iterator[tuple[str, list[Any]]]:
    """What does not hold now, with the rows that show it."""
    with connection.cursor() as cursor:
        for promise, statement in NEVER.items():
            cursor.execute(statement)
            if rows := cursor.fetchall():
                yield promise, rows


def assert_books_hold() -> None:
    broken = dict(broken_promises())
    assert not broken, broken
