"""Pages as a person meets them in a real chromium, and what must never happen while they are looked at.

    aiko = visitor()                                  # a person with a browser of her own
    aiko.sign_in("aiko@example.com", "prorata-demo")
    aiko.open("/services")
    aiko.shot("services")                             # a picture, if PRORATA_SCREENSHOTS names a folder

Whatever a story is about, it fails if a page throws an error, is refused something by its content policy, loads from
anywhere but this installation, answers with a server error, or shows an amount that its machine-readable value denies.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = Path(__file__).parent.parent / "browser" / "vendor" / "axe-core-4.14.1" / "axe.min.js"
# WCAG 2.2 at A and AA, and what axe's authors advise beyond it.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MINUS = "\u2212"
GAP = "\u00a0"
SIGNS = {"JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
DECIMALS = {"JPY": 0, "KRW": 0, "USD": 2, "EUR": 2, "GBP": 2, "CHF": 2, "KWD": 3}
# Longer than any answer of a machine that is slow and busy with other things: it costs nothing where all is well.
PATIENCE = 60_000
# An amount that is not what its value says; a value is in major units.
FALSE_AMOUNTS = """() => [...document.querySelectorAll("data")].filter((one) => {
  const digits = one.textContent.replace(/[^0-9.]/g, "");
  const sign = one.textContent.trim().startsWith("\\u2212") ? -1 : 1;
  return Number(one.value) !== sign * Number(digits);
}).map((one) => one.outerHTML)"""
# An amount whose digits stand on two lines.
BROKEN_AMOUNTS = """() => [...document.querySelectorAll("data")].filter((one) => {
  const text = document.createRange();
  text.selectNodeContents(one);
  const lines = new Set([...text.getClientRects()].map((box) => Math.round(box.top)));
  return lines.size > 1;
}).map((one) => one.outerHTML)"""

# What htmx says of an estimate that a newer one took the place of, or whose page was left. One that fails says more.
BROKEN_OFF = ("htmx:sendAbort", "htmx:afterRequest")
# A typed value is asked for after 220 milliseconds: calm is what stays so for longer.
ESTIMATE_RESTS = """() => new Promise((done) => {
  let calm = 0;
  const looking = setInterval(() => {
    const busy = document.querySelector("#estimate[aria-busy=true], .htmx-request, #change-form.waiting");
    calm = busy ? 0 : calm + 1;
    if (calm > 6) { clearInterval(looking); done(); }
  }, 50);
})"""
STICKING_OUT = """() => [...document.querySelectorAll(".panel, .card, .note")].flatMap((box) => {
  const edge = box.getBoundingClientRect().right + 1;
  return [...box.querySelectorAll("table, dl, p, h2, button, a, input")].filter((one) =>
    one.checkVisibility({checkOpacity: true}) && one.getBoundingClientRect().width > 1 && !one.closest(".vh")
    && getComputedStyle(box).overflowX === "visible" && one.getBoundingClientRect().right > edge)
    .map((one) => `${one.tagName} ${one.textContent.trim().slice(0, 60)}`);
})"""
TORN_WORDS = """() => [...document.querySelectorAll("main dt, main th, main h1, main h2, main h3, main dd, main button")]
  .filter((one) => one.checkVisibility() && !one.closest(".vh")).flatMap((one) => {
    const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT), torn = [];
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.parentElement.closest(".vh")) continue;
      for (const word of node.textContent.matchAll(/\\b[A-Za-z]{3,}\\b/g)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) torn.push(word[0]);
      }
    }
    return torn;
  })"""


def shown(minor: int, currency: str, *, plus: bool = False) -> str:
    """An amount as the portal must write it: ¥14,924, −$1.50; `plus` with the plus of an increase."""
    decimals = DECIMALS[currency]
    whole, part = divmod(abs(minor), 10**decimals)
    figure = f"{whole:,}" + (f".{part:0{decimals}d}" if decimals else "")
    sign = MINUS if minor < 0 else "+" if plus and minor > 0 else ""
    return f"{sign}{SIGNS.get(currency, currency + GAP)}{figure}"


# A button between two colours is no mistake of either scheme: what is still moving comes to its end first.
COLOURS_SETTLED = """async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    for (const one of document.getAnimations()) {
        if (one.effect.getComputedTiming().endTime !== Infinity) one.finish();
    }
}"""


class Visitor:
    """One person's browser: a context of its own, one page, and a record of whatever went wrong."""

    def __init__(self, context: BrowserContext, url: str, homes: Sequence[str]) -> None:
        self.url, self.context = url, context
        self.homes = {urlsplit(home).netloc for home in (url, *homes)}
        self.troubles: list[str] = []
        context.set_default_timeout(PATIENCE)
        self.page: Page = context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)

    # --- going about ----------------------------------------------------------------------------------------

    def open(self, path: str, *, status: int = 200) -> None:
        """Go to an address of the portal; `status` is the answer it must give."""
        answer = self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        if status >= 500:
            self.troubles.remove(f"{status} at {answer.url}")

    def sign_in(self, email: str, password: str, *, to: str = "/") -> None:
        """Go to a page that needs somebody who is signed in, and sign in there."""
        self.open(to)
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page).not_to_have_url(re.compile("/accounts/login/"))

    def estimate_rests(self) -> None:
        """Wait until no estimate is under way or about to be asked for."""
        self.page.evaluate(ESTIMATE_RESTS)

    def arrived(self) -> None:
        """Wait until the page is there to its end. A press waits only for its beginning, and what is read then may be
        the half that has come."""
        self.page.wait_for_load_state("domcontentloaded")

    def click(self, role: Any, name: str, *, within: Locator | None = None, exact: bool = False) -> None:
        """Press the first button or link of this name."""
        (within or self.page).get_by_role(role, name=name, exact=exact).first.click()

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def shot(self, name: str) -> None:
        """A picture of the whole page, and the check that its amounts are what they say and stay on one line."""
        self.arrived()
        assert self.page.evaluate(FALSE_AMOUNTS) == []
        assert self.page.evaluate(BROKEN_AMOUNTS) == []
        if folder := os.environ.get("PRORATA_SCREENSHOTS"):
            target = Path(folder)
            target.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(target / f"{name}.png"), full_page=True, animations="disabled")

    # --- reading --------------------------------------------------------------------------------------------

    def text(self, selector: str) -> str:
        """The words of one element, with every space a plain one."""
        self.arrived()
        return " ".join(self.page.locator(selector).first.inner_text().replace(GAP, " ").split())

    def rows(self, selector: str) -> list[tuple[str, ...]]:
        """A table's rows as its cells' words; `selector` names the rows."""
        self.arrived()
        found: list[list[str]] = self.page.locator(selector).evaluate_all(
            """(rows) => rows.map((row) => [...row.querySelectorAll("th, td, dt, dd")].map((cell) => cell.innerText))"""
        )
        return [tuple(" ".join(cell.replace(GAP, " ").split()) for cell in row) for row in found]

    def facts(self, selector: str) -> dict[str, str]:
        """A list of terms and what they are; `selector` names the <dl>."""
        self.arrived()
        pairs: list[list[str]] = self.page.locator(selector).first.evaluate(
            """(list) => [...list.querySelectorAll("dt")].map(
                (term) => [term.innerText, term.nextElementSibling.innerText]
            )"""
        )
        return {term.strip(): " ".join(words.replace(GAP, " ").split()) for term, words in pairs}

    # --- what every reader needs ----------------------------------------------------------------------------

    def accessibility_mistakes(self) -> list[str]:
        """What axe-core finds on this page, one line a mistake."""
        self.arrived()
        self.page.evaluate(COLOURS_SETTLED)
        # Through the debugger rather than a <script>, which the page's policy rightly refuses.
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = self.page.evaluate(
            "(tags) => axe.run({runOnly: tags, resultTypes: ['violations']}).then((all) => all.violations)",
            RULES,
        )
        return [
            f"{one['id']}: {one['help']}: {' | '.join(node['html'][:160] for node in one['nodes'][:4])}"
            for one in found
        ]

    def scrolls_sideways(self) -> int:
        """By how many pixels the page is wider than the window."""
        self.arrived()
        return int(
            self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        )

    def sticks_out(self) -> list[str]:
        """What is wider than the box it stands in, one line each; what scrolls in a box of its own is not."""
        self.arrived()
        found: list[str] = self.page.evaluate(STICKING_OUT)
        return found

    def broken_words(self) -> list[str]:
        """Words of terms and headings that are torn over two lines."""
        self.arrived()
        found: list[str] = self.page.evaluate(TORN_WORDS)
        return found

    # --- what must not happen -------------------------------------------------------------------------------

    def _heard(self, message: ConsoleMessage) -> None:
        # A page that answers 404 or 422 on purpose is told of here too; its status is looked at by the story.
        if message.type == "error" and not message.text.startswith(("Failed to load resource", *BROKEN_OFF)):
            self.troubles.append(f"console: {message.text} ({self.page.url})")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc not in self.homes:
            self.troubles.append(f"loads from elsewhere: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.troubles.append(f"{response.status} at {response.url}")

    def close(self) -> None:
        self.context.close()


# visitor(**options of a browser context): somebody with a browser of her own.
NewVisitor = Callable[..., Visitor]
