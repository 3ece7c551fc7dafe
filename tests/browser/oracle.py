"""What a change costs, worked out a second time from the published rule alone.

Nothing here is taken from `prorata.pricing`: fractions, the calendar and the sentences of docs are all it stands on, so
that a page and this file can only agree by both being right. Amounts are minor units, prices exact major units.

    books = Books(currency="JPY", zone=..., rates={"cpu": 600}, tiers=((1, 0), (3, "0.20")), tax="0.10", rounding="down",
                  configuration={"cpu": 2}, ends=date(2026, 12, 1), months=6)
    books.bought(34_188, starts=date(2026, 6, 1))
    figures = books.price({"cpu": 4}, date(2026, 8, 15))     # an estimate: nothing is remembered
    books.apply(figures, gifted=1_500)                       # now it is what the customer has
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from math import ceil, floor

Value = int | str
DIGITS = {"JPY": 0, "KRW": 0, "USD": 2, "EUR": 2, "GBP": 2, "CHF": 2, "KWD": 3}


def after_months(day: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Left:
    """Time left: whole months to `turn`, then `rest` days of a month of `of` days."""

    whole: int
    turn: date
    rest: int
    of: int
    months: Fraction


def time_left(day: date, end: date) -> Left:
    whole = 0
    while after_months(day, whole + 1) <= end:
        whole += 1
    turn = after_months(day, whole)
    rest, of = (end - turn).days, calendar.monthrange(turn.year, turn.month)[1]
    months = whole + min(Fraction(rest, of), Fraction(1))
    if not months:
        months = Fraction(1, of)
    return Left(whole, turn, rest, of, months)


def half_up(exact: Fraction) -> int:
    """To the nearest whole number, halves away from zero."""
    return (1 if exact >= 0 else -1) * floor(abs(exact) + Fraction(1, 2))


def eight(exact: Fraction) -> Fraction:
    """Kept to 8 decimals, halves to the even."""
    scaled = exact * 10**8
    low = floor(scaled)
    rest = scaled - low
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and low % 2 == 1)
    return Fraction(low + up, 10**8)


def largest_remainder(total: int, parts: Sequence[Fraction]) -> list[int]:
    """Whole numbers near `parts` that add up to `total`: floors first, the rest by the largest remainders."""
    found = [floor(part) for part in parts]
    remainders = [part - low for part, low in zip(parts, found, strict=True)]
    rest = total - sum(found)
    order = sorted(range(len(parts)), key=lambda n: (-remainders[n], n))
    while rest > 0:
        for n in order[: min(rest, len(order))]:
            found[n] += 1
        rest = total - sum(found)
    while rest < 0:
        for n in order[::-1][: min(-rest, len(order))]:
            found[n] -= 1
        rest = total - sum(found)
    return found


def in_proportion(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    whole = sum(map(Fraction, weights), Fraction(0))
    if not total or not whole:
        return [0] * len(weights)
    return largest_remainder(total, [Fraction(total) * Fraction(weight) / whole for weight in weights])


# Prices in bands, each unit at the price of its own: (up to, price), the last one open.
Bands = list[tuple[int | None, str]]


@dataclass
class Layer:
    """What was paid for raising one resource from the monthly price `low` to `high`; `top` is what is left of it."""

    low: Fraction
    high: Fraction
    starts: date
    ends: date
    amount: Fraction
    tax: Fraction
    gifted: Fraction
    top: Fraction

    def days(self) -> int:
        return (self.ends - self.starts).days

    def unused(self, day: date) -> int:
        """The day in progress counts as used."""
        return max((self.ends - max(self.starts, day + timedelta(days=1))).days, 0)

    def share(self, target: Fraction) -> Fraction:
        return (self.top - max(target, self.low)) / (self.high - self.low)


@dataclass(frozen=True)
class Taken:
    """One layer as far as a reduction takes it back."""

    layer: Layer
    share: Fraction
    unused: int
    part: Fraction  # of the whole layer: unused days by share

    @property
    def value(self) -> Fraction:
        return self.layer.amount * self.part


@dataclass(frozen=True)
class Line:
    code: str
    before: Value
    after: Value
    old: Fraction
    new: Fraction
    formula: Fraction
    exact: Fraction
    taken: tuple[Taken, ...] = ()

    @property
    def capped(self) -> bool:
        return self.exact != eight(self.formula)

    @property
    def unrounded(self) -> Fraction:
        """What the reduction takes out of its layers, before it is cut to 8 decimals."""
        return min(-self.formula, sum((one.value for one in self.taken), Fraction(0)))


@dataclass
class Figures:
    """One change. `amounts` are its lines in minor units, in the basis of the price book; they add up to `total`."""

    day: date
    left: Left
    factor: Fraction
    lines: list[Line]
    exact: Fraction
    carry: Fraction
    total: int
    amounts: dict[str, int]
    net: int
    tax: int
    gross: int
    line_tax: dict[str, int]
    cash_back: int
    gifted_back: int
    brought_gifts: int
    monthly_before: Fraction
    monthly_after: Fraction
    renewal_before: int
    renewal_after: int
    back_today: int | None
    rate_until: date | None
    after: dict[str, Value] = field(default_factory=dict)

    @property
    def carry_out(self) -> Fraction:
        return self.exact + self.carry - self.total_major

    total_major: Fraction = Fraction(0)


@dataclass
class Books:
    """One service: what it has, what was paid for it, and the price list it is changed at."""

    currency: str
    rates: Mapping[str, str | int | Mapping[str, str | int] | Bands]
    tiers: Sequence[tuple[int, str | int]]
    tax: str
    rounding: str
    configuration: dict[str, Value]
    ends: date
    months: int
    included: bool = False
    carry: Fraction = Fraction(0)
    layers: dict[str, list[Layer]] = field(default_factory=dict)

    # --- prices ---------------------------------------------------------------------------------------------

    @property
    def unit(self) -> int:
        return 10 ** DIGITS[self.currency]

    def monthly(self, code: str, value: Value) -> Fraction:
        rate = self.rates[code]
        if isinstance(rate, list):
            return sum((units * Fraction(price) for units, price in self.parts(code, value)), Fraction(0))
        return (
            Fraction(str(rate[str(value)])) if isinstance(rate, Mapping) else Fraction(str(rate)) * int(value)
        )

    def parts(self, code: str, value: Value) -> list[tuple[int, str]]:
        """How many units count at which price, where prices come in bands; else nothing."""
        rate, found, counted = self.rates[code], [], 0
        for up_to, price in rate if isinstance(rate, list) else ():
            units = min(int(value), up_to or int(value)) - counted
            if units > 0:
                found.append((units, price))
                counted += units
        return found

    def monthly_of(self, configuration: Mapping[str, Value]) -> Fraction:
        return sum((self.monthly(code, value) for code, value in configuration.items()), Fraction(0))

    def factor(self, whole: int) -> Fraction:
        reached = [(months, Fraction(str(off))) for months, off in self.tiers if months <= whole]
        return 1 - max(reached)[1] if reached else Fraction(1)

    def taxed(self, total: int) -> int:
        """The tax on an amount in the book's own basis, once, rounded as the seller rounds."""
        rate = Fraction(self.tax)
        exact = total * (rate / (1 + rate) if self.included else rate)
        return {"down": floor, "up": ceil, "half_up": half_up}[self.rounding](exact)

    def renewal(self, configuration: Mapping[str, Value]) -> int:
        return half_up(self.monthly_of(configuration) * self.months * self.factor(self.months) * self.unit)

    def rate_until(self, day: date) -> date | None:
        """The first day on which today's discount is lost."""
        today = self.factor(time_left(day, self.ends).whole)
        later = day
        while later < self.ends:
            if self.factor(time_left(later, self.ends).whole) > today:
                return later
            later += timedelta(days=1)
        return None

    # --- what was paid --------------------------------------------------------------------------------------

    def bought(self, paid: int, *, starts: date) -> None:
        """The price paid for the whole term, tax included, spread over the resources by their price; cut at 8 decimals."""
        rate, whole = Fraction(self.tax), self.monthly_of(self.configuration)
        gross = Fraction(paid, self.unit)
        tax = gross * rate / (1 + rate)
        basis = gross if self.included else gross - tax
        for code, value in self.configuration.items():
            if price := self.monthly(code, value):
                amount, borne = (Fraction(floor(one * price / whole * 10**8), 10**8) for one in (basis, tax))
                self.layers[code] = [
                    Layer(Fraction(0), price, starts, self.ends, amount, borne, Fraction(0), price)
                ]

    def taken_back(self, code: str, target: Fraction, day: date) -> tuple[Taken, ...]:
        """Newest first, as far as they reach above the new price."""
        found = []
        for layer in reversed(self.layers.get(code, [])):
            if layer.top > max(target, layer.low):
                share = layer.share(target)
                unused = layer.unused(day)
                found.append(Taken(layer, share, unused, Fraction(unused, layer.days()) * share))
        return tuple(found)

    # --- a change -------------------------------------------------------------------------------------------

    def price(self, wanted: Mapping[str, Value], day: date) -> Figures:
        after = {**self.configuration, **wanted}
        left = time_left(day, self.ends)
        factor = self.factor(left.whole)
        changed = [code for code in after if after[code] != self.configuration[code]]
        lines = [self._line(code, after[code], left, factor, day) for code in changed]
        exact = sum((line.exact for line in lines), Fraction(0))
        total = half_up((exact + self.carry) * self.unit)
        amounts = largest_remainder(total, [line.exact * self.unit for line in lines])
        tax, line_tax = self._tax(lines, amounts, total)
        net, gross = (total - tax, total) if self.included else (total, total + tax)
        bringing = sum((self._brought(line, "gifted") for line in lines), Fraction(0))
        gifted_back = min(floor(bringing * self._returned_part(lines, total)), max(-gross, 0))
        left_over = exact + self.carry - Fraction(total, self.unit)
        return Figures(
            day=day, left=left, factor=factor, lines=lines, exact=exact, carry=self.carry, total=total,
            amounts={line.code: amount for line, amount in zip(lines, amounts, strict=True)}, net=net, tax=tax,
            gross=gross, line_tax=line_tax, cash_back=max(-gross, 0) - gifted_back, gifted_back=gifted_back,
            brought_gifts=floor(bringing) - gifted_back, monthly_before=self.monthly_of(self.configuration),
            monthly_after=self.monthly_of(after), renewal_before=self.renewal(self.configuration),
            renewal_after=self.renewal(after), back_today=self._back_today(lines, left, factor, left_over),
            rate_until=self.rate_until(day), after=after, total_major=Fraction(total, self.unit),
        )  # fmt: skip

    def _line(self, code: str, value: Value, left: Left, factor: Fraction, day: date) -> Line:
        before = self.configuration[code]
        old, new = self.monthly(code, before), self.monthly(code, value)
        formula = (new - old) * factor * left.months
        if formula >= 0:
            return Line(code, before, value, old, new, formula, eight(formula))
        taken = self.taken_back(code, new, day)
        cap = sum((one.value for one in taken), Fraction(0))
        return Line(code, before, value, old, new, formula, eight(max(formula, -cap)), taken)

    def _brought(self, line: Line, what: str) -> Fraction:
        """The tax or gifts, in minor units, that a reduced line takes out of its layers."""
        held = sum((one.value for one in line.taken), Fraction(0))
        if line.exact >= 0 or not held:
            return Fraction(0)
        used = line.unrounded / held
        return (
            sum((getattr(one.layer, what) * one.part for one in line.taken), Fraction(0)) * used * self.unit
        )

    def _returned_part(self, lines: Sequence[Line], total: int) -> Fraction:
        """How much of what the reductions took out leaves as credit; the rest pays for what grows."""
        reduced = sum((line.unrounded * self.unit for line in lines if line.exact < 0), Fraction(0))
        return min(Fraction(-total) / reduced, Fraction(1)) if total < 0 and reduced else Fraction(0)

    def _tax(self, lines: Sequence[Line], amounts: Sequence[int], total: int) -> tuple[int, dict[str, int]]:
        """The tax of the document, signed, and of each growing line."""
        borne = sum((self._brought(line, "tax") for line in lines), Fraction(0))
        returned = 0
        if total < 0:
            returned = floor(borne * self._returned_part(lines, total))
            returned = min(returned, -total) if self.included else returned
        charged = self.taxed(max(total, 0))
        grows = [max(amount, 0) if line.exact > 0 else 0 for line, amount in zip(lines, amounts, strict=True)]
        moved = max(floor(borne) - returned, 0) if any(grows) else 0
        if self.included:
            moved = min(moved, max(sum(grows) - charged, 0))
        shares = in_proportion(charged + moved, grows)
        taxes = {line.code: share for line, share in zip(lines, shares, strict=True) if line.exact > 0}
        return charged - returned, taxes

    def _back_today(
        self, lines: Sequence[Line], left: Left, factor: Fraction, left_over: Fraction
    ) -> int | None:
        reduced = [line for line in lines if line.formula < 0]
        if not reduced:
            return None
        exact = sum((eight((line.old - line.new) * factor * left.months) for line in reduced), Fraction(0))
        total = half_up((exact + left_over) * self.unit)
        return total if self.included else total + self.taxed(total)

    def apply(self, figures: Figures, *, gifted: int = 0) -> None:
        """The change is done; `gifted` of what was due was paid from gifted credit."""
        for line in figures.lines:
            if line.exact < 0:
                for one in line.taken:
                    one.layer.top = max(line.new, one.layer.low)
        growing = [line for line in figures.lines if line.exact > 0]
        printed = {
            line.code: figures.amounts[line.code] + (0 if self.included else figures.line_tax[line.code])
            for line in growing
        }
        gifts = in_proportion(gifted + figures.brought_gifts, list(printed.values()))
        for line, gift in zip(growing, gifts, strict=True):
            tax = Fraction(figures.line_tax[line.code], self.unit)
            self.layers.setdefault(line.code, []).append(
                Layer(
                    line.old,
                    line.new,
                    figures.day,
                    self.ends,
                    line.exact,
                    tax,
                    Fraction(gift, self.unit),
                    line.new,
                )
            )
        self.carry = figures.carry_out
        self.configuration = dict(figures.after)


def decimal(amount: Fraction) -> Decimal:
    """A figure of at most 8 decimals, exactly."""
    scaled = eight(amount) * 10**8
    return Decimal(int(scaled)).scaleb(-8).quantize(Decimal(1).scaleb(-8), ROUND_HALF_EVEN)
