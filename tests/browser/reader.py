"""Looks at a page as somebody who reads one language: no word of another, nothing that axe-core finds, nothing to scroll
sideways for on a window 320 pixels wide, light and dark.

Names stay as they are: the customer's and the provider's own, product and unit names, references, zones, currency codes.
"""

from __future__ import annotations

import re

from support.browser import Visitor

# Whole words that are the same in every language here.
NAMES = {
    "Prorata", "PDF", "CSV", "JPY", "JST", "GB", "CPU", "NVMe", "SSD", "Cookie", "BESTNET", "CLOUD", "Bestnet", "K",
    "Marunouchi", "Chiyoda", "ku", "Tokyo", "Asia", "Aiko", "Tanaka", "Design", "Visa", "English", "web", "db", "cvm",
    "daily", "before", "php", "Stripe", "VM", "CST", "UTC",
}  # fmt: skip
# Time zones, addresses, references of ours, tax numbers, codes of vouchers and options.
CODES = re.compile(
    r"\b(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[\w/ +-]+|\S+@\S+|"
    r"\b(?:Q|C|PF|T|L)-[0-9A-Z]+(?:-[0-9A-Z]+)*\b|\b(?:INV|CN|R|T)-?\d+\b|\b[0-9A-F]+C\d+G\b|\bWELCOME-10\b|https?://\S+"
)
WORD = re.compile(r"[A-Za-z]{2,}")
# In English it is the other way round: the letters of the two others, but for their own names at the foot.
NOT_ENGLISH = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]+")
OWN_NAMES = {"日本語", "简体中文"}
# What is read: the text that can be seen, the text for the ear, and what stands in attributes.
READ = """() => {
  const attributes = ["aria-label", "data-label", "title", "placeholder", "alt", "aria-valuetext", "data-say"];
  const spoken = [...document.querySelectorAll(".vh, caption, option, [hidden] label")]
    .filter((one) => !one.closest("#id_time_zone"))
    .map((one) => one.textContent);
  const said = attributes.flatMap((name) =>
    [...document.querySelectorAll(`[${name}]`)].map((one) => one.getAttribute(name)));
  return [document.title, document.body.innerText, ...spoken, ...said].join("\\n");
}"""


class Reader:
    """Looks at a page in every way it is read, and keeps what is wrong for the end of the story."""

    def __init__(self, visitor: Visitor, lang: str) -> None:
        self.visitor, self.lang, self.mistakes = visitor, lang, list[str]()

    def __call__(self, name: str) -> None:
        page, visitor = self.visitor.page, self.visitor
        assert page.locator("html").get_attribute("lang") == self.lang
        for line in dict.fromkeys(page.evaluate(READ).splitlines()):
            if words := self._foreign(line):
                self.mistakes.append(f"{name}: {' '.join(words)!r} in “{line.strip()[:100]}”")
        visitor.shot(f"{self.lang}-{name}")
        self.mistakes += [f"{name}: sticks out of its box: {one}" for one in visitor.sticks_out()]
        self.mistakes += [f"{name}: {one}" for one in visitor.accessibility_mistakes()]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": 320, "height": 640})
            visitor.shot(f"{self.lang}-{name}-narrow-{scheme}")
            if visitor.scrolls_sideways():
                self.mistakes.append(f"{name}: scrolls sideways at 320 px, {scheme}")
            self.mistakes += [f"{name}, 320 px: sticks out of its box: {one}" for one in visitor.sticks_out()]
        self.mistakes += [f"{name}, dark: {one}" for one in visitor.accessibility_mistakes()]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 900})

    def _foreign(self, line: str) -> list[str]:
        if self.lang == "en":
            return [word for word in NOT_ENGLISH.findall(line) if word not in OWN_NAMES]
        return [word for word in WORD.findall(CODES.sub(" ", line)) if word not in NAMES]
