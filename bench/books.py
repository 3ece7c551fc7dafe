"""After a measurement the books must be right, else its figures are void."""

from __future__ import annotations

from typing import Any

import psycopg

# Each finds what is wrong; nothing found is right.
WRONG = {
    "transfers that do not balance": """
        SELECT transfer_id FROM ledger_entry GROUP BY transfer_id, currency HAVING sum(amount_minor) <> 0""",
    "transfers with fewer than two entries": """
        SELECT t.id FROM ledger_transfer t LEFT JOIN ledger_entry e ON e.transfer_id = t.id
         GROUP BY t.id HAVING count(e.id) < 2""",
    "purses that are not their accounts": """
        SELECT p.id FROM credit_purse p
          LEFT JOIN ledger_account a ON a.code = 'purse/' || p.id || '/' || p.currency
          LEFT JOIN ledger_entry e ON e.account_id = a.id
         GROUP BY p.id HAVING p.balance_minor <> -coalesce(sum(e.amount_minor), 0)""",
    "purses that are not the last line of their log": """
        SELECT p.id FROM credit_purse p WHERE p.balance_minor IS DISTINCT FROM
            (SELECT balance_after_minor FROM credit_logline l WHERE l.purse_id = p.id ORDER BY l.id DESC LIMIT 1)""",
    "paid invoices that did not use their amount of credit": """
        SELECT i.id FROM invoices_invoice i LEFT JOIN credit_logline l ON l.origin = i.origin AND l.what = 'spent'
         WHERE i.status = 'paid' GROUP BY i.id HAVING i.gross_minor <> -coalesce(sum(l.amount_minor), 0)""",
    "changes that do not have a paid invoice": """
        SELECT c.id FROM changes_change c LEFT JOIN invoices_invoice i ON i.id = c.invoice_id
         WHERE c.status <> 'applying' OR i.status IS DISTINCT FROM 'paid'""",
    "legal numbers with a gap": """
        SELECT s.id FROM invoices_numberseries s
          LEFT JOIN invoices_invoice i ON i.seller_id = s.seller_id AND i.number IS NOT NULL
         WHERE s.kind = 'invoice' GROUP BY s.id
        HAVING count(DISTINCT i.number) <> s.next_number - 1
            OR max(substr(i.number, length(s.prefix) + 1)::bigint) <> s.next_number - 1""",
    "changes whose work is not in the queue exactly once": """
        SELECT c.id FROM changes_change c
          LEFT JOIN procrastinate_jobs j ON j.task_name = 'changes.start' AND (j.args->>'id')::bigint = c.id
         GROUP BY c.id HAVING count(j.id) <> 1""",
}


def mistakes(connection: psycopg.Connection[tuple[Any, ...]], changes: int) -> list[str]:
    """What is wrong after so many submitted changes, in words; empty if the books are right."""
    found = []
    for what, query in WRONG.items():
        if rows := connection.execute(query).fetchall():
            found.append(f"{len(rows)} {what}, e.g. id {rows[0][0]}")
    for table in ("changes_change", "invoices_invoice"):
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        if row is None or row[0] != changes:
            found.append(f"{row and row[0]} rows in {table}, {changes} expected")
    return found
