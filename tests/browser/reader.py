"""Looks at a page as somebody who reads one language: no word of another, nothing that axe-core finds, nothing to scroll
sideways for on a window 320 pixels wide, light and dark.
"""

from __future__ import annotations

import os

from browser.left_over import left_over
from support.browser import Visitor

# What axe-core finds hangs on scheme and width, hardly on the language: ./test asks it once a page and language, in
# another way for each. ./prove asks both ways, and test_every_screen.py every screen.
WAYS = {"ja": ("wide",), "zh-Hans": ("narrow",)}


class Reader:
    """Looks at a page in every way it is read, and keeps what is wrong for the end of the story."""

    def __init__(self, visitor: Visitor, lang: str) -> None:
        self.visitor, self.lang, self.mistakes = visitor, lang, list[str]()
        self.ways = (
            ("wide", "narrow") if os.environ.get("PRORATA_PROVE") else WAYS.get(lang, ("wide", "narrow"))
        )

    def __call__(self, name: str) -> None:
        page, visitor = self.visitor.page, self.visitor
        assert page.locator("html").get_attribute("lang") == self.lang
        self.mistakes += [f"{name}: {one}" for one in left_over(page, self.lang)]
        visitor.shot(f"{self.lang}-{name}")
        self.mistakes += [f"{name}: sticks out of its box: {one}" for one in visitor.sticks_out()]
        if "wide" in self.ways:
            self.mistakes += [f"{name}: {one}" for one in visitor.accessibility_mistakes()]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": 320, "height": 640})
            visitor.shot(f"{self.lang}-{name}-narrow-{scheme}")
            if visitor.scrolls_sideways():
                self.mistakes.append(f"{name}: scrolls sideways at 320 px, {scheme}")
            self.mistakes += [f"{name}, 320 px: sticks out of its box: {one}" for one in visitor.sticks_out()]
        if "narrow" in self.ways:
            self.mistakes += [f"{name}, dark: {one}" for one in visitor.accessibility_mistakes()]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 900})
