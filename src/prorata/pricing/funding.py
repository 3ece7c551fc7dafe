"""Who paid what: keeps gifted credit apart from cash, and gives back no more than came in.

Everything that moves is in whole minor units and stands on a document line: a new layer bears the tax and the
gifts of its own line. Any set of lines can therefore be reversed and the layers that stay still hold no more
than what was kept for them.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from .brought import Brought, brought, returned_part
from .change import Price
from .errors import BadInput
from .money import eight_decimals, major, minor_digits, spread
from .tax import Document, DocumentLine


@dataclass(frozen=True)
class NewLayer:
    """The layer a growing line leaves once it is applied, whole, in precise major units: see `PaidShare`."""

    name: str
    amount: Decimal
    tax: Decimal
    gifted: Decimal


@dataclass(frozen=True)
class Returned:
    """Minor units that go back to account credit (cash) and to gifted credit.

    Of a reversal, `lines` are the lines of its credit note: what was printed, net and tax of each, adding up
    to cash + gifted.
    """

    cash_minor: int
    gifted_minor: int
    lines: tuple[DocumentLine, ...] = field(default=(), compare=False)

    @property
    def total_minor(self) -> int:
        return self.cash_minor + self.gifted_minor


@dataclass(frozen=True)
class Funding:
    """Who paid a change. `layers`: one per growing line. `returned`: what a credit note gives back once the
    reductions are applied, cash + gifted == -gross (zero for an invoice)."""

    layers: tuple[NewLayer, ...]
    returned: Returned
    _price: Price
    _document: Document
    _gifts: dict[str, int]
    _gifted_minor: int
    _overpaid: dict[str, Fraction]

    @property
    def voucher_rest(self) -> Fraction:
        """What a voucher paid beyond the exact price of its lines, in major units: less than a unit a line."""
        return sum(self._overpaid.values(), Fraction(0))

    def reversal(self, names: AbstractSet[str]) -> Returned:
        """What reversing these lines whole gives back, tax included, on top of `returned`.

        Name EVERY line when nothing was applied: that gives back exactly what was paid. Name growing lines
        alone when the reductions were applied: they then also give back what they took over from the reduced
        lines. Lines that fail one after another: the reversal of all of them so far, less what was given back
        already. Raises ValueError for a name that is not in the change, or for a reduced line without all the
        others (undoing only a reduction would be a sale).
        """
        printed = self._named(names)
        if len(printed) == len(self._document.lines):
            paid = max(self._document.gross, 0)
            return Returned(paid - self._gifted_minor, self._gifted_minor, printed if paid else ())
        lines = self._given_back(printed)
        gross = sum(line.gross for line in lines)
        gifted = min(sum(self._gifts[line.name] for line in lines), gross)
        return Returned(gross - gifted, gifted, lines)

    def carry_after(self, reversed_names: AbstractSet[str] = frozenset()) -> Decimal:
        """The carry to commit once the change is final: carry in + sum(exact - amount) of the lines kept,
        less what a reversal kept back.

        With every line kept it is the price's `carry_out`, with every line reversed its `carry_in`. After a
        partial reversal, and where a voucher paid for more than a line's exact price, it may lie beyond half a
        minor unit; the next change takes it as it is.
        """
        printed = self._named(reversed_names)
        if len(printed) == len(self._document.lines):
            return self._price.carry_in
        kept_back = 0
        if printed:
            kept_back = sum(line.gross for line in printed) - self.reversal(reversed_names).total_minor
        kept = [line for line in self._price.lines if line.name not in reversed_names]
        units = sum(line.amount for line in kept) + kept_back
        exact = sum(
            (Fraction(line.exact) + self._overpaid[line.name] for line in kept),
            Fraction(self._price.carry_in),
        )
        return eight_decimals(exact - Fraction(units, 10 ** minor_digits(self._price.currency)))

    def _named(self, names: AbstractSet[str]) -> tuple[DocumentLine, ...]:
        """The printed lines of these names, if they may be reversed together."""
        printed = tuple(line for line in self._document.lines if line.name in names)
        unknown = sorted(names - {line.name for line in printed})
        if unknown:
            raise ValueError(f"no such line in this change: {', '.join(unknown)}")
        reduced = {line.name for line in self._price.lines if line.exact < 0}
        if reduced & names and len(printed) < len(self._document.lines):
            raise ValueError("a reduced line can only be reversed together with the whole change")
        return printed

    def _given_back(self, printed: tuple[DocumentLine, ...]) -> tuple[DocumentLine, ...]:
        """The printed lines as far as a partial reversal gives them back: at most what was paid plus what the
        reduced lines brought.

        Printed lines can hold a few units more than that where several small reductions are all rounded up.
        What an earlier carry still owes counts too, because the layers stand for it.
        """
        price, document = self._price, self._document
        parts = [part for part in brought(price) if part]
        value = sum((part.amount + (0 if document.included else part.tax) for part in parts), Fraction(0))
        owed = Fraction(price.carry_in) * 10 ** minor_digits(price.currency)
        at_most = max(ceil(document.gross + value - owed), 0)
        gross = sum(line.gross for line in printed)
        # A line rounded below zero on its own gives nothing back; its unit stays in the carry.
        return _shortened(printed, gross - at_most) if gross > 0 else ()


def fund(price: Price, document: Document, *, gifted_minor: int = 0) -> Funding:
    """Split the money of `document` (made from `price`) into purses; `gifted_minor` of its gross is paid from
    gifted credit.

    The gifted part of what reduced lines bring moves to the growing lines, or returns as gifted credit,
    rounded down: less than one minor unit a change turns into cash, and gifted credit never grows. Raises
    BadInput.
    """
    _check(price, document, gifted_minor)
    parts = [part or Brought() for part in brought(price)]
    out = max(-document.gross, 0)
    bringing = sum((part.gifted for part in parts), Fraction(0))
    gifted_out = min(floor(bringing * returned_part(price, parts)), out)
    gifts = _gifts(price, document, gifted_minor + floor(bringing) - gifted_out)
    paid = _paid(price, document)
    layers = tuple(
        NewLayer(
            line.name,
            eight_decimals(max(paid[line.name], Fraction(0))),
            major(printed.tax, price.currency),
            major(gifts[line.name], price.currency),
        )
        for line, printed in zip(price.lines, document.lines, strict=True)
        if line.exact > 0
    )
    # A voucher takes off whole units and may pay for a part of one that was only rounded up: that part is its
    # unused rest, and must not stand in the carry as if the customer had paid it.
    overpaid = {name: max(-amount, Fraction(0)) for name, amount in paid.items()}
    given = Returned(out - gifted_out, gifted_out)
    return Funding(layers, given, price, document, gifts, gifted_minor, overpaid)


def _paid(price: Price, document: Document) -> dict[str, Fraction]:
    """What every growing line was really charged, exactly, in major units: its price, what a minimum charge
    added and less what a voucher took off."""
    unit = 10 ** minor_digits(price.currency)
    return {
        line.name: Fraction(line.exact) + document.charge.differs(index) / unit
        if line.exact > 0
        else Fraction(0)
        for index, line in enumerate(price.lines)
    }


def _gifts(price: Price, document: Document, total: int) -> dict[str, int]:
    """The gifted minor units of every line, in proportion to what the growing ones cost, tax included."""
    weights = [
        max(printed.gross, 0) if line.exact > 0 else 0
        for line, printed in zip(price.lines, document.lines, strict=True)
    ]
    # A line cannot be gifted beyond its own gross, so what finds no room becomes cash.
    total = min(total, sum(weights))
    gifts = spread(total, [Fraction(weight) for weight in weights]) if total else [0] * len(weights)
    return {line.name: gift for line, gift in zip(price.lines, gifts, strict=True)}


def _shortened(lines: tuple[DocumentLine, ...], excess: int) -> tuple[DocumentLine, ...]:
    """The lines with `excess` units less gross, taken from the largest first; as they are where there is
    none."""
    shortened = {line.name: line for line in lines}
    for line in sorted(lines, key=lambda line: -line.gross):
        taken = min(max(excess, 0), max(line.gross, 0))
        tax = line.tax - max(taken - max(line.net, 0), 0)
        shortened[line.name] = DocumentLine(line.name, line.gross - taken - tax, tax, line.gross - taken)
        excess -= taken
    return tuple(shortened.values())


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
