"""Every page that shows the figures of a change, held against the independent calculation.

One change, one `Figures`: the estimate, the review, the invoice, the gateway's page, the change's own page, the credit
note, the credit log and the mail must all say the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from browser.oracle import DIGITS, Books, Figures, Line, Value, decimal, eight
from support.browser import GAP, MINUS, Visitor, shown

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Words:
    """How a product's resources are called. `names` by code; `units` only where there is one."""

    names: Mapping[str, str]
    units: Mapping[str, str]
    zone: ZoneInfo
    tax_label: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def value(self, code: str, value: Value) -> str:
        unit = self.units.get(code, "")
        named = self.options.get(str(value), str(value))
        return f"{named} {unit}" if unit else named


@dataclass(frozen=True)
class Paid:
    """How what was due was paid: minor units."""

    gifted: int = 0
    account: int = 0
    card: int = 0


def day_text(day: date, *, year: bool = True) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}" + (f" {day.year}" if year else "")


def moment_text(at: datetime, zone: ZoneInfo) -> str:
    here = at.astimezone(zone)
    return f"{day_text(here.date())}, {here:%H:%M} {here.tzname()}"


def per_cent(share: Fraction) -> str:
    return f"{float(share * 100):g} %"


def exact_figure(amount: Fraction, least: int = 2) -> str:
    """A figure of a calculation: grouped, at least so many decimals, a true minus."""
    value = decimal(amount)
    text = f"{abs(value):f}".rstrip("0").rstrip(".")
    decimals = max(least, len(text.partition(".")[2]))
    return (MINUS if value < 0 else "") + f"{abs(value):,.{decimals}f}"


def price_figure(amount: Fraction, currency: str) -> str:
    """A price inside a calculation: without decimals where it has none."""
    whole = eight(amount).denominator == 1
    return exact_figure(amount, 0 if whole else DIGITS[currency])


class Papers:
    """What one visitor sees of changes of one service."""

    def __init__(self, visitor: Visitor, books: Books, words: Words) -> None:
        self.visitor, self.page, self.books, self.words = visitor, visitor.page, books, words

    @property
    def currency(self) -> str:
        return self.books.currency

    def money(self, minor: int, *, plus: bool = False) -> str:
        return shown(minor, self.currency, plus=plus).replace(GAP, " ")

    def price(self, major: Fraction, *, plus: bool = False) -> str:
        """A monthly price: at least the currency's decimals."""
        text = exact_figure(major, DIGITS[self.currency])
        sign = text[0] if text[0] == MINUS else "+" if plus and major > 0 else ""
        return sign + self.money(0).rstrip("0.") + text.lstrip(MINUS)

    # --- the change page ------------------------------------------------------------------------------------

    def choose(self, code: str, value: Value) -> None:
        """Type a value into its field."""
        self.page.locator(f"#{code}").fill(str(value))

    def expect_estimate(self, figures: Figures) -> None:
        """Waits for the live estimate, then holds every figure of it against the calculation."""
        due = self.money(abs(figures.gross))
        expect(self.page.locator("#total")).to_have_text(due)
        expect(self.page.locator("#estimate")).not_to_have_attribute("aria-busy", "true")
        hero = self.visitor.text("#estimate .hero")
        start = f"{self._receive(figures)} {due}" if figures.gross < 0 else f"Due today {due}"
        assert hero.startswith(start), (hero, start)
        assert self._receive_parts(figures) in hero
        assert self.visitor.rows("#estimate .bill >> nth=0 >> tr") == self.bill(figures)
        assert self.visitor.rows("#estimate .bill >> nth=1 >> tr") == [
            (f"Monthly price was {self.price(figures.monthly_before)}", self.price(figures.monthly_after)),
            (
                f"{self._renewal()} was {self.money(figures.renewal_before)}{self._basis()}",
                self.money(figures.renewal_after),
            ),
        ]
        for line in figures.lines:
            change = self.price(line.new - line.old, plus=True)
            assert self.visitor.text(f"#per-{line.code}").startswith(f"{change} / month")
        self.expect_notes("#estimate .notes", figures)
        self.expect_explanation("#estimate", figures)

    def bill(self, figures: Figures) -> list[tuple[str, str]]:
        rows = [
            (f"{self.words.names[line.code]} {self._from_to(line)}", self.money(figures.amounts[line.code]))
            for line in figures.lines
        ]
        credit = "Credit" if figures.gifted_back else "Account credit"
        last = credit if figures.gross < 0 else "Due today"
        if self._tax_is_added:
            rows.append(("Subtotal", self.money(figures.net)))
            rows.append((self._tax_name, self.money(figures.tax)))
        elif Fraction(self.books.tax):
            last += f" {self._tax_name} in it: {self.money(figures.tax)}"
        return [*rows, (last, self.money(figures.gross))]

    def expect_notes(self, selector: str, figures: Figures) -> None:
        notes = self.visitor.text(selector)
        assert f"The end date does not change: {day_text(self.books.ends)}." in notes
        if figures.back_today is not None:
            reduced = _listed(
                [
                    f"{self.words.names[line.code]} {self.words.value(line.code, line.before)}"
                    for line in figures.lines
                    if line.exact < 0
                ]
            )
            said = f"Going back today ({reduced}) would cost {self.money(figures.back_today)}."
            assert said in notes, (said, notes)
        else:
            assert "Going back" not in notes

    def expect_explanation(self, selector: str, figures: Figures) -> None:
        """The arithmetic, step by step, with its own formula in words."""
        how = self.page.locator(f"{selector} details.how")
        if how.get_attribute("open") is None:
            how.locator("summary").click()
        assert self.visitor.rows(f"{selector} .why dl > div") == self.explained(figures)
        said = self.visitor.text(f"{selector} .why")
        months = self._months(figures)
        times = f" × {self._factor(figures)}" if figures.factor != 1 else ""
        assert f"(new − old monthly price) × {months}{times}" in said
        if figures.rate_until is not None:
            zone = datetime.combine(figures.rate_until, time(0), self.words.zone).tzname()
            until = f"{day_text(figures.rate_until)}, 00:00 {zone}"
            assert f"You keep this rate if you submit before {until}." in said
        else:
            assert "You keep this rate" not in said
        if figures.carry_out:
            assert f"The {exact_figure(figures.carry_out)} left over is carried to your next change." in said
        else:
            assert "left over is carried" not in said

    def explained(self, figures: Figures) -> list[tuple[str, str]]:
        rows = [*self._time_rows(figures), self._rate_row(figures)]
        for line in figures.lines:
            rows += self._line_rows(line)
        if len(figures.lines) > 1:
            rows.append(("Lines together", exact_figure(figures.exact)))
        if figures.carry:
            rows.append(("Left over from your last change", exact_figure(figures.carry)))
        rows.append(("Rounded once", exact_figure(figures.total_major, DIGITS[self.currency])))
        return [*rows, *self._tax_rows(figures)]

    def _time_rows(self, figures: Figures) -> list[tuple[str, str]]:
        left, end = figures.left, self.books.ends
        rows = []
        if left.whole:
            months = f"{left.whole} whole month" + ("s" if left.whole != 1 else "")
            rows.append((_leg(figures.day, left.turn), months))
        if left.rest:
            over = f"{left.rest} days, more than the {left.of} of that month: 1 month"
            rows.append(
                (_leg(left.turn, end), over if left.rest > left.of else f"{left.rest} of {left.of} days")
            )
            if left.whole:
                days = min(left.rest, left.of)
                together = f"{left.whole} + {days}/{left.of} = {self._months(figures)} months"
                rows.append(("Together", together))
        return rows

    def _months(self, figures: Figures) -> str:
        left = figures.left
        if not left.rest:
            return str(left.whole)
        return f"{left.whole * left.of + min(left.rest, left.of)}/{left.of}"

    def _factor(self, figures: Figures) -> str:
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
        return f"{label} left", f"{said}, so × {self._factor(figures)}"

    def _line_rows(self, line: Line) -> list[tuple[str, str]]:
        prices = [price_figure(price, self.currency) for price in (line.new, line.old)]
        rows = [
            (f"{self.words.names[line.code]} ({prices[0]} {MINUS} {prices[1]})", exact_figure(line.formula))
        ]
        if not line.capped:
            return rows
        layers = [
            (
                f"at most what you paid: {price_figure(one.layer.amount, self.currency)}"
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

    def _tax_rows(self, figures: Figures) -> list[tuple[str, str]]:
        tax = exact_figure(Fraction(figures.tax, self.books.unit), DIGITS[self.currency])
        if figures.gross < 0:
            return [(f"{self.words.tax_label} that was charged on it", tax)] if figures.tax else []
        if not Fraction(self.books.tax) or not figures.gross:
            return []
        how = {"down": ", rounded down", "up": ", rounded up", "half_up": ""}[self.books.rounding]
        start = "of it " if self.books.included else ""
        return [(f"{start}{self._tax_name}, once{how}", tax)]

    # --- review ---------------------------------------------------------------------------------------------

    def expect_review(self, figures: Figures, *, gifted: int = 0, account: int = 0) -> None:
        """The frozen price. `gifted` and `account` are what the split takes from either credit with the boxes as they
        are."""
        changes = self.visitor.rows("#review table >> nth=0 >> tbody tr")
        assert [row[:3] for row in changes] == [
            (
                self.words.names[line.code],
                self.words.value(line.code, line.before),
                self.words.value(line.code, line.after),
            )
            for line in figures.lines
        ]
        if figures.gross < 0:
            expect(self.page.locator("#gross")).to_have_text(self.money(-figures.gross))
            button = f"Submit — receive {self.money(-figures.gross)} credit"
        else:
            expect(self.page.locator("#gross")).to_have_text(self.money(figures.gross))
            due = figures.gross - gifted - account
            button = f"Submit and pay {self.money(due)}" if due else "Submit"
            self._expect_split(gifted, account, due)
        expect(self.page.locator("#submit")).to_have_text(button)
        rows = [tuple(part) for part in self._sum_rows()]
        expected = [
            (f"{self.words.names[line.code]}, {self._from_to(line)}", self.money(figures.amounts[line.code]))
            for line in figures.lines
        ]
        if self._tax_is_added:
            expected += [("Subtotal", self.money(figures.net)), (self._tax_name, self.money(figures.tax))]
        elif Fraction(self.books.tax):
            expected.append((f"{self._tax_name} is in it", self.money(figures.tax)))
        last = "Due today"
        if figures.gross < 0:
            last = f"{self._receive(figures)} {self._receive_parts(figures)}".strip()
        expected.append((last, self.money(abs(figures.gross))))
        assert rows[: len(expected)] == expected
        self.expect_notes("#review .notes", figures)
        renewal = f"{self._renewal('on')}: {self.money(figures.renewal_after)} for {self._term()}{self._before_tax()}."
        assert renewal in self.visitor.text("#review .notes")
        self.expect_explanation("#review", figures)

    def _expect_split(self, gifted: int, account: int, due: int) -> None:
        for name, used in (("gifted", gifted), ("account", account)):
            if used:
                expect(self.page.locator(f"#split-{name}")).to_have_text(self.money(-used))
            elif self.page.locator(f"#split-{name}").count():
                expect(self.page.locator(f"#split-{name}")).to_have_text("")
        if self.page.locator("#due").count():
            expect(self.page.locator("#due")).to_have_text(self.money(due))

    def _sum_rows(self) -> list[list[str]]:
        found: list[list[str]] = self.page.locator("#review .sum-row").evaluate_all(
            "(rows) => rows.map((row) => [...row.children].map((part) => part.innerText))"
        )
        return [[" ".join(part.replace(GAP, " ").split()) for part in row] for row in found]

    # --- paper ----------------------------------------------------------------------------------------------

    def expect_invoice(self, figures: Figures, paid: Paid, *, open_: bool) -> None:
        rows = self.visitor.rows("main table >> nth=0 >> tbody tr")
        period = f"{day_text(figures.day)} to {day_text(self.books.ends)}"
        assert rows == [
            (self._printed(line), period, self.money(figures.amounts[line.code])) for line in figures.lines
        ]
        totals = self.visitor.rows("main table >> nth=0 >> tfoot tr")
        expected = []
        if figures.tax:
            name = "Before tax" if self.books.included else "Subtotal"
            expected += [(name, self.money(figures.net)), (self._tax_name, self.money(figures.tax))]
        expected.append(("Total", self.money(figures.gross)))
        if paid.gifted:
            expected.append(("Gifted credit", self.money(-paid.gifted)))
        if paid.account:
            expected.append(("Account credit", self.money(-paid.account)))
        if open_:
            expected.append(("To pay", self.money(paid.card)))
        elif paid.card:
            expected.append(("Paid", self.money(-paid.card)))
        assert totals == expected

    def expect_checkout(self, figures: Figures, paid: Paid) -> None:
        facts = self.visitor.facts("aside dl")
        assert facts["Total"] == self.money(figures.gross)
        assert facts.get("Gifted credit") == (self.money(-paid.gifted) if paid.gifted else None)
        assert facts.get("Account credit") == (self.money(-paid.account) if paid.account else None)
        expect(self.page.locator("aside .money")).to_have_text(self.money(paid.card))
        expect(self.page.get_by_role("button", name=f"Checkout {self.money(paid.card)}")).to_be_visible()

    def expect_gateway(self, paid: Paid) -> None:
        """The processor's own page, on its own port."""
        value = self.page.locator("h1 data").get_attribute("value")
        assert value == str(paid.card)
        digits = re.sub(r"[^0-9]", "", self.visitor.text("h1"))
        assert digits == str(paid.card)

    def expect_paid_change(self, figures: Figures, paid: Paid) -> None:
        """The change's page once it is paid."""
        expect(self.page.locator("#paid")).to_have_text(self.money(figures.gross))
        facts = self.visitor.facts("aside dl")
        expected = {"Credit card": paid.card, "Gifted credit": paid.gifted, "Account credit": paid.account}
        assert facts == {name: self.money(minor) for name, minor in expected.items() if minor}

    def expect_lines(self, figures: Figures) -> None:
        """Before, paid for, measured."""
        rows = self.visitor.rows("#change table tbody tr")
        value = self.words.value
        assert rows == [
            (
                self.words.names[line.code], value(line.code, line.before), value(line.code, line.after),
                f"{value(line.code, line.after)} , as paid for",
            )
            for line in figures.lines
        ]  # fmt: skip

    def expect_credit_note(self, figures: Figures) -> None:
        printed = self.visitor.rows("main table tbody tr")
        assert [row[0] for row in printed] == [self._printed(line) for line in figures.lines]
        if not self.books.included:
            assert [row[1] for row in printed] == [
                self.money(-figures.amounts[line.code]) for line in figures.lines
            ]
        expected = []
        if figures.tax:
            expected += [("Subtotal", self.money(-figures.net)), (self._tax_name, self.money(-figures.tax))]
        expected.append(("Given back", self.money(-figures.gross)))
        if figures.cash_back:
            expected.append(("as account credit", self.money(figures.cash_back)))
        if figures.gifted_back:
            expected.append(("as gifted credit", self.money(figures.gifted_back)))
        assert self.visitor.rows("main table tfoot tr") == expected

    def mail_money(self, minor: int) -> str:
        """As a plain mail writes it: 5,596 JPY."""
        digits = DIGITS[self.currency]
        return f"{Decimal(minor).scaleb(-digits):,.{digits}f} {self.currency}"

    # --- words ----------------------------------------------------------------------------------------------

    def _receive(self, figures: Figures) -> str:
        return "You receive as credit" if figures.gifted_back else "You receive as account credit"

    def _receive_parts(self, figures: Figures) -> str:
        """How much in which purse, where there are two."""
        if not figures.gifted_back:
            return ""
        account, gifted = self.money(figures.cash_back), self.money(figures.gifted_back)
        return f"{account} as account credit, {gifted} as gifted credit"

    @property
    def _tax_is_added(self) -> bool:
        return bool(Fraction(self.books.tax)) and not self.books.included

    @property
    def _tax_name(self) -> str:
        return f"{self.words.tax_label} {per_cent(Fraction(self.books.tax))}"

    def _from_to(self, line: Line) -> str:
        return f"{self.words.value(line.code, line.before)} to {self.words.value(line.code, line.after)}"

    def _printed(self, line: Line) -> str:
        """As a document says it: Memory 4 to 8 GB."""
        unit = self.words.units.get(line.code, "")
        return f"{self.words.names[line.code]} {line.before} to {line.after}" + (f" {unit}" if unit else "")

    def _term(self) -> str:
        return f"{self.books.months} month" + ("s" if self.books.months != 1 else "")

    def _renewal(self, style: str = "") -> str:
        start = f"Renewal on {day_text(self.books.ends)}"
        return start if style else f"{start}, {self._term()}"

    def _basis(self) -> str:
        if not Fraction(self.books.tax):
            return ""
        return "; with tax" if self.books.included else "; before tax"

    def _before_tax(self) -> str:
        return ", before tax" if self._tax_is_added else ""


def _leg(start: date, end: date) -> str:
    year = start.year != end.year
    return f"{day_text(start, year=year)} to {day_text(end, year=year)}"


def _listed(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
