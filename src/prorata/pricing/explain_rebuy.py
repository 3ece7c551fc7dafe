"""The steps of a settlement, where the credit model `rebuy` gives back less than the paid layers would."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from .change import Price, PricedLine
from .figures import factor_text, plain
from .money import eight_decimals, minor_digits
from .rebuy import Settlement, Used
from .step import Step, step
from .tiers import factor_of


def held_by_layers(line: PricedLine, day: date) -> Fraction:
    """The most that the paid layers of a line give back on `day`."""
    return sum((layer.value(day) for layer in line.component.layers or ()), Fraction(0))


def settlement_steps(price: Price, settled: Settlement) -> Iterator[Step]:
    """What was paid, what was used, what is bought anew, and what each reduced line is for it."""
    digits = minor_digits(price.currency)

    def shown(amount: Fraction) -> str:
        return plain(eight_decimals(amount), digits)

    yield step("rebuy.paid", {"amount": plain(settled.rebuy.paid, digits)})
    for used in settled.parts:
        yield from _used(used, digits)
    left = price.time_left
    anew: dict[str, object] = {
        "monthly": plain(settled.rebuy.monthly, 0),
        "months": left.fraction,
        "factor": factor_text(factor_of(settled.rebuy.schedule, left.whole)),
        "exact": shown(settled.anew),
    }
    yield step("rebuy.anew", anew)
    amounts: dict[str, object] = {
        "paid": plain(settled.rebuy.paid, digits),
        "used": shown(settled.used),
        "anew": shown(settled.anew),
        "exact": shown(settled.credit),
    }
    yield step("rebuy.credit", amounts)
    before = {line.name: _before(line, price) for line in price.lines if line.settled}
    grown = sum((line.formula for line in price.lines if line.formula > 0), Fraction(0))
    if len(price.lines) > 1 and grown + settled.credit:
        reduced = sum(before.values(), Fraction(0))
        parts = {"grown": shown(grown), "credit": shown(settled.credit), "reduced": shown(reduced)}
        yield step("rebuy.part", dict(parts))
    for line in price.lines:
        if line.settled:
            figures: dict[str, object] = {
                "name": line.name,
                "before": shown(-before[line.name]),
                "exact": plain(line.exact, digits),
            }
            yield step("line.settled", figures)


def _before(line: PricedLine, price: Price) -> Fraction:
    """What the line would give back without the settlement."""
    if line.component.layers is None:
        return -line.formula
    return min(-line.formula, held_by_layers(line, price.time_left.day))


def _used(used: Used, digits: int) -> Iterator[Step]:
    bought = used.bought
    if used.months:
        months: dict[str, object] = {
            "since": bought.since,
            "monthly": plain(bought.monthly, 0),
            "months": used.months,
            "factor": factor_text(used.factor),
            "exact": plain(eight_decimals(used.of_months), digits),
        }
        yield step("rebuy.months", months)
    if not used.days:
        return
    rest: dict[str, object] = {"since": bought.since, "exact": plain(eight_decimals(used.of_days), digits)}
    if bought.hourly is None:
        yield step("rebuy.days", {**rest, "monthly": plain(bought.monthly, 0), "days": used.days})
    else:
        yield step("rebuy.hours", {**rest, "hourly": plain(bought.hourly, 0), "hours": used.hours})
