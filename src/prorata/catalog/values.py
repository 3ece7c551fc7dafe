"""Price books and discount schedules as plain values for the pure core.

A book or schedule that has started never changes, so its values are kept per process by id: the cache cannot be stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from prorata.catalog.models import DiscountSchedule, PriceBook, Product
from prorata.pricing.tiers import Schedule, Tier

Value = int | str


class NoPrice(Exception):
    """There is no live price for what was asked; the message says which book is missing."""


@dataclass(frozen=True, kw_only=True)
class BookValues:
    """Monthly rates of one price book, in major units of its currency.

    `rates` maps a component code to the price of one unit, or for options to a price per option code.
    """

    id: int
    product_code: str
    version: int
    currency: str
    tax_included: bool
    rates: dict[str, Decimal | dict[str, Decimal]]

    def monthly(self, code: str, value: Value) -> Decimal:
        """The monthly price of a component at a value."""
        rate = self.rates.get(code)
        if isinstance(rate, dict):
            if value not in rate:
                raise NoPrice(
                    f"Price book {self.product_code} {self.currency} v{self.version} has no price for {code} {value}."
                )
            return rate[str(value)]
        if rate is None or isinstance(value, str):
            raise NoPrice(
                f"Price book {self.product_code} {self.currency} v{self.version} has no rate for {code}."
            )
        return rate * value


@dataclass(frozen=True, kw_only=True)
class ScheduleValues:
    id: int
    version: int
    schedule: Schedule


def live_book(product: Product, currency: str, at: datetime) -> BookValues:
    """The public price book in force at an instant. Raises NoPrice."""
    newest = (
        PriceBook.objects.filter(product=product, currency=currency, starts_at__lte=at)
        .order_by("-starts_at", "-version")
        .values_list("id", flat=True)
        .first()
    )
    if newest is None:
        raise NoPrice(
            f"{product.name} has no price book in {currency} at this time. Add one that has started."
        )
    return book(newest)


@lru_cache(maxsize=512)
def book(book_id: int) -> BookValues:
    """One price book by id, live or not."""
    found = PriceBook.objects.select_related("product").get(pk=book_id)
    rates: dict[str, Decimal | dict[str, Decimal]] = {}
    for rate in found.rates.select_related("resource_type", "option"):
        code = rate.resource_type.code
        if rate.option is None:
            rates[code] = rate.monthly
        else:
            by_option = rates.setdefault(code, {})
            assert isinstance(by_option, dict), f"{code} has both a unit rate and option prices"
            by_option[rate.option.code] = rate.monthly
    return BookValues(
        id=found.pk, product_code=found.product.code, version=found.version, currency=found.currency,
        tax_included=found.tax_included, rates=rates,
    )  # fmt: skip


def live_schedule(product: Product, at: datetime) -> ScheduleValues | None:
    """The public discount schedule in force at an instant, or None where length earns nothing."""
    newest = (
        DiscountSchedule.objects.filter(product=product, starts_at__lte=at)
        .order_by("-starts_at", "-version")
        .values_list("id", flat=True)
        .first()
    )
    return None if newest is None else schedule(newest)


@lru_cache(maxsize=512)
def schedule(schedule_id: int) -> ScheduleValues:
    found = DiscountSchedule.objects.get(pk=schedule_id)
    tiers = tuple(Tier(months=tier.months, off=tier.off) for tier in found.tiers.all())
    return ScheduleValues(id=found.pk, version=found.version, schedule=Schedule(tiers))


def forget() -> None:
    """For a book or schedule that was edited before it started, and between tests."""
    book.cache_clear()
    schedule.cache_clear()
