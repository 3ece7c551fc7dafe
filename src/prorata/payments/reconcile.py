"""Compare what a gateway says happened with our books, book what is missing, and keep what does not fit."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from prorata import clock
from prorata.events.publish import publish
from prorata.payments.attempt_of import attempt_of
from prorata.payments.gateways.base import (
    GatewayError,
    GatewayRefused,
    GatewayUnreachable,
    Happening,
    Listing,
)
from prorata.payments.look import look_now
from prorata.payments.models import Capture, MoneyBack, Reconciliation
from prorata.payments.record_capture import Mismatch
from prorata.payments.registry import gateway
from prorata.payments.sweep import SILENT

log = logging.getLogger(__name__)
# Each list reaches back over the one before: a processor may show a thing late, and a run may have failed.
OVERLAP = timedelta(days=2)
FIRST = timedelta(days=30)


@dataclass
class _Compared:
    listed: int = 0
    booked: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""


def reconcile(gateway_code: str) -> Reconciliation | None:
    """One run, kept as a row; None where the gateway cannot list. Publishes payments.differ when something does not fit.

    What webhooks and sweeps missed is fetched and booked the usual way. Nothing is booked from the list itself.
    """
    adapter = gateway(gateway_code)
    if not isinstance(adapter, Listing):
        return None
    until = clock.machine_now()
    since = _since(gateway_code, until)
    found = _Compared()
    try:
        _compare(gateway_code, adapter.happened_since(since), since, until, found)
    except GatewayError as silence:
        found.problem = f"The payment service could not be asked: {silence.reason}"
    return _keep(gateway_code, since, until, found)


def _since(gateway_code: str, until: datetime) -> datetime:
    """From the last run that compared anything, so that no stretch of time is left out."""
    last = Reconciliation.objects.filter(gateway=gateway_code, problem="").first()
    return last.until - OVERLAP if last else until - FIRST


def _compare(
    gateway_code: str, listed: tuple[Happening, ...], since: datetime, until: datetime, found: _Compared
) -> None:
    found.listed = len(listed)
    # A refund or a dispute is listed again when it changes, and whether it did is seen by looking.
    unknown = [one for one in listed if one.kind != "capture" or _booked(gateway_code, one) is None]
    before = {one: _booked(gateway_code, one) for one in unknown}
    trouble = _look_at_all(gateway_code, dict.fromkeys(one.ref for one in unknown))
    for one in listed:
        ours = _booked(gateway_code, one)
        if ours is None and one.kind != "capture" and not trouble.get(one.ref):
            continue  # a bank's question, or a refund that failed at once: it moved nothing
        if ours is None:
            # A refund that failed and a dispute that only asks took nothing from us: the look found nothing to book.
            if one.kind == "capture" or trouble.get(one.ref):
                found.differences.append(_difference(one, trouble.get(one.ref) or "it is not in our books"))
        elif ours != (one.amount_minor, one.currency):
            found.differences.append(_difference(one, f"our books have {ours[0]} {ours[1]} in minor units"))
        elif one.id in trouble.get(one.ref, ""):
            found.differences.append(_difference(one, trouble[one.ref]))
        elif one in before and before[one] is None:
            found.booked += 1
    found.differences += _not_listed(gateway_code, {one.id for one in listed}, since, until)


def _booked(gateway_code: str, one: Happening) -> tuple[int, str] | None:
    """Amount and currency of it in our books, None if it is not there."""
    if one.kind == "capture":
        captures = Capture.objects.filter(gateway=gateway_code, capture_id=one.id)
        return captures.values_list("amount_minor", "currency").first()
    left = MoneyBack.objects.filter(gateway=gateway_code, kind=one.kind, outside_id=one.id, way="out")
    return left.values_list("amount_minor", "currency").first()


def _look_at_all(gateway_code: str, refs: Iterable[str]) -> dict[str, str]:
    """What stood in the way of each. Raises GatewayUnreachable for a gateway that answers no more: the next run reaches back
    over this one, and it is not asked about everything that it listed."""
    trouble, silent = {}, 0
    for ref in refs:
        try:
            trouble[ref], silent = _look(gateway_code, ref), 0
        except GatewayUnreachable as silence:
            trouble[ref], silent = str(silence), silent + 1
            if silent == SILENT:
                raise
    return trouble


def _look(gateway_code: str, ref: str) -> str:
    """Fetch the payment and book what is new; in words what stood in the way, "" if nothing did. Raises
    GatewayUnreachable."""
    try:
        attempt = attempt_of(gateway_code, ref)
        if attempt is None:
            return "no payment attempt of ours has this reference"
        look_now(attempt.pk)
    except GatewayUnreachable:
        raise
    except (Mismatch, GatewayRefused) as problem:
        return str(problem)
    except Exception as problem:  # one bad payment must not keep the others from being compared
        log.exception("payment %s could not be looked at", ref)
        return f"it could not be looked at ({type(problem).__name__})"
    return ""


def _not_listed(
    gateway_code: str, ids: set[str], since: datetime, until: datetime
) -> Iterator[dict[str, Any]]:
    """Captures in our books that the gateway does not know."""
    ours = Capture.objects.filter(gateway=gateway_code, captured_at__gte=since, captured_at__lt=until)
    for capture in ours.exclude(capture_id__in=ids).select_related("attempt").order_by("id"):
        yield {
            "what": "our books have it, the payment service does not list it", "kind": "capture", "id": capture.capture_id,
            "ref": capture.attempt.gateway_ref, "amount_minor": capture.amount_minor, "currency": capture.currency,
        }  # fmt: skip


def _difference(one: Happening, what: str) -> dict[str, Any]:
    return {
        "what": what, "kind": one.kind, "id": one.id, "ref": one.ref, "amount_minor": one.amount_minor,
        "currency": one.currency,
    }  # fmt: skip


@transaction.atomic
def _keep(gateway_code: str, since: datetime, until: datetime, found: _Compared) -> Reconciliation:
    kept = Reconciliation.objects.create(
        gateway=gateway_code, at=clock.now(), since=since, until=until, **vars(found)
    )
    if found.differences or found.problem:
        publish("payments.differ", id=kept.pk)
    return kept
