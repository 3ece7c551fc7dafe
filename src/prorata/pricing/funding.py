"""Who paid what: keeps gifted credit apart from cash, and gives back no more than came in.

Everything that moves is in whole minor units and stands on a document line: a new layer bears the tax and the
gifts of its own line. Any set of lines can therefore be reversed and the layers that stay still hold no more
than what was kept for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from .brought import Brought, brought, returned_part
from .change import Price
from .errors import BadInput
from .money import major, minor_digits, spread
from .tax import Document


@dataclass(frozen=True)
class NewLayer:
    """The layer a growing line leaves once it is applied, whole, in precise major units: see `PaidShare`."""

    name: str
    amount: Decimal
    tax: Decimal
    gifted: Decimal


@dataclass(frozen=True)
class Returned:
    """Minor units that go back to account credit (cash) and to gifted credit."""

    cash_minor: int
    gifted_minor: int


@dataclass(frozen=True)
class _Line:
    name: str
    gross: int
    gifted: int
    reduced: bool


@dataclass(frozen=True)
class Funding:
    """Who paid a change. `layers`: one per growing line. `returned`: what a credit note gives back once the
    reductions are applied, cash + gifted == -gross (zero for an invoice)."""

    layers: tuple[NewLayer, ...]
    returned: Returned
    _lines: tuple[_Line, ...]
    _paid: Returned
    _at_most: int

    def reversal(self, names: AbstractSet[str]) -> Returned:
        """What reversing these lines whole gives back, tax included, on top of `returned`.

        Name EVERY line when nothing was applied: that gives back exactly what was paid. Name growing lines
        alone when the reductions were applied: they then also give back what they took over from the reduced
        lines. Lines that fail one after another: the reversal of all of them so far, less what was given back
        already. Raises ValueError for a name that is not in the change, or for a reduced line without all the
        others (undoing only a reduction would be a sale).
        """
        lines = [line for line in self._lines if line.name in names]
        unknown = sorted(names - {line.name for line in lines})
        if unknown:
            raise ValueError(f"no such line in this change: {', '.join(unknown)}")
        if len(lines) == len(self._lines):
            return self._paid
        if any(line.reduced for line in lines):
            raise ValueError("a reduced line can only be reversed together with the whole change")
        gross = max(min(sum(line.gross for line in lines), self._at_most), 0)
        gifted = min(sum(line.gifted for line in lines), gross)
        return Returned(gross - gifted, gifted)


def fund(price: Price, document: Document, *, gifted_minor: int = 0) -> Funding:
    """Split the money of `document` (made from `price`) into purses; `gifted_minor` of its gross is paid from
    gifted credit.

    The gifted part of what reduced lines bring moves to the growing lines, or returns as gifted credit,
    rounded down: less than one minor unit a change turns into cash, and gifted credit never grows. Raises
    BadInput.
    """
    _check(price, document, gifted_minor)
    parts = [part or Brought() for part in brought(price)]
    lines = list(zip(price.lines, document.lines, strict=True))

    out = max(-document.gross, 0)
    bringing = sum((part.gifted for part in parts), Fraction(0))
    gifted_out = min(floor(bringing * returned_part(price, parts)), out)
    weights = [max(printed.gross, 0) if line.exact > 0 else 0 for line, printed in lines]
    moved = floor(bringing) - gifted_out
    # A line cannot be gifted beyond its own gross, so what finds no room becomes cash.
    gifts = _gifts(min(gifted_minor + moved, sum(weights)), weights)

    def precise(amount: int) -> Decimal:
        return major(amount, price.currency)

    return Funding(
        layers=tuple(
            NewLayer(line.name, line.exact, precise(printed.tax), precise(gift))
            for (line, printed), gift in zip(lines, gifts, strict=True)
            if line.exact > 0
        ),
        returned=Returned(out - gifted_out, gifted_out),
        _lines=tuple(
            _Line(line.name, printed.gross, gift, reduced=line.exact < 0)
            for (line, printed), gift in zip(lines, gifts, strict=True)
        ),
        _paid=Returned(max(document.gross, 0) - gifted_minor, gifted_minor),
        _at_most=_at_most(price, document, parts),
    )


def _gifts(total: int, weights: Sequence[int]) -> list[int]:
    if not any(weights):
        return [0] * len(weights)
    return spread(total, [Fraction(weight) for weight in weights])


def _at_most(price: Price, document: Document, parts: Sequence[Brought]) -> int:
    """The most a partial reversal may give back: what was paid plus what the reduced lines brought.

    Rounded lines can print more than that when several small reductions are all rounded up. What an earlier
    carry still owes counts too; a whole unit is only kept back where otherwise more would leave than ever
    came in.
    """
    value = sum((part.amount + (0 if document.included else part.tax) for part in parts), Fraction(0))
    carried = Fraction(price.carry_in) * 10 ** minor_digits(price.currency)
    at_most: int = ceil(document.gross + value - carried)
    return at_most


def _check(price: Price, document: Document, gifted_minor: int) -> None:
    names = [line.name for line in price.lines]
    if len(set(names)) != len(names):
        raise BadInput("two lines of a change have the same name: price each component once")
    if None in brought(price):
        raise BadInput(
            "a reduced line was priced without paid layers: give its layers, or () where nothing was paid"
        )
    if not 0 <= gifted_minor <= max(document.gross, 0):
        raise BadInput(
            f"gifted credit can pay between 0 and {max(document.gross, 0)} here, not {gifted_minor}"
        )
