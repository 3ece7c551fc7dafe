"""Staff correct a customer's credit: by an amount with a reason, or by taking back one movement, with a link to it."""

from __future__ import annotations

from django.db import transaction

from prorata import clock
from prorata.credit.models import LogLine
from prorata.credit.move import Movement, NotEnoughCredit, move
from prorata.credit.purse import account_purse
from prorata.customers.lock import lock_customer
from prorata.ledger import accounts
from prorata.ledger.models import Entry, Transfer
from prorata.pricing.display import amount_text
from prorata.pricing.money import minor_digits
from prorata.trail.write import note

# What staff gave or took by hand can be taken back; what a change, a payment or time did has its own way back.
BY_HAND = ("granted", "corrected")


class CannotCorrect(ValueError):
    """One line that says why, and what to do. Nothing was moved."""


@transaction.atomic
def correct_account(
    *, customer_id: int, amount_minor: int, currency: str, reason: str, actor: str, key: str
) -> int:
    """Add to (positive) or take from (negative) the account credit; returns the transfer's id. `key` makes it happen once.

    Raises CannotCorrect.
    """
    minor_digits(currency)
    if not amount_minor:
        raise CannotCorrect("Say by how much: a correction of 0 changes nothing.")
    lock_customer(customer_id)
    purse = account_purse(customer_id, currency)
    before = purse.balance_minor
    try:
        moved = move(
            customer_id=customer_id, currency=currency, movements=[Movement(purse.pk, amount_minor)],
            against=[(accounts.corrections(currency), amount_minor)], key=f"correct:{key}", what="corrected",
            origin=f"correction:{key}", at=clock.now(), actor=actor, reason=_reason(reason),
        )  # fmt: skip
    except NotEnoughCredit as short:
        left = f"{amount_text(before, currency)} {currency}"
        raise CannotCorrect(f"There are {left} of account credit. Take at most that.") from short
    note(
        "credit.corrected", purse, actor=actor, customer_id=customer_id, reason=_reason(reason),
        changed={"balance": (before, before + amount_minor), "currency": (currency, currency)},
    )  # fmt: skip
    return moved


@transaction.atomic
def take_back(line: LogLine, *, reason: str, actor: str) -> int:
    """Reverse the whole movement that this line of the credit log tells of. Raises CannotCorrect."""
    lock_customer(line.customer_id)
    if line.what not in BY_HAND:
        raise CannotCorrect("Only what staff gave or took by hand can be taken back here.")
    if Transfer.objects.filter(reverses_id=line.transfer_id).exists():
        raise CannotCorrect("This was taken back already.")
    try:
        moved = move(
            customer_id=line.customer_id, currency=line.currency,
            movements=[Movement(line.purse_id, -line.amount_minor)], against=_opposite(line), what="undone",
            key=f"undo:{line.transfer_id}", origin=line.origin, at=clock.now(), actor=actor, reason=_reason(reason),
            reverses=line.transfer_id,
        )  # fmt: skip
    except NotEnoughCredit as spent:
        raise CannotCorrect(
            "Some of it was spent or held for a change. Correct the account credit by the amount that is meant."
        ) from spent
    note(
        "credit.taken_back", line, actor=actor, customer_id=line.customer_id, reason=_reason(reason),
        changed={"amount": (line.amount_minor, 0)},
    )  # fmt: skip
    return moved


def _opposite(line: LogLine) -> list[tuple[accounts.AccountName, int]]:
    """The legs of its transfer outside the purse, the other way round."""
    own = accounts.purse(line.purse_id, line.currency).code
    entries = (
        Entry.objects.filter(transfer=line.transfer_id).exclude(account__code=own).select_related("account")
    )
    return [
        (accounts.AccountName(e.account.code, e.account.kind, e.currency), -e.amount_minor)
        for e in entries.order_by("pk")
    ]


def _reason(reason: str) -> str:
    if not reason.strip():
        raise CannotCorrect("Write the reason: the customer reads it.")
    return reason.strip()
