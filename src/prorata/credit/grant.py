"""Staff give a customer credit as a gift, with an end and a reason the customer reads."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from prorata import clock
from prorata.credit.models import Purse
from prorata.credit.move import Movement, move
from prorata.credit.purse import gifted_purse
from prorata.customers.lock import lock_customer
from prorata.ledger import accounts
from prorata.pricing.money import minor_digits
from prorata.trail.write import note


@transaction.atomic
def grant_gifted(
    *, customer_id: int, amount_minor: int, currency: str, expires_at: datetime, reason: str, actor: str
) -> Purse:
    """Open a purse with `amount_minor` of gifted credit. Raises ValueError with one clear line."""
    minor_digits(currency)
    now = clock.now()
    if amount_minor <= 0:
        raise ValueError("The gift must be more than zero.")
    if expires_at <= now:
        raise ValueError("The gift must end in the future.")
    if not reason.strip():
        raise ValueError("Write the reason: the customer reads it.")
    lock_customer(customer_id)
    purse = gifted_purse(customer_id, currency, expires_at, reason.strip())
    move(
        customer_id=customer_id, currency=currency, movements=[Movement(purse.pk, amount_minor)],
        against=[(accounts.gifts(currency), amount_minor)], key=f"grant:{purse.pk}", what="granted",
        origin=f"grant:{purse.pk}", at=now, actor=actor, reason=reason.strip(),
    )  # fmt: skip
    purse.refresh_from_db()
    note(
        "credit.granted", purse, actor=actor, customer_id=customer_id, reason=reason.strip(),
        changed={"balance": (0, amount_minor), "currency": (None, currency), "expires_at": (None, expires_at.isoformat())},
    )  # fmt: skip
    return purse
