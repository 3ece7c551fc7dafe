"""Every page of the main job: no accessibility mistake that axe-core knows, light and dark, and nothing to scroll sideways
for on a window 320 pixels wide."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.demo_service import MACHINE
from browser.walk import open_sliders, pay_with, wait_until_applied
from support.browser import NewVisitor, Visitor
from support.installation import Installation

pytestmark = pytest.mark.browser
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1280, "height": 900}


def test_every_page_is_for_every_reader(demo: Installation, visitor: NewVisitor) -> None:
    aiko = visitor(viewport=WIDE)
    look = Looker(aiko)
    aiko.open("/accounts/login/")
    look("sign-in")
    aiko.sign_in("aiko@example.com", "prorata-demo")
    look("services")
    aiko.click("link", "web-01")
    look("resources")
    aiko.click("link", "See what is stored")
    look("stored")
    aiko.click("link", "Delete ")
    look("delete")
    aiko.click("link", "Keep it")

    open_sliders(aiko)
    look("change")
    aiko.page.locator("#disk").fill("80")
    expect(aiko.page.locator("#error-disk")).to_contain_text("cannot go below")
    look("change-refused")
    aiko.page.locator("#disk").fill("120")
    aiko.page.locator("#memory").fill("8")
    aiko.page.locator("#backups").fill("3")
    expect(aiko.page.locator("#line-backups")).to_be_visible()
    aiko.page.get_by_text("How this is worked out").click()
    look("change-estimate")
    aiko.page.locator("#continue").click()
    expect(aiko.page.get_by_role("heading", level=1)).to_have_text("Review and pay")
    aiko.page.get_by_text("How this is worked out").click()
    look("review")

    aiko.page.get_by_role("radio", name="Credit card").check()
    aiko.page.locator("#submit").click()
    expect(aiko.page.get_by_role("heading", level=1)).to_contain_text("Invoice")
    look("invoice")
    invoice = aiko.path
    aiko.open(f"{invoice}/checkout")
    look("checkout")
    demo.hypervisor.busy(MACHINE)
    aiko.page.get_by_role("radio", name="Credit card").check()
    aiko.click("button", "Checkout")
    aiko.page.wait_for_url(f"{demo.gateway.url}/**")
    look("gateway")
    pay_with(aiko)
    expect(aiko.page.locator("#headline")).to_have_text("Waiting for the machine")
    look("progress")
    demo.hypervisor.not_busy(MACHINE)
    wait_until_applied(aiko)
    look("result")
    aiko.click("link", "Invoice INV-000001")
    look("invoice-paid")

    for name, path in {
        "credit": "/credit", "invoices": "/invoices", "changes": resources_of(aiko).replace("/resources", "/changes"),
        "example": "/example", "mails": "/demo/mails",
    }.items():  # fmt: skip
        aiko.open(path)
        look(name)
    aiko.open("/nothing/here", status=404)
    look("not-found")
    assert look.mistakes == [], "\n".join(look.mistakes)


def test_light_and_dark_are_chosen_and_kept(demo: Installation, aiko: Visitor) -> None:
    """The button in the top menu turns the page over, and the next page is as chosen."""
    light = background(aiko)
    aiko.click("button", "Light or dark")
    dark = background(aiko)
    assert dark != light
    aiko.click("link", "Invoices")
    assert background(aiko) == dark
    aiko.click("button", "Light or dark")
    assert background(aiko) == light


class Looker:
    """Looks at a page in every way and notes what is wrong with it; the story goes on."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.mistakes = visitor, list[str]()

    def __call__(self, name: str) -> None:
        page = self.visitor.page
        self.note_torn(f"{name}, wide")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.visitor.shot(f"f-{name}-{scheme}")
            self.mistakes += [f"{name}, {scheme}: {one}" for one in self.visitor.accessibility_mistakes()]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(NARROW)
        if wider := self.visitor.scrolls_sideways():
            self.mistakes.append(f"{name}: {wider} pixels wider than a window of 320")
        self.note_torn(f"{name}, narrow")
        self.visitor.shot(f"f-{name}-narrow")
        page.set_viewport_size(WIDE)

    def note_torn(self, where: str) -> None:
        """What does not fit into its box, and words torn over two lines."""
        self.mistakes += [f"{where}: sticks out of its box: {one}" for one in self.visitor.sticks_out()]
        self.mistakes += [f"{where}: torn over two lines: {one}" for one in self.visitor.broken_words()]


def resources_of(visitor: Visitor) -> str:
    visitor.open("/services")
    return str(visitor.page.get_by_role("link", name=re.compile("^web-01$")).get_attribute("href"))


def background(visitor: Visitor) -> str:
    return str(visitor.page.evaluate("getComputedStyle(document.body).backgroundColor"))
