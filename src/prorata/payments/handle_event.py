"""Handle one kept webhook: find our attempt, look at the gateway's truth, never believe the message itself."""

from __future__ import annotations

import logging

from prorata import clock
from prorata.payments.attempt_of import attempt_of
from prorata.payments.gateways.base import GatewayRefused
from prorata.payments.look import look_now
from prorata.payments.models import InboxEvent
from prorata.payments.record_capture import Mismatch

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
        attempt = attempt_of(event.gateway, event.gateway_ref)
        if attempt is None:
            _end(event, State.QUARANTINED, "no payment attempt of ours has this reference")
            return
        look_now(attempt.pk)
    except (Mismatch, GatewayRefused) as problem:
        log.warning("webhook %s quarantined: %s", event, problem)
        _end(event, State.QUARANTINED, str(problem))
        return
    _end(event, State.DONE, "")


def _end(event: InboxEvent, state: InboxEvent.State, note: str) -> None:
    InboxEvent.objects.filter(pk=event.pk).update(state=state, note=note, handled_at=clock.machine_now())
