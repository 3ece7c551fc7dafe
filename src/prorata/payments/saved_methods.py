"""Means of payment that a gateway keeps: kept at a payment, offered later, forgotten when the customer says so."""

from __future__ import annotations

import calendar
import logging
import uuid
from contextlib import suppress
from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from prorata import clock
from prorata.customers.models import User
from prorata.customers.scope import mine, my_one
from prorata.invoices.models import Invoice
from prorata.payments.gateways.base import GatewayPayment, GatewayRefused, GatewayUnreachable, SavedMethods
from prorata.payments.methods import methods
from prorata.payments.models import PaymentAttempt, SavedMethod
from prorata.payments.registry import UnknownGateway, gateway
from prorata.trail.write import note

log = logging.getLogger(__name__)


def can_keep(gateway_code: str) -> bool:
    """Whether this gateway keeps means of payment."""
    try:
        return isinstance(gateway(gateway_code), SavedMethods)
    except UnknownGateway:
        return False


def offered(user: User, invoice: Invoice) -> QuerySet[SavedMethod]:
    """What this person may charge for this invoice: kept, not removed, not expired, by a way to pay still on offer."""
    codes = [one.code for one in methods() if can_keep(one.gateway)]
    kept = SavedMethod.objects.filter(customer=invoice.customer_id, removed_at=None, method__in=codes)
    today = clock.now().astimezone(ZoneInfo(invoice.seller.zone)).date()
    return mine(user, kept.exclude(last_day__lt=today))


def keep(attempt: PaymentAttempt, payment: GatewayPayment) -> None:
    """Remember what the gateway kept at this payment, if the customer agreed to it there. The attempt must be locked."""
    if payment.saved is None or not attempt.save_method:
        return
    SavedMethod.objects.get_or_create(
        attempt=attempt,
        defaults={
            "customer_id": attempt.invoice.customer_id, "gateway": attempt.gateway, "method": attempt.method,
            "method_ref": payment.saved.ref, "label": payment.saved.label[:80], "saved_at": clock.now(),
            "last_day": _last_day(payment.saved.expires),
        },
    )  # fmt: skip


def _last_day(month: tuple[int, int] | None) -> date | None:
    """A card is good to the end of the month printed on it."""
    return date(*month, calendar.monthrange(*month)[1]) if month else None


def forget(user: User, saved_id: uuid.UUID | str) -> SavedMethod:
    """Never charge it again, from this moment on; the gateway is told next, and again until it has understood."""
    with transaction.atomic():
        found = my_one(user, SavedMethod.objects.filter(removed_at=None), right="pay", pk=saved_id)
        found.removed_at, found.removed_by = clock.now(), f"user:{user.pk}"
        found.save(update_fields=["removed_at", "removed_by"])
        note(
            "payment.method_forgotten", found.attempt.invoice, actor=f"user:{user.pk}", actor_name=user.email,
            customer_id=found.customer_id, changed={"method": (found.label, None)},
        )  # fmt: skip
    tell_gateway(found)
    return found


def tell_gateway(removed: SavedMethod) -> None:
    """Detach what is removed already. A gateway that is silent is told again by the sweep."""
    try:
        tell_gateway_now(removed)
    except (GatewayUnreachable, UnknownGateway) as silence:
        log.warning("%s is not forgotten by %s yet: %s", removed.pk, removed.gateway, silence)


def tell_gateway_now(removed: SavedMethod) -> None:
    """As `tell_gateway`, for a caller that comes again by itself. Raises GatewayUnreachable, UnknownGateway."""
    adapter = gateway(removed.gateway)
    assert isinstance(adapter, SavedMethods)
    with suppress(GatewayRefused):  # there is none any more, which is what was wanted
        adapter.detach(removed.method_ref)
    SavedMethod.objects.filter(pk=removed.pk).update(forgotten_at=clock.machine_now())
