"""Every page that shows the figures of a change, held against the independent calculation.

One change, one `Figures`: the estimate, the review, the invoice, the gateway's page, the change's own page, the credit
note, the credit log and the mail must all say the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from playwright.sync_api import expect

from browser.explanation import Explanation
from browser.oracle import DIGITS, Books, Figures, Line, Value
from browser.wording import Words, day_text, exact_figure, listed
from support.browser import GAP, MINUS, Visitor, shown

# The small print of a document line: what it was worked out from.
RATE = r".+ to .+ a month(, .+)?, for [0-9.]+ months"
CAPPED = "what was paid for it and is not used yet"


@dataclass(frozen=True)
class Paid:
    """How what was due was paid: minor units."""

    gifted: int = 0
    account: int = 0
    card: int = 0


class Papers:
    """What one visitor sees of changes of one service."""

    def __init__(self, visitor: Visitor, books: Books, words: Words) -> None:
        self.visitor, self.page, self.books, self.words = visitor, visitor.page, books, words
        self.explanation = Explanation(books, words)

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

    def minor(self, text: str) -> int:
        """An amount as it is written, back in minor units."""
        return int(re.sub(r"[^0-9]", "", text)) * (-1 if text.startswith(MINUS) else 1)

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
            rows.append((self.explanation.tax_name, self.money(figures.tax)))
        elif Fraction(self.books.tax):
            last += f" {self.explanation.tax_name} in it: {self.money(figures.tax)}"
        return [*rows, (last, self.money(figures.gross))]

    def expect_notes(self, selector: str, figures: Figures) -> None:
        notes = self.visitor.text(selector)
        assert f"The end date does not change: {day_text(self.books.ends)}." in notes
        if figures.back_today is not None:
            reduced = listed(
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
        self.visitor.arrived()
        how = self.page.locator(f"{selector} details.how")
        if how.get_attribute("open") is None:
            how.locator("summary").click()
        assert self.visitor.rows(f"{selector} .why dl > div") == self.explanation.rows(figures)
        said = self.visitor.text(f"{selector} .why")
        assert self.explanation.formula(figures) in said
        for start, sentence in (
            ("You keep this rate", self.explanation.keep_rate(figures)),
            ("left over is carried", self.explanation.left_over(figures)),
        ):
            assert sentence in said if sentence else start not in said, (sentence, said)

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
            expected += [
                ("Subtotal", self.money(figures.net)),
                (self.explanation.tax_name, self.money(figures.tax)),
            ]
        elif Fraction(self.books.tax):
            expected.append((f"{self.explanation.tax_name} is in it", self.money(figures.tax)))
        last = "Due today"
        if figures.gross < 0:
            last = f"{self._receive(figures)} {self._receive_parts(figures)}".strip()
        expected.append((last, self.money(abs(figures.gross))))
        assert rows[: len(expected)] == expected
        self.expect_notes("#review .notes", figures)
        renewal = f"{self._renewal('on')}: {self.money(figures.renewal_after)} for {self._term()}; before the change "
        basis = f" ({self._basis()[2:]})" if self._basis() else ""
        renewal += f"{self.money(figures.renewal_before)}{basis}."
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
        self.visitor.arrived()
        found: list[list[str]] = self.page.locator("#review .sum-row").evaluate_all(
            "(rows) => rows.map((row) => [...row.children].map((part) => part.innerText))"
        )
        return [[" ".join(part.replace(GAP, " ").split()) for part in row] for row in found]

    # --- paper ----------------------------------------------------------------------------------------------

    def expect_invoice(self, figures: Figures, paid: Paid, *, open_: bool) -> None:
        rows = self.visitor.rows("main table >> nth=0 >> tbody tr")
        period = f"{day_text(figures.day)} to {day_text(self.books.ends)}"
        assert [row[1:] for row in rows] == [
            (period, self.money(figures.amounts[line.code])) for line in figures.lines
        ]
        for row, line in zip(rows, figures.lines, strict=True):
            assert re.fullmatch(rf"{re.escape(self._printed(line))} ({RATE}|{CAPPED})", row[0]), row[0]
        totals = self.visitor.rows("main table >> nth=0 >> tfoot tr")
        expected = []
        if figures.tax:
            name = "Before tax" if self.books.included else "Subtotal"
            expected += [
                (name, self.money(figures.net)),
                (self.explanation.tax_name, self.money(figures.tax)),
            ]
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
        for row, line in zip(printed, figures.lines, strict=True):
            small = rf" ({RATE}|{CAPPED})( Reduces .+)?"
            assert re.fullmatch(re.escape(self._printed(line)) + small, row[0]), row[0]
        if not self.books.included:
            assert [row[1] for row in printed] == [
                self.money(-figures.amounts[line.code]) for line in figures.lines
            ]
        else:
            assert sum(self.minor(row[1]) for row in printed) == -figures.net
        expected = []
        if figures.tax:
            expected += [
                ("Subtotal", self.money(-figures.net)),
                (self.explanation.tax_name, self.money(-figures.tax)),
            ]
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
