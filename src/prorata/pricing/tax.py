"""Tax on a change, once per document: added to the rounded net, or taken out of the rounded gross."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from .brought import Brought, brought, returned_part
from .change import Price
from .charge import Charge, charge
from .errors import BadInput
from .money import half_up, minor_digits, spread
from .voucher import Voucher

_ROUNDINGS: dict[str, Callable[[Fraction], int]] = {"half_up": half_up, "down": floor, "up": ceil}


@dataclass(frozen=True)
class TaxRule:
    """`rate` as a fraction (0.10 is 10 per cent); `included` says whether prices include it; `rounding` is
    "half_up", "down" (toward zero) or "up" (away from zero)."""

    rate: Decimal
    included: bool = False
    rounding: str = "half_up"

    def __post_init__(self) -> None:
        if not (self.rate.is_finite() and self.rate >= 0):
            raise BadInput(f"a tax rate must be 0 or more (0.10 is 10 per cent), not {self.rate}")
        if self.rounding not in _ROUNDINGS:
            raise BadInput(f"tax rounds {', '.join(_ROUNDINGS)}, not {self.rounding!r}")

    @property
    def part(self) -> Fraction:
        """The tax in one unit of a price: of the net where tax is added, of the gross where it is
        included."""
        rate = Fraction(self.rate)
        return rate / (1 + rate) if self.included else rate

    def on(self, amount: int) -> int:
        """The tax on `amount` (minor units >= 0, net or gross by `included`), rounded."""
        return _ROUNDINGS[self.rounding](amount * self.part)


@dataclass(frozen=True)
class DocumentLine:
    """One line of the document in signed minor units: net + tax == gross."""

    name: str
    net: int
    tax: int
    gross: int


@dataclass(frozen=True)
class Document:
    """The invoice (gross > 0) or credit note (gross < 0) of a change, in signed minor units. The lines, in
    the order of the price, add up to the totals. `included` says which of net and gross the prices were.
    `charge` tells how a minimum charge and a voucher led from the price to these lines."""

    net: int
    tax: int
    gross: int
    lines: tuple[DocumentLine, ...]
    charge: Charge
    included: bool = False


def document(price: Price, tax: TaxRule, *, minimum: int = 0, voucher: Voucher | None = None) -> Document:
    """The document of `price`, with a minimum charge in minor units and a voucher. Tax is worked out once, on
    the rounded total that is charged. Raises NotForThis where the voucher does not fit.

    A credit returns tax at the rates at which it was really charged: the part of the layers' tax that belongs
    to what leaves, rounded down, never today's rate. What the reduced lines bring beyond that moves to the
    growing lines. Where the price was made without layers, the rule alone decides.
    """
    charged = charge(price, minimum=minimum, voucher=voucher)
    parts = brought(price)
    unit = 10 ** minor_digits(price.currency)
    borne = [
        part.tax if part else tax.part * -Fraction(line.exact) * unit
        for part, line in zip(parts, price.lines, strict=True)
    ]
    returned = _returned(price, tax, parts)
    amounts = charged.amounts
    grows = [max(n, 0) if line.exact > 0 else 0 for line, n in zip(price.lines, amounts, strict=True)]
    shrinks = [max(-n, 0) for n in amounts]
    moved = 0
    if any(grows) and any(shrinks):
        moved = max(floor(sum(borne, Fraction(0))) - returned, 0)

    plus = _spread(tax.on(max(charged.total, 0)) + moved, grows, [max(n, 0) for n in amounts])
    minus = _spread(returned + moved, [b if s else 0 for b, s in zip(borne, shrinks, strict=True)], shrinks)
    return _document(charged, [up - down for up, down in zip(plus, minus, strict=True)], tax.included)


def _returned(price: Price, tax: TaxRule, parts: Sequence[Brought | None]) -> int:
    """The tax a credit gives back, in minor units >= 0."""
    if price.total >= 0:
        return 0
    if None in parts:
        return tax.on(-price.total)
    bearing = sum((part.tax for part in parts if part), Fraction(0))
    back: int = floor(bearing * returned_part(price, parts))
    return back


def _spread(total: int, weights: Sequence[Fraction | int], fallback: Sequence[int]) -> list[int]:
    """`total` >= 0 over the lines by `weights`, or by `fallback` where rounding left no weight at all."""
    if not total:
        return [0] * len(weights)
    return spread(total, [Fraction(weight) for weight in (weights if any(weights) else fallback)])


def _document(charged: Charge, taxes: Sequence[int], included: bool) -> Document:
    lines = tuple(
        DocumentLine(line.name, amount - tax, tax, amount)
        if included
        else DocumentLine(line.name, amount, tax, amount + tax)
        for line, amount, tax in zip(charged.price.lines, charged.amounts, taxes, strict=True)
    )
    net, tax_sum, gross = (sum(getattr(line, what) for line in lines) for what in ("net", "tax", "gross"))
    return Document(net, tax_sum, gross, lines, charged, included)
