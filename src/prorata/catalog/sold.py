"""What a product sells, kept per process as long as the product's revision stays the same.

PostgreSQL gives a product another revision with every change of its resource types, options, linked limits, price books and
schedules. The revision is read with the product, so what is kept here is never older than the product that was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from prorata.catalog.models import DiscountSchedule, PriceBook, Product, ResourceType


class Start(NamedTuple):
    """From when a version counts; the newest of those that have begun is in force."""

    at: datetime
    version: int
    id: int


def types_of(product: Product) -> tuple[ResourceType, ...]:
    """The resource types with their options and linked limits. Shared between requests: only to be read."""
    return _types(product.pk, product.revision)


def live_book_id(product: Product, currency: str, at: datetime) -> int | None:
    """The public price book in force at an instant, never a campaign."""
    return _newest(_books(product.pk, product.revision).get(currency, ()), at)


def live_schedule_id(product: Product, at: datetime) -> int | None:
    return _newest(_schedules(product.pk, product.revision), at)


def _newest(starts: Iterable[Start], at: datetime) -> int | None:
    begun = [start for start in starts if start.at <= at]
    return max(begun).id if begun else None


def forget() -> None:
    """Between tests, which count statements."""
    for kept in (_types, _books, _schedules):
        kept.cache_clear()


@lru_cache(maxsize=128)
def _types(product: int, revision: UUID) -> tuple[ResourceType, ...]:
    return tuple(ResourceType.objects.filter(product=product).with_rules())


@lru_cache(maxsize=128)
def _books(product: int, revision: UUID) -> dict[str, list[Start]]:
    found: dict[str, list[Start]] = {}
    rows = PriceBook.objects.public().filter(product=product).order_by()
    for currency, starts_at, version, pk in rows.values_list("currency", "starts_at", "version", "id"):
        found.setdefault(currency, []).append(Start(starts_at, version, pk))
    return found


@lru_cache(maxsize=128)
def _schedules(product: int, revision: UUID) -> tuple[Start, ...]:
    rows = DiscountSchedule.objects.filter(product=product).order_by()
    return tuple(Start(*start) for start in rows.values_list("starts_at", "version", "id"))
