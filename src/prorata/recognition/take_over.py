"""Take over what customers of adopted services had paid elsewhere: it is owed to them as days, so it is deferred revenue.

A reduction of such a service gives credit for days that no invoice of ours charged. With the opening in the books that
credit takes back deferred revenue that really stands there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat

from prorata.catalog.values import book
from prorata.invoices.models import Layer, Seller
from prorata.ledger import accounts
from prorata.ledger.post import post
from prorata.pricing.money import half_up, minor_digits
from prorata.pricing.terms import local_date
from prorata.recognition.by_day import Item, from_day
from prorata.recognition.models import Day, Opening

Found = tuple[Layer, Item]


def take_over(day: Day) -> None:
    """Post what services adopted by the end of `day` brought along, one transfer a product and currency."""
    if not is_first(day.seller_id):
        return
    groups: dict[tuple[int, str], list[Found]] = defaultdict(list)
    fresh = adopted().filter(service__opening=None, at__lt=day.ends_at)
    for layer, item in openings(fresh, ZoneInfo(day.seller.zone)):
        groups[layer.service.product_id, layer.service.currency].append((layer, item))
    for (product_id, currency), found in sorted(groups.items()):
        amount = sum(item.amount for _, item in found)
        transfer = post(
            key=f"takeover:{day.seller_id}:{day.day}:{product_id}:{currency}", kind="taken_over",
            origin=f"recognition:{day.day}", at=day.last_moment,
            legs=[(accounts.adopted(currency), amount), (accounts.deferred_revenue(currency), -amount)],
        )  # fmt: skip
        Opening.objects.bulk_create(
            Opening(
                service=layer.service, day=day, currency=currency, amount_minor=item.amount, starts=item.starts,
                ends=item.ends, transfer_id=transfer,
            )
            for layer, item in found
        )  # fmt: skip


def is_first(seller_id: int) -> bool:
    """Paid layers name no seller; services are adopted by the first one."""
    return Seller.objects.order_by("id").values_list("pk", flat=True).first() == seller_id


def adopted() -> QuerySet[Layer]:
    """The opening layers of adopted services."""
    own = Concat(Value("adopted:"), Cast(F("service_id"), CharField()))
    return Layer.objects.filter(origin=own).select_related("service").order_by("service_id", "id")


def openings(layers: QuerySet[Layer], zone: ZoneInfo) -> Iterator[Found]:
    """For each adopted service with something left to serve: one of its layers, and what is deferred of all of them."""
    of_service: dict[int, list[Layer]] = defaultdict(list)
    for layer in layers.iterator(2_000):
        of_service[layer.service_id].append(layer)
    for found in of_service.values():
        first = found[0]
        unit = 10 ** minor_digits(first.service.currency)
        paid = half_up(sum((_net(layer) for layer in found), Fraction(0)) * unit)
        left = from_day(Item(paid, first.starts, first.ends), local_date(first.at, zone))
        if left is not None and left.amount:
            yield first, left


def _net(layer: Layer) -> Fraction:
    """What a layer's customer paid without tax, whatever the basis of its book."""
    tax = Fraction(layer.tax) if book(layer.price_book_id).tax_included else Fraction(0)
    return Fraction(layer.amount) - tax
