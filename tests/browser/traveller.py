"""Aiko on her way through the portal in one language: what she presses is looked up by its English, and what she reads is
held against the independent calculation."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from playwright.sync_api import expect
from pypdf import PdfReader

from browser.demo_service import MACHINE, today, web_01
from browser.oracle import Figures, Value
from browser.papers import Paid
from browser.tongue import Tongue
from browser.walk import SLOW, measured, read_mail
from browser.wording import listed
from prorata.invoices.paper.words import LANGUAGES, say
from support.browser import GAP, Visitor
from support.installation import Installation

# Every press of a button of the mouse or of a key that a person makes outside the slider cards. It outlives the page.
COUNT_PRESSES = """for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, (event) => {
  if (event.isTrusted && !event.target.closest("[data-card]"))
    sessionStorage.setItem("presses", Number(sessionStorage.getItem("presses")) + 1);
}, true);"""


class Traveller:
    def __init__(
        self, demo: Installation, visitor: Visitor, tongue: Tongue, look: Callable[[str], None]
    ) -> None:
        self.demo, self.visitor, self.page, self.say, self.look = demo, visitor, visitor.page, tongue, look
        self.books = web_01(demo)
        visitor.context.add_init_script(COUNT_PRESSES)

    # --- going about ----------------------------------------------------------------------------------------

    def press(self, role: str, msgid: str, *, within: str = "body", **fills: object) -> None:
        """The first button or link of this name."""
        self.visitor.click(role, self.say(msgid, **fills), within=self.page.locator(within).first, exact=True)  # type: ignore[arg-type]

    def expect_text(self, selector: str, msgid: str, **fills: object) -> None:
        """Somewhere in the element, whatever stands around it."""
        expect(self.page.locator(selector).first).to_contain_text(self.say(msgid, **fills))  # type: ignore[arg-type]

    def to_resources(self) -> None:
        self.press("link", "Services")
        self.visitor.click("link", "web-01")
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.say("Resources"))

    def to_sliders(self) -> None:
        """From Resources; presses are counted from here, with the one that leads there."""
        self.page.evaluate("sessionStorage.removeItem('presses')")
        self.press("link", "Upgrade / Downgrade")
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.say("Change resources"))

    def presses(self) -> int:
        """How many since `to_sliders`, without those on a slider."""
        return int(self.page.evaluate("Number(sessionStorage.getItem('presses'))"))

    def slide(self, code: str, to: int) -> None:
        """Press the card's minus or plus until it says so; the stops on the way are those that are sold."""
        field = self.page.locator(f"#{code}")
        while (now := int(field.input_value())) != to:
            name = "Less: %(name)s" if now > to else "More: %(name)s"
            self.press("button", name, name=self.say.name(code))
            assert abs(int(field.input_value()) - to) < abs(now - to), (code, now, to)

    def choose(self, **values: int) -> Figures:
        """Slide, read the estimate, and press Continue and read the review."""
        for code, value in values.items():
            self.slide(code, value)
        return self.expect_estimate(**values)

    def price(self, **values: Value) -> Figures:
        return self.books.price(values, today(self.demo))

    # --- figures --------------------------------------------------------------------------------------------

    def expect_estimate(self, **values: Value) -> Figures:
        """Wait for the price of these values and hold every figure of the panel against the calculation."""
        figures, say = self.price(**values), self.say
        expect(self.page.locator("#total")).to_have_text(say.money(abs(figures.gross)))
        self.visitor.estimate_rests()
        assert self.visitor.rows("#estimate .bill >> nth=0 >> tr") == self._bill(figures)
        renewal = say("Renewal on %(day)s, %(months)s months", day=say.day(self.books.ends), months=6)
        was = say("was %(amount)s", amount=say.money(figures.renewal_before)) + say("; ") + say("before tax")
        assert self.visitor.rows("#estimate .bill >> nth=1 >> tr") == [
            (
                f"{say('Monthly price')} {say('was %(amount)s', amount=say.price(figures.monthly_before))}",
                say.price(figures.monthly_after),
            ),
            (f"{renewal} {was}", say.money(figures.renewal_after)),
        ]
        self._expect_notes("#estimate .notes", figures)
        return figures

    def _bill(self, figures: Figures) -> list[tuple[str, str]]:
        say = self.say
        last = ("Credit" if figures.gifted_back else "Account credit") if figures.gross < 0 else "Due today"
        return [
            *(
                (f"{say.name(line.code)} {say.from_to(line.code, line.before, line.after)}",
                 say.money(figures.amounts[line.code]))
                for line in figures.lines
            ),
            (say("Subtotal"), say.money(figures.net)),
            (self._tax(), say.money(figures.tax)),
            (say(last), say.money(figures.gross)),
        ]  # fmt: skip

    def _tax(self) -> str:
        return f"{self.say.sold('Consumption tax')} 10 %"

    def _expect_notes(self, selector: str, figures: Figures) -> None:
        notes, say = self.visitor.text(selector), self.say
        assert say("The end date does not change: %(day)s.", day=say.day(self.books.ends)) in notes
        reduced = [line for line in figures.lines if line.exact < 0]
        if figures.back_today is not None:
            what = self._listed(
                [f"{say.name(one.code)} {say.value(one.code, one.before)}" for one in reduced]
            )
            amount = say.money(figures.back_today)
            assert say("Going back today ({what}) would cost {amount}.", what=what, amount=amount) in notes

    def _listed(self, names: list[str]) -> str:
        if self.say.folder == "en":
            return listed(names)
        first = self.say.joined(names[:-1])
        return self.say("%(first)s and %(last)s", first=first, last=names[-1]) if first else names[-1]

    def expect_review(self, figures: Figures, *, gifted: int = 0, account: int = 0) -> None:
        """The frozen price, and the button that says what it does."""
        say, due = self.say, figures.gross - gifted - account
        expect(self.page.get_by_role("heading", level=1)).to_have_text(say("Review and pay"))
        changes = self.visitor.rows("#review table >> nth=0 >> tbody tr")
        assert [row[:3] for row in changes] == [
            (say.name(line.code), say.value(line.code, line.before), say.value(line.code, line.after))
            for line in figures.lines
        ]
        expect(self.page.locator("#gross")).to_have_text(say.money(abs(figures.gross)))
        if figures.gross < 0:
            button = say("Submit — receive %(amount)s credit", amount=say.money(-figures.gross))
        else:
            button = say("Submit and pay %(amount)s", amount=say.money(due)) if due else say("Submit")
            for purse, used in (("gifted", gifted), ("account", account)):
                if used:
                    expect(self.page.locator(f"#split-{purse}")).to_have_text(say.money(-used))
        expect(self.page.locator("#submit")).to_have_text(button)
        self._expect_notes("#review .notes", figures)

    def expect_invoice(self, figures: Figures, paid: Paid, *, open_: bool) -> None:
        say = self.say
        rows = self.visitor.rows("main table >> nth=0 >> tbody tr")
        period = f"{say.day(figures.day)} {say('to')} {say.day(self.books.ends)}"
        assert [row[1:] for row in rows] == [
            (period, say.money(figures.amounts[line.code])) for line in figures.lines
        ]
        expected = [
            ("Subtotal", figures.net), ("", figures.tax), ("Total", figures.gross), ("Gifted credit", -paid.gifted),
            ("Account credit", -paid.account), ("To pay", paid.card) if open_ else ("Paid", -paid.card),
        ]  # fmt: skip
        assert self.visitor.rows("main table >> nth=0 >> tfoot tr") == [
            (say(name) if name else self._tax(), say.money(minor)) for name, minor in expected if minor
        ]

    def expect_applied(self, figures: Figures, **values: int) -> None:
        """The page comes to its end by itself; the machine really has it."""
        headline = self.say.pattern("Changed at %(time)s", time="[0-9:]{8}")
        expect(self.page.locator("#headline")).to_have_text(headline, timeout=SLOW)
        value = self.say.value
        assert self.visitor.rows("#change table tbody tr") == [
            (
                self.say.name(line.code), value(line.code, line.before), value(line.code, line.after),
                f"{value(line.code, line.after)} {self.say(', as paid for')}",
            )
            for line in figures.lines
        ]  # fmt: skip
        have = measured(self.demo, MACHINE)
        assert {code: have[code] for code in values} == values

    def expect_credit(self, minor: int) -> None:
        """Available Credit in the top menu, which follows by itself."""
        expect(self.page.locator("#available-credit b")).to_have_text(self.say.money(minor))

    def expect_intervention(self, what: str, reason: str) -> None:
        """Our staff's deed and their own words for it stand on the page of the change."""
        said = self.say.pattern(
            "%(what)s by our staff, %(time)s: %(reason)s", what=self.say(what), time=".+", reason=reason
        )
        expect(self.page.locator("#change .note p").filter(has_text=said).first).to_be_visible()

    # --- what is sent and printed ---------------------------------------------------------------------------

    def expect_mail(self, subject: str, words: str, *amounts: int) -> None:
        """In her language, with these amounts."""
        read = read_mail(self.visitor, subject)
        assert words in read, (words, read)
        for minor in amounts:
            assert f"{minor:,} JPY" in read, (minor, read)

    def expect_pdf(self, title: str, minor: int) -> None:
        """The document whose page is open, printed in the language in which it is read."""
        answer = self.visitor.context.request.get(
            self.visitor.url + str(self.page.locator("#pdf").get_attribute("href"))
        )
        assert answer.status == 200
        printed = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body())).pages)
        printed = re.sub(r"\s+", "", printed.replace(GAP, ""))
        language = next(one for one in LANGUAGES if one == self.say.code)
        assert (
            printed.startswith(re.sub(r"\s+", "", say(title, language)))
            or re.sub(r"\s+", "", say(title, language)) in printed[:80]
        )
        assert f"{minor:,}" in printed
        assert re.sub(r"\s+", "", self.say.day(today(self.demo))) in printed
