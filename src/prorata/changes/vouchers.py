"""A voucher on a change: whether this person may use that code, and guesses kept apart from mistakes."""

from __future__ import annotations

from datetime import datetime, timedelta

from prorata.changes.models import SecurityEvent
from prorata.changes.refusals import Refusal, Refused
from prorata.credit.models import Voucher
from prorata.credit.voucher import find, normal, why_not
from prorata.customers.models import User
from prorata.services.models import Service

GUESS = "voucher_guess"
GUESSES, WITHIN = 10, timedelta(hours=1)


def usable(user: User, service: Service, code: str, now: datetime) -> Voucher:
    """The voucher of that code, if this customer can use it for this service now. Raises Refused.

    Unknown codes are noted; after ten in an hour no code is looked up any more, so that codes cannot be found by trying.
    """
    guesses = SecurityEvent.objects.filter(kind=GUESS, user=user, at__gt=now - WITHIN)
    if guesses.count() >= GUESSES:
        raise Refused(Refusal("voucher_guesses"))
    voucher = find(code)
    why = why_not(
        voucher,
        customer_id=service.customer_id,
        product_id=service.product_id,
        currency=service.currency,
        now=now,
    )
    if why == "voucher_unknown":
        SecurityEvent.objects.create(kind=GUESS, user=user, about=normal(code)[:60], at=now)
    if voucher is None or why is not None:
        raise Refused(refusal(why or "voucher_unknown", normal(code)[:40]))
    return voucher


def refusal(why: str, code: str) -> Refusal:
    return Refusal(why, None, {"code": code})
