"""The arithmetic of a change in words, row by row, as the portal must print it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from fractions import Fraction

from browser.oracle import DIGITS, Books, Figures, Line, decimal
from browser.wording import Words, day_text, exact_figure, leg, per_cent, price_figure
from support.browser import MINUS


@dataclass(frozen=True)
class Explanation:
    """ "How this is worked out" of changes of one service."""

    books: Books
    words: Words

    @property
    def tax_name(self) -> str:
        return f"{self.words.tax_label} {per_cent(Fraction(self.books.tax))}"

    def formula(self, figures: Figures) -> str:
        times = f" × {self.factor(figures)}" if figures.factor != 1 else ""
        return f"(new − old monthly price) × {self.months(figures)}{times}"

    def keep_rate(self, figures: Figures) -> str:
        """Empty where today's discount is kept to the end."""
        if figures.rate_until is None:
            return ""
        zone = datetime.combine(figures.rate_until, time(0), self.words.zone).tzname()
        return f"You keep this rate if you submit before {day_text(figures.rate_until)}, 00:00 {zone}."

    def left_over(self, figures: Figures) -> str:
        """Empty where nothing is left over by rounding."""
        if not figures.carry_out:
            return ""
        return f"The {exact_figure(figures.carry_out)} left over is carried to your next change."

    def rows(self, figures: Figures) -> list[tuple[str, str]]:
        rows = [*self._time_rows(figures), self._rate_row(figures)]
        for line in figures.lines:
            rows += self._line_rows(line)
        if len(figures.lines) > 1:
            rows.append(("Lines together", exact_figure(figures.exact)))
        if figures.carry:
            rows.append(("Left over from your last change", exact_figure(figures.carry)))
        rows.append(("Rounded once", exact_figure(figures.total_major, DIGITS[self.books.currency])))
        return [*rows, *self._tax_rows(figures)]

    def _time_rows(self, figures: Figures) -> list[tuple[str, str]]:
        left, end = figures.left, self.books.ends
        rows = []
        if left.whole:
            months = f"{left.whole} whole month" + ("s" if left.whole != 1 else "")
            rows.append((leg(figures.day, left.turn), months))
        if left.rest:
            over = f"{left.rest} days, more than the {left.of} of that month: 1 month"
            rows.append(
                (leg(left.turn, end), over if left.rest > left.of else f"{left.rest} of {left.of} days")
            )
            if left.whole:
                days = min(left.rest, left.of)
                together = f"{left.whole} + {days}/{left.of} = {self.months(figures)} months"
                rows.append(("Together", together))
        return rows

    def months(self, figures: Figures) -> str:
        left = figures.left
        if not left.rest:
            return str(left.whole)
        return f"{left.whole * left.of + min(left.rest, left.of)}/{left.of}"

    def factor(self, figures: Figures) -> str:
        text = f"{decimal(figures.factor):f}".rstrip("0")
        whole, _, part = text.partition(".")
        return f"{whole}.{part:0<2}"

    def _rate_row(self, figures: Figures) -> tuple[str, str]:
        """The stretch of months in which today's discount holds; neighbours with the same discount are one stretch."""
        steps = sorted((months, Fraction(str(off))) for months, off in self.books.tiers)
        stretches = [(0, Fraction(0)), *steps] if steps[0][0] else list(steps)
        merged: list[tuple[int, Fraction]] = []
        for start, off in stretches:
            if not merged or merged[-1][1] != off:
                merged.append((start, off))
        number = max(n for n, (start, _) in enumerate(merged) if start <= figures.left.whole)
        start, off = merged[number]
        if number + 1 == len(merged):
            label = f"{start} or more months"
        else:
            last = merged[number + 1][0] - 1
            if start == 0:
                label = f"Under {last + 1} month" + ("s" if last else "")
            elif start == last:
                label = f"{start} month" + ("s" if start != 1 else "")
            else:
                label = f"{start} to {last} months"
        said = f"{per_cent(off)} off" if off else "no discount"
        return f"{label} left", f"{said}, so × {self.factor(figures)}"

    def _line_rows(self, line: Line) -> list[tuple[str, str]]:
        prices = [price_figure(price, self.books.currency) for price in (line.new, line.old)]
        rows = self._made_up(line)
        rows += [
            (f"{self.words.names[line.code]} ({prices[0]} {MINUS} {prices[1]})", exact_figure(line.formula))
        ]
        if not line.capped:
            return rows
        layers = [
            (
                f"at most what you paid: {price_figure(one.layer.amount, self.books.currency)}"
                f" × {one.unused}/{one.layer.days()} days" + (f" × {one.share}" if one.share != 1 else ""),
                exact_figure(one.value),
            )
            for one in line.taken
        ]
        if not layers:
            return [*rows, ("nothing was paid for it, so nothing comes back", exact_figure(Fraction(0)))]
        if len(layers) == 1:
            return [*rows, (layers[0][0], exact_figure(line.exact))]
        return [*rows, *layers, ("so", exact_figure(line.exact))]

    def _made_up(self, line: Line) -> list[tuple[str, str]]:
        """How the monthly price before and after is made up of bands."""
        currency, rows = self.books.currency, []
        for side, value, price in (("before", line.before, line.old), ("after", line.after, line.new)):
            if parts := self.books.parts(line.code, value):
                terms = " + ".join(f"{n} × {price_figure(Fraction(each), currency)}" for n, each in parts)
                label = f"{self.words.names[line.code]} {side}: {terms}"
                rows.append((label, f"{price_figure(price, currency)} a month"))
        return rows

    def _tax_rows(self, figures: Figures) -> list[tuple[str, str]]:
        tax = exact_figure(Fraction(figures.tax, self.books.unit), DIGITS[self.books.currency])
        if figures.gross < 0:
            return [(f"{self.words.tax_label} that was charged on it", tax)] if figures.tax else []
        if not Fraction(self.books.tax) or not figures.gross:
            return []
        how = {"down": ", rounded down", "up": ", rounded up", "half_up": ""}[self.books.rounding]
        start = "of it " if self.books.included else ""
        return [(f"{start}{self.tax_name}, once{how}", tax)]
