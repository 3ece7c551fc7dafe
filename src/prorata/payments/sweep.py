"""What is open at one gateway is looked at until it is known: a webhook may never come, a customer may never return.

Each gateway is swept by itself. One that is silent holds up nobody else, and is not asked about everything in one sweep.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db.models import F, Q, QuerySet

from prorata import clock
from prorata.invoices.models import Invoice
from prorata.payments.bank import BANK
from prorata.payments.expire import expire_checkouts
from prorata.payments.gateways.base import GatewayUnreachable
from prorata.payments.look import look_now
from prorata.payments.models import PaymentAttempt, Refund, SavedMethod
from prorata.payments.record_capture import Mismatch
from prorata.payments.refund import settle_refund_now
from prorata.payments.saved_methods import tell_gateway_now

log = logging.getLogger(__name__)
# What is open is looked at by itself after so many seconds without news, doubled with each look up to an hour.
WAITS = [timedelta(seconds=min(20 * 2**checks, 3600)) for checks in range(9)]
# So many in one sweep; the next one goes on.
MOST_ATTEMPTS, MOST_METHODS, MOST_REFUNDS = 200, 20, 50
# After so many questions in a row without an answer the others wait for the next sweep.
SILENT = 3
# An act at the gateway, and what it is about.
Act = tuple[str, Callable[[], object]]


def codes() -> list[str]:
    """Whom there is to sweep. Nobody can be asked of a gateway that was taken out of the configuration."""
    return [*settings.PRORATA_GATEWAYS, BANK]


def has_work(code: str) -> bool:
    """Whether anything's time has come there."""
    now = clock.machine_now()
    return _attempts(code, now).exists() or _removed(code).exists() or _refunds(code, now).exists()


def sweep_gateway(code: str) -> None:
    """Everything whose time has come there, while it answers."""
    silent = 0
    for what, act in _acts(code):
        try:
            act()
        except GatewayUnreachable as silence:
            silent += 1
            if silent == SILENT:
                log.warning("%s is silent, %s and others wait: %s", code, what, silence.reason)
                return
            continue
        except Mismatch as problem:
            log.error("%s: %s", what, problem)
        except Exception:  # one bad payment must not keep the others waiting
            log.exception("%s could not be looked at", what)
        silent = 0


def _acts(code: str) -> Iterator[Act]:
    now, longest_ago = clock.machine_now(), F("checked_at").asc(nulls_first=True)
    for attempt in _attempts(code, now).order_by(longest_ago)[:MOST_ATTEMPTS]:
        yield f"attempt {attempt.pk}", partial(_look, attempt)
    for refund in _refunds(code, now).order_by(longest_ago)[:MOST_REFUNDS]:
        yield f"refund {refund.pk}", partial(settle_refund_now, refund.pk)
    # After all money: a card that the gateway will not forget counts as a question without an answer.
    for method in _removed(code).order_by("removed_at")[:MOST_METHODS]:
        yield f"saved method {method.pk}", partial(tell_gateway_now, method)


def _look(attempt: PaymentAttempt) -> None:
    seen = look_now(attempt.pk)
    if seen.invoice.status != Invoice.Status.OPEN:
        expire_checkouts(seen.invoice)  # its page could not be closed when the invoice was


def _attempts(code: str, now: datetime) -> QuerySet[PaymentAttempt]:
    """Open ones; a transfer only once its invoice is closed: for as long as it is awaited there is nobody to ask."""
    found = PaymentAttempt.objects.filter(_due(now), state__in=PaymentAttempt.OPEN, gateway=code)
    return found.exclude(invoice__status=Invoice.Status.OPEN) if code == BANK else found


def _removed(code: str) -> QuerySet[SavedMethod]:
    return SavedMethod.objects.filter(gateway=code, removed_at__isnull=False, forgotten_at=None)


def _refunds(code: str, now: datetime) -> QuerySet[Refund]:
    return Refund.objects.filter(_due(now), state__in=Refund.OPEN, capture__gateway=code)


def _due(now: datetime) -> Q:
    """Whose time to be looked at has come. What need not be looked at yet must not take the places of what must."""
    due = Q(checked_at=None)
    for checks, wait in enumerate(WAITS[:-1]):
        due |= Q(checks=checks, checked_at__lte=now - wait)
    return due | Q(checks__gte=len(WAITS) - 1, checked_at__lte=now - WAITS[-1])
