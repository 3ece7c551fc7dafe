"""Price books and discount schedules as plain values for the pure core.

A book or schedule that has started never changes, so its values are kept per process by id. Until then it may be edited in
any process, and each goes by the clock of its own host: clocks differ, and an edit that begins just before the start ends
after it. So what is kept started long ago; before that it is read anew each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from prorata import clock
from prorata.catalog import sold
from prorata.catalog.models import DiscountSchedule, PriceBook, Product
from prorata.catalog.models import Rate as RateRow
from prorata.catalog.sold import live_book_id, live_schedule_id
from prorata.pricing.errors import BadInput
from prorata.pricing.rates import Band, OptionPrices, Rate, Tiered, UnitPrice, Value, Volume, parts_text
from prorata.pricing.tiers import Schedule, Tier

__all__ = [
    "BookValues",
    "NoPrice",
    "ScheduleValues",
    "Value",
    "book",
    "forget",
    "live_book",
    "live_schedule",
    "schedule",
]


class NoPrice(Exception):
    """There is no live price for what was asked; the message says which book is missing."""


@dataclass(frozen=True, kw_only=True)
class BookValues:
    """Rates of one price book by component code, in major units of its currency; the minimum charge in minor units."""

    id: int
    product_code: str
    version: int
    currency: str
    tax_included: bool
    minimum_charge_minor: int
    rates: Mapping[str, Rate]

    def monthly(self, code: str, value: Value) -> Decimal:
        """The monthly price of a component at a value."""
        rate = self._rate(code)
        try:
            return rate.monthly(value)
        except BadInput as missing:
            raise NoPrice(f"{self} has no price for {code} {value}.") from missing

    def hourly(self, code: str, value: Value) -> Decimal | None:
        """The price of an hour of a component at a value, where it is sold without a term; None elsewhere."""
        rate = self._rate(code)
        try:
            return rate.hourly(value)
        except BadInput as missing:
            raise NoPrice(f"{self} has no price for {code} {value}.") from missing

    def made_up(self, code: str, value: Value) -> str:
        """How a monthly price in bands is made up ("4 × 10 + 2 × 8"); empty for one price."""
        return parts_text(self._rate(code).parts(value))

    def _rate(self, code: str) -> Rate:
        if code not in self.rates:
            raise NoPrice(f"{self} has no rate for {code}.")
        return self.rates[code]

    def __str__(self) -> str:
        return f"Price book {self.product_code} {self.currency} v{self.version}"


@dataclass(frozen=True, kw_only=True)
class ScheduleValues:
    id: int
    version: int
    schedule: Schedule


def live_book(product: Product, currency: str, at: datetime) -> BookValues:
    """The public price book in force at an instant, never a campaign. Raises NoPrice."""
    newest = live_book_id(product, currency, at)
    if newest is None:
        raise NoPrice(
            f"{product.name} has no price book in {currency} at this time. Add one that has started."
        )
    return book(newest)


# More than clocks of hosts differ by, and longer than any edit takes.
SETTLED = timedelta(hours=1)
_books: dict[int, BookValues] = {}
_schedules: dict[int, ScheduleValues] = {}


def book(book_id: int) -> BookValues:
    """One price book by id, live or not."""
    if (kept := _books.get(book_id)) is not None:
        return kept
    found = PriceBook.objects.select_related("product").get(pk=book_id)
    rates: dict[str, Rate] = {}
    options: dict[str, tuple[dict[str, Decimal], dict[str, Decimal]]] = {}
    for row in found.rates.select_related("resource_type", "option").prefetch_related("bands"):
        code = row.resource_type.code
        if row.option is None:
            rates[code] = rate_of(row)
            continue
        months, hours = options.setdefault(code, ({}, {}))
        months[row.option.code] = row.monthly or Decimal(0)
        if row.hourly is not None:
            hours[row.option.code] = row.hourly
    rates |= {code: OptionPrices(months, hours) for code, (months, hours) in options.items()}
    values = BookValues(
        id=found.pk, product_code=found.product.code, version=found.version, currency=found.currency,
        tax_included=found.tax_included, minimum_charge_minor=found.minimum_charge_minor, rates=rates,
    )  # fmt: skip
    if _never_changes(found):
        _books[book_id] = values
    return values


def rate_of(row: RateRow) -> UnitPrice | Tiered | Volume:
    """The rate of a quantity as a value."""
    if row.form == RateRow.Form.UNIT:
        assert row.monthly is not None, "the table lets no price for each be empty"
        return UnitPrice(row.monthly, row.hourly)
    bands = tuple(Band(band.up_to, band.unit, band.flat) for band in row.bands.all())
    return (Tiered if row.form == RateRow.Form.TIERED else Volume)(bands, row.hourly)


def live_schedule(product: Product, at: datetime) -> ScheduleValues | None:
    """The public discount schedule in force at an instant, or None where length earns nothing."""
    newest = live_schedule_id(product, at)
    return None if newest is None else schedule(newest)


def schedule(schedule_id: int) -> ScheduleValues:
    """One discount schedule by id, live or not."""
    if (kept := _schedules.get(schedule_id)) is not None:
        return kept
    found = DiscountSchedule.objects.get(pk=schedule_id)
    tiers = tuple(Tier(months=tier.months, off=tier.off) for tier in found.tiers.all())
    values = ScheduleValues(id=found.pk, version=found.version, schedule=Schedule(tiers))
    if _never_changes(found):
        _schedules[schedule_id] = values
    return values


def _never_changes(version: PriceBook | DiscountSchedule) -> bool:
    """On no host any more."""
    return version.starts_at <= clock.now() - SETTLED


def forget() -> None:
    """Between tests, whose rows have the same numbers."""
    sold.forget()
    _books.clear()
    _schedules.clear()
