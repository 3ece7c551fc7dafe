"""Handle one kept webhook: find our attempt, look at the gateway's truth, never believe the message itself."""

from __future__ import annotations

import logging
import uuid

from prorata import clock
from prorata.payments.gateways.base import GatewayRefused
from prorata.payments.look import look_now
from prorata.payments.models import InboxEvent, PaymentAttempt
from prorata.payments.record_capture import Mismatch
from prorata.payments.registry import gateway

log = logging.getLogger(__name__)
State = InboxEvent.State


def handle_event(event_id: int) -> None:
    """Idempotent: a second run finds everything booked. What is not ours is quarantined for staff, never retried.

    Raises GatewayUnreachable while the truth cannot be had; the event waits until the job is run again.
    """
    event = InboxEvent.objects.get(pk=event_id)
    if event.state != State.WAITING:
        return
    try:
        attempt = _attempt_of(event)
        if attempt is None:
            _end(event, State.QUARANTINED, "no payment attempt of ours has this reference")
            return
        look_now(attempt.pk)
    except (Mismatch, GatewayRefused) as problem:
        log.warning("webhook %s quarantined: %s", event, problem)
        _end(event, State.QUARANTINED, str(problem))
        return
    _end(event, State.DONE, "")


def _attempt_of(event: InboxEvent) -> PaymentAttempt | None:
    """By the gateway's reference, or, when the webhook overtook our own commit, by our id as the gateway knows it."""
    attempts = PaymentAttempt.objects.filter(gateway=event.gateway)
    found = attempts.filter(gateway_ref=event.gateway_ref).first()
    if found is None:
        payment = gateway(event.gateway).fetch(event.gateway_ref)
        try:
            found = attempts.filter(pk=uuid.UUID(payment.attempt_id)).first()
        except ValueError as strange:  # not an id of ours at all
            raise Mismatch(f"payment {payment.ref} names an attempt that is not ours") from strange
    return found


def _end(event: InboxEvent, state: InboxEvent.State, note: str) -> None:
    InboxEvent.objects.filter(pk=event.pk).update(state=state, note=note, handled_at=clock.machine_now())
