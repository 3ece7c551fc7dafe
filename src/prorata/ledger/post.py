"""Post one balanced transfer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from prorata import clock
from prorata.ledger.accounts import AccountName

Legs = Sequence[tuple[AccountName, int]]

# One round trip for accounts, transfer and entries: a customer's lock is held while money moves, so statements count.
# The no-op update is needed because ON CONFLICT DO NOTHING returns no id for an account that exists; it is of no key column,
# whose lock would make everybody wait who posts to the account. New accounts are made in the order of their codes, so that
# two first postings at once wait for each other one way round.
POSTING = """
WITH legs AS (
    SELECT * FROM jsonb_to_recordset(%(legs)s::jsonb) AS leg(code text, kind text, currency text, amount bigint)
), known AS (
    SELECT id, code FROM ledger_account WHERE code IN (SELECT code FROM legs)
), made AS (
    INSERT INTO ledger_account (code, kind, currency)
    SELECT DISTINCT code, kind, currency FROM legs WHERE code NOT IN (SELECT code FROM known) ORDER BY code
    ON CONFLICT (code) DO UPDATE SET kind = excluded.kind RETURNING id, code
), moved AS (
    INSERT INTO ledger_transfer (key, kind, origin, reason, actor, at, recorded_at, reverses_id)
    VALUES (%(key)s, %(kind)s, %(origin)s, %(reason)s, %(actor)s, %(at)s, %(recorded_at)s, %(reverses)s) RETURNING id
), entries AS (
    INSERT INTO ledger_entry (transfer_id, account_id, amount_minor, currency)
    SELECT moved.id, account.id, legs.amount, legs.currency
      FROM moved, legs JOIN (SELECT * FROM known UNION ALL SELECT * FROM made) account USING (code)
)
"""


class Unbalanced(ValueError):
    """The legs of a transfer do not sum to zero in each currency."""


def post(
    *,
    key: str,
    kind: str,
    origin: str,
    legs: Legs,
    at: datetime,
    actor: str = "system",
    reason: str = "",
    reverses: int | None = None,
) -> int:
    """Write a transfer and its entries; returns the transfer's id.

    `legs` are (account, amount) with whole minor units, debit positive; zero legs are dropped. Raises `Unbalanced`
    before anything is written, and IntegrityError if `key` was posted before.
    """
    parameters = posting(
        key=key, kind=kind, origin=origin, legs=legs, at=at, actor=actor, reason=reason, reverses=reverses
    )
    with connection.cursor() as cursor:
        cursor.execute(POSTING + "SELECT id FROM moved", parameters)
        return int(cursor.fetchone()[0])


def posting(
    *,
    key: str,
    kind: str,
    origin: str,
    legs: Legs,
    at: datetime,
    actor: str,
    reason: str,
    reverses: int | None = None,
) -> dict[str, str | int | datetime | None]:
    """The checked parameters of `POSTING`, for a statement that does more with the transfer it makes."""
    kept = [(account, amount) for account, amount in legs if amount]
    sums: dict[str, int] = {}
    for account, amount in kept:
        sums[account.currency] = sums.get(account.currency, 0) + amount
    if len(kept) < 2 or any(sums.values()):
        raise Unbalanced(f"{kind} {key}: legs sum to {sums}, they must sum to zero over two or more entries")
    rows = [{"code": a.code, "kind": a.kind, "currency": a.currency, "amount": amount} for a, amount in kept]
    return {
        "legs": json.dumps(rows), "key": key, "kind": kind, "origin": origin, "reason": reason, "actor": actor, "at": at,
        "recorded_at": clock.machine_now(), "reverses": reverses,
    }  # fmt: skip
