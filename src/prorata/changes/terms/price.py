"""What a term costs before anybody buys it: line by line, for staff to see and for the invoice to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from prorata.catalog.models import Product, ResourceType
from prorata.catalog.values import BookValues, NoPrice, ScheduleValues, Value, live_book, live_schedule
from prorata.changes.inputs import tax_of, tiers_of, tiers_text
from prorata.changes.situation import seller
from prorata.changes.taken_in import NotAsWritten, every_resource, priced
from prorata.changes.terms.refused import CannotSell
from prorata.invoices.models import Seller
from prorata.pricing.change import Price
from prorata.pricing.errors import BadInput
from prorata.pricing.tax import Document, TaxRule, document
from prorata.pricing.term import price_of_term

MOST_MONTHS = 120


@dataclass(frozen=True, kw_only=True)
class TermLine:
    """One component: its monthly price in major units, what the discount leaves of it, the exact price of the term, and
    what is charged in minor units. `amount_minor` is in the basis of the price book."""

    code: str
    name: str
    unit: str
    value_name: str
    monthly: Decimal
    made: str
    factor: Fraction
    exact: Decimal
    amount_minor: int
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, kw_only=True)
class TermPrice:
    """The price of a term with all it stands on."""

    product: Product
    currency: str
    configuration: Mapping[str, Value]
    months: int
    starts_at: datetime
    ends_at: datetime
    at: datetime
    seller: Seller
    book: BookValues
    schedule: ScheduleValues | None
    price: Price
    document: Document
    lines: tuple[TermLine, ...]

    @property
    def gross_minor(self) -> int:
        return self.document.gross

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.seller.zone)

    @property
    def factor(self) -> Fraction:
        """What the discount of so many months leaves of the monthly prices."""
        return self.schedule.schedule.factor(self.months) if self.schedule else Fraction(1)


def check_months(months: int) -> None:
    """Raises CannotSell for a term that is too short or too long."""
    if not 1 <= months <= MOST_MONTHS:
        raise CannotSell(f"A term is sold for 1 to {MOST_MONTHS} months.")


def price_term(
    product: Product,
    currency: str,
    configuration: Mapping[str, Value],
    *,
    months: int,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
) -> TermPrice:
    """By the price book and the discounts that are live `at` this instant. Raises CannotSell."""
    sold_by = seller()
    try:
        every_resource(product, configuration)
        book = live_book(product, currency, at)
        priced(book, configuration)
        live = live_schedule(product, at)
        types = list(product.resource_types.prefetch_related("options"))
        price = price_of_term(
            starts_at=starts_at, ends_at=ends_at, zone=ZoneInfo(sold_by.zone), months=months, currency=currency,
            schedule=live.schedule if live else None, monthly=_monthly(types, book, configuration),
        )  # fmt: skip
    except (NotAsWritten, NoPrice, BadInput) as problem:
        said = str(problem)
        raise CannotSell(said[0].upper() + said[1:]) from problem
    rule = TaxRule(rate=product.tax_rate, included=book.tax_included, rounding=sold_by.tax_rounding)
    paper = document(price, rule)
    return TermPrice(
        product=product, currency=currency, configuration=dict(configuration), months=months, starts_at=starts_at,
        ends_at=ends_at, at=at, seller=sold_by, book=book, schedule=live, price=price, document=paper,
        lines=_lines(types, configuration, price, paper),
    )  # fmt: skip


def _monthly(
    types: list[ResourceType], book: BookValues, configuration: Mapping[str, Value]
) -> list[tuple[str, Decimal, str]]:
    """What costs nothing a month is no line of its own."""
    found = []
    for code in (kind.code for kind in types):
        value = configuration[code]
        if monthly := book.monthly(code, value):
            found.append((code, monthly, book.made_up(code, value)))
    return found


def _lines(
    types: list[ResourceType], configuration: Mapping[str, Value], price: Price, paper: Document
) -> tuple[TermLine, ...]:
    kinds = {kind.code: kind for kind in types}
    return tuple(
        TermLine(
            code=line.name, name=kinds[line.name].name, unit=kinds[line.name].unit,
            value_name=value_name(kinds[line.name], configuration[line.name]), monthly=line.new,
            made=line.component.new_made, factor=line.new_factor, exact=line.exact, amount_minor=line.amount,
            net_minor=printed.net, tax_minor=printed.tax,
        )
        for line, printed in zip(price.lines, paper.lines, strict=True)
    )  # fmt: skip


def value_name(kind: ResourceType, value: Value) -> str:
    """A value without its unit, in words: an option's name, or the quantity."""
    return next((option.name for option in kind.options.all() if option.code == value), str(value))


def freeze(offer: TermPrice) -> dict[str, Any]:
    """Everything the price was computed from, exactly."""
    tax = TaxRule(
        rate=offer.product.tax_rate, included=offer.book.tax_included, rounding=offer.seller.tax_rounding
    )
    return {
        "at": offer.at.isoformat(), "starts_at": offer.starts_at.isoformat(), "ends_at": offer.ends_at.isoformat(),
        "zone": str(offer.zone), "currency": offer.currency, "months": offer.months,
        "schedule": tiers_text(offer.schedule.schedule if offer.schedule else None),
        "tax": {"rate": str(tax.rate), "included": tax.included, "rounding": tax.rounding},
        "monthly": [[line.code, str(line.monthly), line.made] for line in offer.lines],
    }  # fmt: skip


def replay(inputs: Mapping[str, Any]) -> tuple[Price, Document]:
    """The price and the document that frozen inputs give."""
    price = price_of_term(
        starts_at=datetime.fromisoformat(inputs["starts_at"]), ends_at=datetime.fromisoformat(inputs["ends_at"]),
        zone=ZoneInfo(inputs["zone"]), months=inputs["months"], currency=inputs["currency"],
        schedule=tiers_of(inputs["schedule"]),
        monthly=[(code, Decimal(monthly), made) for code, monthly, made in inputs["monthly"]],
    )  # fmt: skip
    return price, document(price, tax_of(dict(inputs)))
