"""The daily comparison: what a gateway says happened in the last days is looked at, so a lost webhook loses nothing."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from django.conf import settings

from prorata import clock
from prorata.payments.gateways.base import Gateway, GatewayRefused, GatewayUnreachable, Happening, Listing
from prorata.payments.look import look_now
from prorata.payments.models import Capture, PaymentAttempt
from prorata.payments.record_capture import Mismatch
from prorata.payments.registry import gateway

log = logging.getLogger(__name__)
# Longer than a day, so that a day's run may fail and the next one still sees everything.
WINDOW = timedelta(days=4)


def reconcile_all() -> int:
    """Every gateway that can list; returns how many payments were looked at. Raises GatewayUnreachable at the end if one
    was silent: who calls comes again."""
    looked, silent = 0, None
    for code in settings.PRORATA_GATEWAYS:
        try:
            looked += reconcile(code)
        except GatewayUnreachable as silence:
            silent = silence
    if silent is not None:
        raise silent
    return looked


def reconcile(code: str) -> int:
    """Look at every payment of one gateway that something happened to and is not booked; how many were looked at."""
    adapter = gateway(code)
    if not isinstance(adapter, Listing):
        return 0
    looked: set[uuid.UUID] = set()
    for happening in adapter.happened_since(clock.machine_now() - WINDOW):
        if (
            happening.kind == "capture"
            and Capture.objects.filter(gateway=code, capture_id=happening.id).exists()
        ):
            continue
        attempt = _attempt_of(adapter, happening)
        if attempt is not None and attempt not in looked:
            looked.add(attempt)
            try:
                look_now(attempt)
            except Mismatch as problem:
                log.error("%s %s at %s: %s", happening.kind, happening.id, code, problem)
    return len(looked)


def _attempt_of(adapter: Gateway, happening: Happening) -> uuid.UUID | None:
    """Ours, by the capture we know or by what the gateway says; None for what was never ours (other shops, other years)."""
    known = Capture.objects.filter(gateway=adapter.code, capture_id=happening.capture_id).first()
    if known is not None:
        return known.attempt_id
    try:
        payment = adapter.fetch(happening.ref)
        if payment.payee != adapter.payee:
            return None
        found = PaymentAttempt.objects.filter(pk=uuid.UUID(payment.attempt_id), gateway=adapter.code).first()
    except (GatewayRefused, ValueError):
        return None
    return found.pk if found is not None else None
