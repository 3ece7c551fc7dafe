"""Sell a service: its first term is invoiced, and it becomes active when that is paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from prorata import clock
from prorata.catalog.models import Product
from prorata.catalog.values import Value
from prorata.changes.models import SoldTerm
from prorata.changes.situation import seller
from prorata.changes.taken_in import NotAsWritten, same_on_machine
from prorata.changes.terms.dates import Days, first_term
from prorata.changes.terms.price import TermPrice, check_months, price_term
from prorata.changes.terms.refused import CannotSell
from prorata.changes.terms.write import Payment, sold_before, write
from prorata.customers.lock import lock_customer
from prorata.customers.models import Customer, User
from prorata.provisioning.measure import keep
from prorata.services.models import Service


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a customer buys: the machine exists already and has this configuration."""

    customer: Customer
    product: Product
    name: str
    currency: str
    months: int
    starts_at: datetime
    driver: str
    external_id: str
    configuration: Mapping[str, Value]


def offer(wanted: Wanted, at: datetime | None = None) -> TermPrice:
    """What it costs now. Computed, stored nowhere. Raises CannotSell."""
    return _offer(wanted, at or clock.now())[0]


def _offer(wanted: Wanted, at: datetime) -> tuple[TermPrice, Days]:
    check_months(wanted.months)
    days = first_term(wanted.starts_at, wanted.months, ZoneInfo(seller().zone))
    if days.ends_at <= at:
        raise CannotSell("The term would be over already. Let it start later, or last longer.")
    priced = price_term(
        wanted.product, wanted.currency, wanted.configuration, months=wanted.months, starts_at=days.starts_at,
        ends_at=days.ends_at, at=at,
    )  # fmt: skip
    return priced, days


def sell(wanted: Wanted, *, shown_minor: int, key: str, staff: User, payment: Payment) -> SoldTerm:
    """Write the service, its first term and the invoice of it. The same `key` again gives the same term.

    `shown_minor` is the price with tax that staff saw. The machine is read before anything is written. Raises CannotSell.
    """
    if (known := sold_before(key)) is not None:
        return known
    asked_at = clock.now()
    _offer(wanted, asked_at)
    try:
        read = same_on_machine(wanted.driver, wanted.external_id, wanted.configuration)
    except NotAsWritten as wrong:
        raise CannotSell(str(wrong)) from wrong
    try:
        with transaction.atomic():
            customer = lock_customer(wanted.customer.pk)
            if (known := sold_before(key)) is not None:
                return known
            priced, days = _offer(wanted, clock.now())
            service = Service.objects.create(
                customer=customer, product=wanted.product, name=wanted.name, currency=wanted.currency,
                driver=wanted.driver, external_id=wanted.external_id, status=Service.Status.WAITING,
                term_starts_at=days.starts_at, term_ends_at=days.ends_at, term_months=wanted.months,
                configuration=dict(wanted.configuration),
            )  # fmt: skip
            keep(service, read, asked_at)
            return write(
                SoldTerm.Kind.PURCHASE, service, priced, days, shown_minor=shown_minor, key=key, staff=staff,
                payment=payment, pay_before=days.ends_at,
            )  # fmt: skip
    except IntegrityError as taken:
        if "machine_sold_once" not in str(taken):
            raise
        raise CannotSell(f"The machine {wanted.external_id} is a service already.") from taken
