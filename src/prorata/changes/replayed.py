"""A stored quote worked out again: each figure beside the stored one, and every step. Reads only, writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from django.utils.translation import gettext as _

from prorata.changes.inputs import replay, tax_of
from prorata.changes.models import Quote
from prorata.pricing.change import Price
from prorata.pricing.display import amount_text, exact_text
from prorata.pricing.explain import Step, plain_english, steps
from prorata.pricing.funding import fund
from prorata.pricing.tax import Document

Json = Mapping[str, Any]
NONE = "–"


@dataclass(frozen=True)
class Figure:
    """One figure in words, as it was stored and as it comes out now. Amounts of money are in major units."""

    about: str
    name: str
    stored: str
    again: str

    @property
    def same(self) -> bool:
        return self.stored == self.again


@dataclass(frozen=True)
class Replayed:
    """`steps` are figures too: a sentence each. `problem` says why what was stored could not be read at all."""

    figures: tuple[Figure, ...]
    steps: tuple[Figure, ...]
    problem: str = ""

    @property
    def different(self) -> int:
        return sum(not one.same for one in (*self.figures, *self.steps))

    @property
    def same(self) -> bool:
        return not self.problem and not self.different


def replayed(quote: Quote) -> Replayed:
    """Work the stored inputs out again and hold every figure against what was stored."""
    try:
        price, paper = replay(quote.inputs)
        told = steps(price, tax=tax_of(quote.inputs), document=paper)
        figures = (*_time(quote, price), *_lines(quote, price, paper), *_totals(quote, price, paper))
        return Replayed(figures, tuple(_steps(quote, told)))
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as broken:
        return Replayed((), (), f"{type(broken).__name__}: {broken}")


def _time(quote: Quote, price: Price) -> Iterator[Figure]:
    left, stored = price.time_left, quote.figures["time_left"]
    about = _("Time left")
    yield Figure(about, _("Rule"), quote.rule, price.rule)
    yield Figure(about, _("Whole months"), str(stored["whole"]), str(left.whole))
    yield Figure(about, _("Days"), _or_none(stored["days"]), _or_none(left.days))
    yield Figure(about, _("of days"), _or_none(stored["of"]), _or_none(left.of))
    yield Figure(about, _("Months, exactly"), stored["months"], str(left.months))


def _lines(quote: Quote, price: Price, paper: Document) -> Iterator[Figure]:
    stored_lines = {line["code"]: line for line in quote.figures["lines"]}
    again = {line.name: (line, printed) for line, printed in zip(price.lines, paper.lines, strict=True)}
    for code in dict.fromkeys((*stored_lines, *again)):
        stored, (line, printed) = stored_lines.get(code, {}), again.get(code, (None, None))
        about = named_line(stored) if stored else code
        pairs = [
            (_("Monthly price before"), "old_monthly", line.old if line else None),
            (_("Monthly price after"), "new_monthly", line.new if line else None),
            (_("Exact amount"), "exact", line.exact if line else None),
        ]
        for name, key, value in pairs:
            yield Figure(about, name, exact(stored.get(key)), exact(value))
        yield Figure(
            about,
            _("Held to what was paid"),
            _or_none(stored.get("capped")),
            _or_none(line.capped if line else None),
        )
        for name, what in ((_("Net"), "net"), (_("Tax"), "tax"), (_("With tax"), "gross")):
            value = getattr(printed, what) if printed else None
            yield _money(quote, about, name, stored.get(f"{what}_minor"), value)


def _totals(quote: Quote, price: Price, paper: Document) -> Iterator[Figure]:
    figures, about = quote.figures, _("Total")
    yield Figure(about, _("Direction"), figures["direction"], price.direction)
    yield Figure(about, _("Left over from before"), exact(figures["carry_in"]), exact(price.carry_in))
    left_over = _("Left over for the next change")
    yield Figure(about, left_over, exact(figures["carry_out"]), exact(price.carry_out))
    charge = paper.charge
    added = [
        (_("Raised to the minimum charge"), "raised_minor", charge.raise_minor),
        (_("Voucher"), "discount_minor", charge.discount_minor),
        (_("Returns as gifted credit"), "returned_gifted_minor", fund(price, paper).returned.gifted_minor),
    ]
    for name, key, value in added:
        if key in figures:  # quotes of an older day know fewer figures
            yield _money(quote, about, name, figures[key], value)
    sums = ((_("Net"), "net"), (_("Tax"), "tax"), (_("With tax"), "gross"))
    for name, what in sums:
        yield _money(quote, about, name, figures[f"{what}_minor"], getattr(paper, what))
    for name, what in sums:
        stored = getattr(quote, f"{what}_minor")
        yield _money(quote, _("What is charged"), name, stored, getattr(paper, what))


def _steps(quote: Quote, told: tuple[Step, ...]) -> Iterator[Figure]:
    names = {line["code"]: line["name"] for line in quote.figures["lines"]}
    stored = [Step(one["key"], dict(one["params"])) for one in quote.figures["steps"]]
    for number, (one, other) in enumerate(zip_longest(stored, told), start=1):
        before, now = (sentence(step, names) if step else NONE for step in (one, other))
        if one != other and before == now:
            # The words may hide what differs, never the mark.
            before, now = f"{before} {one and one.params}", f"{now} {other and other.params}"
        yield Figure(_("Step"), str(number), before, now)


def sentence(step: Step, names: Mapping[str, str]) -> str:
    """A step in words, its lines by name; one that has no words any more by its key and figures."""
    params = step.params | {
        key: names.get(step.params[key], step.params[key]) for key in ("name", "line") if key in step.params
    }
    try:
        return plain_english(Step(step.key, params))
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return f"{step.key}: " + ", ".join(f"{key} {value}" for key, value in step.params.items())


def named_line(line: Json) -> str:
    """A stored line by its names of that day: Memory, 4 → 8 GB."""
    return f"{line['name']}, {line['before_name']} \u2192 {line['after_name']} {line['unit']}".strip()


def _money(quote: Quote, about: str, name: str, stored: int | None, again: int | None) -> Figure:
    both = (
        "" if n is None else f"{amount_text(n, quote.currency)} {quote.currency}" for n in (stored, again)
    )
    return Figure(about, name, *(text or NONE for text in both))


def exact(amount: str | Decimal | None) -> str:
    """A precise amount in major units, without needless zeros."""
    return NONE if amount is None else exact_text(Decimal(amount))


def _or_none(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return NONE if value is None else str(value)
