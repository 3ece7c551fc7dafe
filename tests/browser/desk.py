"""The staff desk as staff use it: open a page by its links, fill in fields, press the button."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from support.browser import Visitor


class Desk:
    """One member of staff at the desk."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page

    def go(self, entry: str) -> None:
        """A link of the sidebar."""
        # An icon's name may stand before it, and the number of what waits there after it.
        name = re.compile(rf"(^|\s){entry}(\s*\d+)?$")
        self.page.locator("nav, aside").get_by_role("link", name=name).first.click()

    def add(self, entry: str, button: str) -> None:
        """The list behind an entry of the sidebar, and its button for a new row."""
        self.go(entry)
        self.page.get_by_role("link", name=re.compile(f"{button}$")).first.click()

    def fill(self, **typed: Any) -> None:
        """Fields by name, with `__` for a dash; choices by value, boxes by True or False."""
        for name, value in typed.items():
            self.put(name.replace("__", "-"), value)

    def put(self, name: str, value: Any) -> None:
        field = self.page.locator(f"[name='{name}']").first
        kind = field.evaluate("(field) => field.type || field.tagName.toLowerCase()")
        if kind == "radio":
            self.page.locator(f"[name='{name}'][value='{value}']").check()
        elif kind == "checkbox":
            field.set_checked(bool(value))
        elif kind.startswith("select"):
            field.select_option(str(value))
        else:
            field.fill(str(value))

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).first.click()

    def expect_said(self, words: str) -> None:
        expect(self.page.locator("body")).to_contain_text(words)
