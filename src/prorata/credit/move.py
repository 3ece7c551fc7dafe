"""Move money in and out of a customer's purses: balance, ledger and credit log in one statement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection

from prorata.customers.lock import assert_locked
from prorata.ledger.accounts import purse as purse_account
from prorata.ledger.post import POSTING, Legs, posting


class NotEnoughCredit(Exception):
    """A purse would go below zero: somebody else spent it first. Nothing was moved."""


@dataclass(frozen=True)
class Movement:
    """`amount_minor` into (positive) or out of (negative) one purse."""

    purse_id: int
    amount_minor: int


# The balance after is computed by the statement that changes it, so log and purse cannot disagree.
MOVE = (
    POSTING
    + """
, moves AS (
    SELECT * FROM jsonb_to_recordset(%(moves)s::jsonb) AS move(purse bigint, amount bigint)
), changed AS (
    UPDATE credit_purse SET balance_minor = balance_minor + moves.amount
      FROM moves WHERE credit_purse.id = moves.purse AND credit_purse.customer_id = %(customer)s
                   AND credit_purse.currency = %(currency)s
    RETURNING credit_purse.id AS purse_id, credit_purse.balance_minor, moves.amount
), logged AS (
    INSERT INTO credit_logline (customer_id, purse_id, transfer_id, what, amount_minor, balance_after_minor, currency,
                                origin, reason, actor, at)
    SELECT %(customer)s, purse_id, (SELECT id FROM moved), %(kind)s, amount, balance_minor, %(currency)s,
           %(origin)s, %(reason)s, %(actor)s, %(at)s FROM changed ORDER BY purse_id
), pledged AS (
    INSERT INTO credit_pledge (purse_id, origin, amount_minor, state, held_at)
    SELECT purse_id, %(origin)s, -amount, 'held', %(at)s FROM changed WHERE %(pledge)s
)
SELECT (SELECT id FROM moved), count(*) FROM changed
"""
)


def move(
    *,
    customer_id: int,
    currency: str,
    movements: Sequence[Movement],
    against: Legs,
    key: str,
    what: str,
    origin: str,
    at: datetime,
    actor: str = "system",
    reason: str = "",
    pledge: bool = False,
    reverses: int | None = None,
) -> int:
    """Post one transfer between purses and `against`, change the balances, write the credit log. Returns the transfer's id.

    The customer must be locked. `against` are the other legs (debit positive); all legs must balance. With `pledge`, what
    leaves the purses is remembered as held for `origin`. `reverses` is the id of the transfer that this one takes back.
    Raises NotEnoughCredit if a purse would go below zero.
    """
    assert_locked(customer_id)
    # A purse is our liability: what the customer receives is a credit entry, negative in the ledger.
    legs = [(purse_account(m.purse_id, currency), -m.amount_minor) for m in movements] + list(against)
    wanted = [m for m in movements if m.amount_minor]
    parameters = posting(
        key=key, kind=what, origin=origin, legs=legs, at=at, actor=actor, reason=reason, reverses=reverses
    ) | {
        "moves": json.dumps([{"purse": m.purse_id, "amount": m.amount_minor} for m in wanted]),
        "customer": customer_id, "currency": currency, "pledge": pledge,
    }  # fmt: skip
    try:
        with connection.cursor() as cursor:
            cursor.execute(MOVE, parameters)
            transfer, changed = cursor.fetchone()
    except IntegrityError as refused:
        if "purse_never_below_zero" in str(refused):
            raise NotEnoughCredit(
                "There is less credit than this needs. Look at the price again."
            ) from refused
        raise
    if changed != len(wanted):
        raise AssertionError(
            f"{what} {origin}: a purse is missing or not of customer {customer_id} in {currency}"
        )
    return int(transfer)
