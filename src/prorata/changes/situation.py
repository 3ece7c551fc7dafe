"""Everything the price and the limits of a service depend on, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from prorata import clock
from prorata.catalog.models import Product, ResourceType
from prorata.catalog.names import in_language
from prorata.catalog.sold import types_of
from prorata.catalog.values import BookValues, NoPrice, ScheduleValues, Value, live_book, live_schedule
from prorata.changes.drift.hold_still import hold_still
from prorata.changes.limits import Limit, limits
from prorata.changes.models import Change, SoldTerm
from prorata.changes.policy import Allowance, allowance, history, narrowed, open_of
from prorata.changes.refusals import Refusal
from prorata.changes.terms.running import Terms, terms_of
from prorata.invoices.layers import Slice, slices
from prorata.invoices.models import Seller
from prorata.provisioning.reserve import taken
from prorata.services.models import Reading, Service
from prorata.services.readings import newest


class NoSeller(Exception):
    """The installation has no seller yet; staff must add one before anything can be sold or changed."""


def seller() -> Seller:
    """The legal entity that sells. One an installation for now."""
    found = Seller.objects.order_by("id").first()
    if found is None:
        raise NoSeller(
            "No seller is set up. Add one in the staff desk: name, address, tax rounding and time zone."
        )
    return found


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A service as it stands at `now`: what it is, what was measured, what it costs, and what stands in the way."""

    service: Service
    types: tuple[ResourceType, ...]
    book: BookValues | None
    schedule: ScheduleValues | None
    seller: Seller
    reading: Reading | None
    limits: Mapping[str, Limit]
    allowance: Allowance
    obstacles: tuple[Refusal, ...]
    open_change: Change | None
    terms: Terms
    now: datetime

    @property
    def product(self) -> Product:
        return self.service.product

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.seller.zone)

    def kind(self, code: str) -> ResourceType:
        return next(kind for kind in self.types if kind.code == code)

    def taken_back(
        self, targets: Mapping[str, Value], day: date, *, tax_included: bool
    ) -> Mapping[str, tuple[Slice, ...]]:
        """What taking each component of `targets` to its new value takes back of its paid layers. Read when it is asked
        for, because only a reduction needs it."""
        return slices(self.service.pk, targets, day, tax_included=tax_included)


def situation(service: Service, now: datetime | None = None) -> Situation:
    """Read what a change of `service` depends on. Writes nothing, locks nothing."""
    at = now or clock.now()
    types = types_of(service.product)
    reading = newest(service.pk)
    sold_by = seller()
    zone = ZoneInfo(sold_by.zone)
    changes = history(service, service.product, zone, at)
    open_change, left = open_of(changes), allowance(service, service.product, changes, zone, at)
    terms = terms_of(service, at)
    obstacles = [*_obstacles(service, open_change, terms, at)]
    if open_change is None:
        obstacles += left.obstacles
    book: BookValues | None = None
    found: dict[str, Limit] = {}
    try:
        book = live_book(service.product, service.currency, at)
        held = taken(reading, service, at)
        free = narrowed(limits(types, service.configuration, reading, held, book, at), left, book)
        found = hold_still(free, service.differing)
    except NoPrice as missing:
        obstacles.append(Refusal("no_price", None, {"detail": str(missing)}))
    return Situation(
        service=service, types=types, book=book, schedule=live_schedule(service.product, at), seller=sold_by,
        reading=reading, limits=found, allowance=left, obstacles=tuple(obstacles), open_change=open_change,
        terms=terms, now=at,
    )  # fmt: skip


def _obstacles(service: Service, open_change: Change | None, terms: Terms, now: datetime) -> list[Refusal]:
    """Why nothing at all can be changed now, all reasons at once."""
    found = []
    if service.status == Service.Status.WAITING and terms.unpaid is not None:
        found.append(Refusal("unpaid_purchase", None, {"invoice": terms.unpaid.invoice}))
    elif service.status != Service.Status.ACTIVE:
        shown = {"status": service.get_status_display(), "reason": in_language(service.status_reason)}
        found.append(Refusal("not_active", None, shown))
    if now >= service.term_ends_at:
        found.append(Refusal("term_over"))
    elif now < terms.begins and service.status == Service.Status.ACTIVE:
        found.append(Refusal("term_to_come"))
    if terms.unpaid is not None and terms.unpaid.kind == SoldTerm.Kind.RENEWAL:
        found.append(Refusal("unpaid_renewal", None, {"invoice": terms.unpaid.invoice}))
    if open_change is not None:
        found.append(Refusal("open_change", None, {"reference": open_change.reference}))
    return found
