"""Staff give money back by the way it came: intent first, then the call, then what the gateway says about it."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Sum

from prorata import clock
from prorata.customers.lock import lock_customer
from prorata.payments.gateways.base import GatewayRefused, GatewayUnreachable, RefundRequest, Refunds
from prorata.payments.look import look, look_now
from prorata.payments.models import Capture, MoneyBack, Refund
from prorata.payments.record_capture import Mismatch
from prorata.payments.registry import UnknownGateway, gateway
from prorata.pricing.display import amount_text
from prorata.trail.write import note

log = logging.getLogger(__name__)
State = Refund.State
# A processor knows an idempotency key for a day. After that a repeat could give the money twice, so it is only looked for,
# and what is not there then has failed.
REPEAT_WITHIN = timedelta(hours=20)


class CannotRefund(ValueError):
    """One line that says why, and what to do. Nothing was given back."""


def can_refund(capture: Capture) -> bool:
    """Whether the gateway of this capture can give money back at all."""
    try:
        return isinstance(gateway(capture.gateway), Refunds)
    except UnknownGateway:  # it was taken out of the configuration
        return False


def left_of(capture: Capture) -> int:
    """What can still be given back: what was captured, less what left and did not return, less what is on its way."""
    moved = MoneyBack.objects.filter(capture=capture)
    out = moved.filter(way="out").aggregate(sum=Sum("amount_minor"))["sum"] or 0
    back = moved.filter(way="in").aggregate(sum=Sum("amount_minor"))["sum"] or 0
    asked = Refund.objects.filter(capture=capture, state__in=[State.CREATED, State.UNKNOWN])
    on_the_way = asked.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    return int(capture.amount_minor - out + back - on_the_way)


def refund(capture_id: int, *, amount_minor: int, reason: str, actor: str) -> Refund:
    """Give back a part or all of a capture; returns the refund as it stands after the call, which may be unknown.

    Raises CannotRefund.
    """
    begun = begin_refund(capture_id, amount_minor=amount_minor, reason=reason.strip(), actor=actor)
    return settle_refund(begun.pk)


@transaction.atomic
def begin_refund(capture_id: int, *, amount_minor: int, reason: str, actor: str) -> Refund:
    """First transaction: the refund exists before the gateway hears of it, under our own id. settle_refund asks for it.

    Raises CannotRefund.
    """
    if not reason:
        raise CannotRefund("Write the reason: whoever reads the books asks for it.")
    found = Capture.objects.select_related("attempt").get(pk=capture_id)
    if not can_refund(found):
        raise CannotRefund(
            "This way of paying cannot give money back. Use a bank transfer, and correct the credit."
        )
    lock_customer(found.customer_id)
    if Refund.objects.filter(capture=found, state__in=[State.CREATED, State.UNKNOWN]).exists():
        raise CannotRefund("The last refund of this payment is still being checked. Wait until it is known.")
    left = left_of(found)
    if not 0 < amount_minor <= left:
        most = f"{amount_text(left, found.currency)} {found.currency}"
        raise CannotRefund(f"At most {most} of this payment can be given back, and more than nothing.")
    try:
        with transaction.atomic():
            made = Refund.objects.create(
                capture=found, amount_minor=amount_minor, currency=found.currency, reason=reason[:200], made_by=actor,
                created_at=clock.now(), asked_at=clock.machine_now(),
            )  # fmt: skip
    except IntegrityError as refused:  # the database adds up again, whoever asks
        raise CannotRefund("More would be given back than was taken. Look at the refunds again.") from refused
    note(
        "payment.refund_begun", found, actor=actor, customer_id=found.customer_id, reason=reason,
        changed={"refund": (None, str(made.pk)), "amount_minor": (None, amount_minor)},
    )  # fmt: skip
    return made


def settle_refund(refund_id: uuid.UUID | str) -> Refund:
    """Ask the gateway for this refund, or how it stands; whatever comes of it is recorded. Safe to repeat."""
    try:
        return settle_refund_now(refund_id)
    except GatewayUnreachable:
        return Refund.objects.get(pk=refund_id)


def settle_refund_now(refund_id: uuid.UUID | str) -> Refund:
    """As `settle_refund`, for a caller that comes again by itself: raises GatewayUnreachable when nothing was learned."""
    found = Refund.objects.select_related("capture__attempt").get(pk=refund_id)
    if found.state not in Refund.OPEN:
        return found
    Refund.objects.filter(pk=found.pk).update(checked_at=clock.machine_now(), checks=found.checks + 1)
    too_old = clock.machine_now() - found.asked_at > REPEAT_WITHIN
    try:
        if found.checks or found.state != State.CREATED or too_old:
            look_now(found.capture.attempt_id)  # a lost answer stands in the fetched truth
            found.refresh_from_db()
        if found.state in (State.CREATED, State.UNKNOWN):
            if too_old:
                _never_arrived(found)
            else:
                _ask(found)
    except GatewayUnreachable as silence:
        Refund.objects.filter(pk=found.pk, state=State.CREATED).update(
            state=State.UNKNOWN, problem=silence.reason[:200]
        )
        raise
    except (
        Mismatch
    ) as strange:  # something else of the payment does not fit; the daily comparison tells staff
        log.error("refund %s: %s", found.pk, strange)
    found.refresh_from_db()
    return found


def _never_arrived(found: Refund) -> None:
    """No call of ours is under way any more: what the payment does not list now was never made, and may be begun anew."""
    attempt = found.capture.attempt
    try:
        payment = gateway(attempt.gateway).fetch(attempt.gateway_ref)
    except GatewayRefused as no:
        log.error("refund %s: the payment cannot be fetched: %s", found.pk, no.reason)
        return
    if any(one.key == str(found.pk) for one in payment.refunds):
        return  # it came between the two looks, and the next one moves this row
    Refund.objects.filter(pk=found.pk, state__in=[State.CREATED, State.UNKNOWN]).update(
        state=State.FAILED, problem="The payment service never received it; nothing was given back."
    )


def _ask(found: Refund) -> None:
    """The call, with our id as its key: a repeat within a day gives nothing twice."""
    capture = found.capture
    adapter = gateway(capture.gateway)
    assert isinstance(adapter, Refunds)
    try:
        adapter.refund(
            RefundRequest(
                key=str(found.pk), ref=capture.attempt.gateway_ref, capture_id=capture.capture_id,
                amount_minor=found.amount_minor, currency=found.currency,
            )
        )  # fmt: skip
    except GatewayRefused as refusal:
        Refund.objects.filter(pk=found.pk, state__in=[State.CREATED, State.UNKNOWN]).update(
            state=State.FAILED, problem=refusal.reason[:200]
        )
        return
    look(capture.attempt_id)  # books it and moves this row; a gateway that is silent now is looked at again
