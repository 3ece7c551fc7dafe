"""At which tax rate something that comes back was charged: that of its invoice then, never today's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from prorata.catalog.values import book
from prorata.invoices.layers import Slice
from prorata.invoices.models import Layer

# Of a rate, as every product and document keeps it.
DIGITS = 6


@dataclass(frozen=True)
class ChargedRate:
    """`label` is empty where no document of ours has one."""

    rate: Decimal
    label: str


def charged_rate(slices: Iterable[Slice], day: date) -> ChargedRate | None:
    """The rate at which the most of what `slices` hold on `day` was charged, because a document has one rate.

    What was adopted bears its rate itself. None where nothing is held, or where no invoice charged it: what grew in a
    change without anything to pay.
    """
    held: dict[str, list[Slice]] = defaultdict(list)
    for one in slices:
        if one.paid.value(day):
            held[one.layer.origin].append(one)
    sums: dict[ChargedRate, Fraction] = defaultdict(Fraction)
    for origin, some in held.items():
        first = some[0]  # an origin has one invoice
        if first.tax_rate is not None:
            found: ChargedRate | None = ChargedRate(first.tax_rate, first.tax_label)
        else:
            found = _borne(origin, [one.layer for one in some])
        if found is not None:
            sums[found] += sum(one.paid.value(day) for one in some)
    return max(sums, key=lambda found: sums[found]) if sums else None


def _borne(origin: str, layers: Iterable[Layer]) -> ChargedRate | None:
    """The rate of an adoption, whose layers hold its tax exactly."""
    if not origin.startswith("adopted:"):
        return None
    tax = net = Fraction(0)
    for layer in layers:
        tax += Fraction(layer.tax)
        included = book(layer.price_book_id).tax_included
        net += Fraction(layer.amount) - (Fraction(layer.tax) if included else 0)
    return ChargedRate(Decimal(round(tax / net * 10**DIGITS)).scaleb(-DIGITS), "") if net else None
