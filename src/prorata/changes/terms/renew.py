"""Renew a service: the term that follows the last paid one is invoiced, and counts when it is paid."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from prorata import clock
from prorata.changes import states
from prorata.changes.models import Change, SoldTerm
from prorata.changes.situation import seller
from prorata.changes.terms.dates import Days, next_term
from prorata.changes.terms.price import TermPrice, check_months, price_term
from prorata.changes.terms.refused import CannotSell
from prorata.changes.terms.write import Payment, sold_before, write
from prorata.customers.lock import lock_customer
from prorata.customers.models import User
from prorata.services.lock import lock_service
from prorata.services.models import Service


def renewal_offer(service: Service, months: int, at: datetime | None = None) -> TermPrice:
    """What the next term costs now, for the configuration of now. Computed, stored nowhere. Raises CannotSell."""
    return _offer(service, months, at or clock.now())[0]


def renew(
    service: Service,
    months: int,
    *,
    shown_minor: int,
    shown_version: int,
    key: str,
    staff: User,
    payment: Payment,
) -> SoldTerm:
    """Write the next term and its invoice. The same `key` again gives the same term.

    `shown_minor` is the price with tax, `shown_version` the version of the service that staff saw. Raises CannotSell.
    """
    if (known := sold_before(key)) is not None:
        return known
    with transaction.atomic():
        customer = lock_customer(service.customer_id)
        locked = lock_service(service.pk, service.customer_id)
        if (known := sold_before(key)) is not None:
            return known
        if locked.version != shown_version:
            raise CannotSell("The service changed since this price was made. Look at the new price.")
        locked.customer = customer
        priced, days = _offer(locked, months, clock.now())
        # Whoever is choosing a change now was shown what held before: every quote of before is stale from here on.
        locked.version += 1
        locked.save(update_fields=["version"])
        return write(
            SoldTerm.Kind.RENEWAL, locked, priced, days, shown_minor=shown_minor, key=key, staff=staff, payment=payment,
            pay_before=locked.term_ends_at,
        )  # fmt: skip


def _offer(service: Service, months: int, at: datetime) -> tuple[TermPrice, Days]:
    check_months(months)
    _renewable(service, at)
    days = next_term(service, months, ZoneInfo(seller().zone))
    priced = price_term(
        service.product, service.currency, service.configuration, months=months, starts_at=days.starts_at,
        ends_at=days.ends_at, at=at,
    )  # fmt: skip
    return priced, days


def _renewable(service: Service, at: datetime) -> None:
    if service.status != Service.Status.ACTIVE:
        raise CannotSell(f"Only an active service is renewed. This one is: {service.get_status_display()}.")
    if at >= service.term_ends_at:
        raise CannotSell(
            "The term of this service has ended, so nothing can follow it. Sell the machine again as a new service."
        )
    open_change = Change.objects.filter(service=service, status__in=states.OPEN).first()
    if open_change is not None:
        raise CannotSell(
            f"Change {open_change} of this service is still open. Renew it when the change is finished or cancelled."
        )
    unpaid = SoldTerm.objects.filter(service=service, status=SoldTerm.Status.AWAITING_PAYMENT).first()
    if unpaid is not None:
        raise CannotSell(
            f"Term {unpaid} of this service is not paid yet. Let it be paid, or cancel it first."
        )
