"""Paid layers: what each component's steps were really paid for, and what a reduction takes back of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import F, Min, OuterRef, Subquery
from django.db.models.functions import Coalesce

from prorata.catalog.values import NoPrice, Value, book
from prorata.invoices.models import Invoice, Layer, Unwinding
from prorata.pricing.layers import PaidShare, in_basis, share_of


@dataclass(frozen=True)
class Slice:
    """The part of one layer between what earlier unwindings left and the price of a new value; rate and name of its tax are
    those of the invoice that charged it, if there is one."""

    layer: Layer
    top_price: Decimal
    left_price: Decimal
    paid: PaidShare
    tax_rate: Decimal | None
    tax_label: str


def slices(
    service_id: int, targets: Mapping[str, Value], day: date, *, tax_included: bool
) -> dict[str, tuple[Slice, ...]]:
    """What taking each component of `targets` to its new value would take back, newest layer first.

    Amounts with tax or without it, as the prices of now are (`tax_included`), whatever the layer's own book said.
    Components without a paid layer above their target get an empty tuple: nothing was paid, nothing comes back.
    """
    found: dict[str, list[Slice]] = {code: [] for code in targets}
    charged = Invoice.objects.filter(
        service=OuterRef("service"), origin=OuterRef("origin"), status=Invoice.Status.PAID
    )
    rows = (
        Layer.objects.filter(service_id=service_id, component__in=list(targets), ends__gt=day)
        .annotate(
            top=Coalesce(Min("unwindings__left_price"), F("high_price")),
            rate=Subquery(charged.values("tax_rate")[:1]), label=Subquery(charged.values("tax_label")[:1]),
        )
        .order_by("-id")
    )  # fmt: skip
    for layer in rows:
        target = _own_price(layer, targets[layer.component])
        share = share_of(layer.low_price, layer.high_price, layer.top, target)
        if share > 0 and layer.top > layer.low_price:
            paid = _paid(layer, share, tax_included)
            left = max(target, layer.low_price)
            found[layer.component].append(
                Slice(layer, layer.top, left, paid, tax_rate=layer.rate, tax_label=layer.label or "")
            )
    return {code: tuple(slices) for code, slices in found.items()}


def _own_price(layer: Layer, value: Value) -> Decimal:
    """The new value's monthly price in the book the layer was paid under; what that book never sold counts as nothing."""
    try:
        return book(layer.price_book_id).monthly(layer.component, value)
    except NoPrice:
        return Decimal(0)


def _paid(layer: Layer, share: Fraction, tax_included: bool) -> PaidShare:
    return PaidShare(
        key=str(layer.pk), amount=_amount(layer, tax_included), starts=layer.starts, ends=layer.ends, share=share,
        tax=layer.tax, gifted=layer.gifted,
    )  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """A paid step as far as no reduction has taken it back: `share` of it, and the cash that paid for that (major units,
    in the basis of today)."""

    layer: Layer
    share: Fraction
    cash: Fraction


def standing(service_id: int, ends: date, day: date, *, tax_included: bool) -> tuple[Standing, ...]:
    """What still stands on `day` of all that was paid for the time until `ends`, terms paid ahead included."""
    rows = (
        Layer.objects.filter(service_id=service_id, starts__lt=ends, ends__gt=day)
        .annotate(top=Coalesce(Min("unwindings__left_price"), F("high_price")))
        .order_by("id")
    )
    found = []
    for layer in rows:
        if share := _standing_share(layer.low_price, layer.high_price, layer.top):
            found.append(Standing(layer, share, _cash(layer, tax_included) * share))
    return tuple(found)


def _standing_share(low: Decimal, high: Decimal, top: Decimal) -> Fraction:
    if high <= low:
        return Fraction(1 if top >= high else 0)
    return (Fraction(top) - Fraction(low)) / (Fraction(high) - Fraction(low))


def _cash(layer: Layer, tax_included: bool) -> Fraction:
    """The part of a layer's amount that was not paid with gifts."""
    gross = Fraction(layer.amount) + (0 if book(layer.price_book_id).tax_included else Fraction(layer.tax))
    amount = Fraction(_amount(layer, tax_included))
    return amount * max(1 - Fraction(layer.gifted) / gross, Fraction(0)) if gross else Fraction(0)


def _amount(layer: Layer, tax_included: bool) -> Decimal:
    """What was paid for a layer with tax or without it, as asked, whatever its own book said."""
    had = book(layer.price_book_id).tax_included
    return in_basis(layer.amount, layer.tax, included=had, wanted=tax_included)


def unwind_recorded(slices: Iterable[Mapping[str, Any]], *, origin: str, at: datetime) -> None:
    """Record that these slices, as a quote froze them ({layer, top, left}), were taken back."""
    Unwinding.objects.bulk_create(
        Unwinding(
            layer_id=s["layer"],
            top_price=Decimal(s["top"]),
            left_price=Decimal(s["left"]),
            origin=origin,
            at=at,
        )
        for s in slices
    )
