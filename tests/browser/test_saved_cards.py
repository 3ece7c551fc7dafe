"""A customer keeps a card, pays the next change with one press, and has it forgotten."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.demo_service import MACHINE, papers, web_01
from browser.walk import measured, pay_with
from support.browser import Visitor
from support.installation import Installation
from support.sandboxes import wait_until

pytestmark = pytest.mark.browser


def to_checkout(aiko: Visitor, demo: Installation, code: str, value: int) -> None:
    """Change one resource and go as far as the choice of how to pay."""
    page = papers(aiko, web_01(demo))
    change = aiko.page.get_by_role("link", name="Upgrade / Downgrade")

    def free() -> bool:
        """The change before is applied to the end."""
        aiko.open("/services")
        aiko.click("link", "web-01")
        return change.count() > 0

    wait_until(free, "the service to be free for a change", seconds=120)
    change.first.click()
    page.choose(code, value)
    expect(aiko.page.locator("#estimate")).not_to_have_attribute("aria-busy", "true")
    aiko.page.locator("#continue").click()
    aiko.page.get_by_role("radio", name="Credit card").check()
    aiko.page.locator("#submit").click()
    expect(aiko.page).to_have_url(re.compile("/invoices/"))
    aiko.page.get_by_role("link", name="Use another method").first.click()
    expect(aiko.page.get_by_role("heading", level=1)).to_have_text("Checkout")


def test_keep_pay_again_forget(demo: Installation, aiko: Visitor) -> None:
    to_checkout(aiko, demo, "memory", 8)
    aiko.page.get_by_role("radio", name="Credit card").check()
    keep = aiko.page.get_by_role("checkbox", name=re.compile("^Keep the card"))
    expect(keep).not_to_be_checked()
    expect(
        aiko.page.get_by_text("when you pay with Credit card: the payment service keeps it")
    ).to_be_visible()
    keep.check()
    aiko.shot("k01-consent")
    aiko.page.get_by_role("button", name=re.compile("^Checkout")).click()
    aiko.page.wait_for_url(f"{demo.gateway.url}/**")
    pay_with(aiko)
    expect(aiko.page).to_have_url(re.compile("/changes/"))
    wait_until(lambda: measured(demo, MACHINE)["memory"] == 8, "the memory", seconds=120)

    to_checkout(aiko, demo, "cpu", 4)
    aiko.page.get_by_role("radio", name=re.compile("Visa")).check()
    for name, size in (
        ("k03-narrow", {"width": 320, "height": 700}),
        ("k02-kept", {"width": 1280, "height": 900}),
    ):
        aiko.page.set_viewport_size(size)  # type: ignore[arg-type]
        aiko.shot(name)
    aiko.page.emulate_media(color_scheme="dark")
    aiko.shot("k04-dark")
    aiko.page.get_by_role("button", name=re.compile("^Checkout")).click()
    expect(aiko.page).to_have_url(re.compile("/changes/"))
    aiko.shot("k05-paid")

    assert len(demo.gateway.calls("charge")) == 1
    wait_until(lambda: measured(demo, MACHINE)["cpu"] == 4, "the cores", seconds=120)

    to_checkout(aiko, demo, "disk", 120)
    aiko.page.get_by_role("button", name="Forget Visa ···· 4242").click()
    expect(aiko.page.get_by_text("Visa ···· 4242 is forgotten")).to_be_visible()
    expect(aiko.page.get_by_role("radio", name=re.compile("Visa"))).to_have_count(0)
    aiko.shot("k06-forgotten")
