"""The next renewal of every active service, now and under other prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from prorata.catalog.models import Product
from prorata.catalog.values import NoPrice, live_book, live_schedule
from prorata.changes.simulate.monthly import Monthly, Unpriced
from prorata.changes.simulate.net import without_tax
from prorata.changes.simulate.outcome import Row
from prorata.changes.simulate.question import CannotSimulate, OtherBook, Pair, Question
from prorata.pricing.bulk import column, renewal_prices
from prorata.pricing.tax import TaxRule
from prorata.pricing.tiers import Schedule
from prorata.services.models import Service

_AT_ONCE = 10_000


@dataclass
class _Group:
    """The services of one product in one currency, as columns."""

    product: Product
    currency: str
    codes: tuple[str, ...]
    now: Monthly
    then: Monthly
    schedule: Schedule | None
    other: OtherBook | None
    tax_included: bool
    customers: list[int] = field(default_factory=list)
    months: list[int] = field(default_factory=list)
    monthly_now: list[int] = field(default_factory=list)
    monthly_then: list[int] = field(default_factory=list)


def renewals(question: Question, at: datetime, rounding: str, left_out: list[str]) -> Iterator[Row]:
    """A row for every active service that is concerned. What has no price today is named in `left_out`; raises
    CannotSimulate where the other prices lack one."""
    products = Product.objects.prefetch_related("resource_types").in_bulk()
    groups: dict[Pair, _Group | None] = {}
    unpriced: dict[str, int] = {}
    services = Service.objects.filter(status=Service.Status.ACTIVE).order_by("id")
    if question.books:
        services = services.filter(product_id__in={product for product, _ in question.books})
    elif question.product is not None:
        services = services.filter(product=question.product)
    facts = services.values_list(
        "name", "customer_id", "product_id", "currency", "term_months", "configuration"
    )
    for name, customer, product_id, currency, months, configuration in facts.iterator(_AT_ONCE):
        if not question.concerns(product_id, currency):
            continue
        pair = (product_id, currency)
        if pair not in groups:
            groups[pair] = _group(products[product_id], currency, question, at, left_out)
        if (group := groups[pair]) is None:
            continue
        try:
            now = group.now.sum(configuration, group.codes)
        except Unpriced as missing:
            unpriced[str(missing)] = unpriced.get(str(missing), 0) + 1
            continue
        try:
            then = group.then.sum(configuration, group.codes)
        except Unpriced as missing:
            raise CannotSimulate(f"{missing}, which {name} has: add it") from None
        group.customers.append(customer)
        group.months.append(months)
        group.monthly_now.append(now)
        group.monthly_then.append(then)
    left_out += [f"{why}: services left out: {count}" for why, count in unpriced.items()]
    for group in groups.values():
        if group is not None:
            yield from _rows(group, rounding)


def _group(
    product: Product, currency: str, question: Question, at: datetime, left_out: list[str]
) -> _Group | None:
    try:
        live = live_book(product, currency, at)
    except NoPrice as missing:
        left_out.append(str(missing))
        return None
    other = question.books.get((product.pk, currency))
    schedule = live_schedule(product, at)
    now = Monthly(str(live), live.rates)
    return _Group(
        product=product,
        currency=currency,
        codes=tuple(kind.code for kind in product.resource_types.all()),
        now=now,
        then=now if other is None else Monthly(other.name, other.rates),
        schedule=schedule.schedule if schedule else None,
        other=other,
        tax_included=live.tax_included,
    )


def _rows(group: _Group, rounding: str) -> Iterator[Row]:
    then_schedule, then_included = group.schedule, group.tax_included
    if group.other is not None:
        then_included = group.other.tax_included
        then_schedule = group.schedule if group.other.keeps_discounts else group.other.schedule
    months = np.array(group.months, np.int64)
    sides = (
        (group.monthly_now, group.schedule, group.tax_included),
        (group.monthly_then, then_schedule, then_included),
    )
    now, then = (
        without_tax(
            renewal_prices(column(monthly), months, currency=group.currency, schedules=[schedule]).tolist(),
            TaxRule(group.product.tax_rate, included, rounding),
        )
        for monthly, schedule, included in sides
    )
    for customer, before, after in zip(group.customers, now, then, strict=True):
        yield Row(group.product.pk, customer, group.currency, before, after)
