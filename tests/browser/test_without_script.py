"""The main job without JavaScript: plain forms and pages, the same figures."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.demo_service import MACHINE, papers, today, web_01
from browser.papers import Paid
from browser.walk import SLOW, have, measured, open_sliders, pay_with
from support.browser import NewVisitor
from support.installation import Installation

pytestmark = pytest.mark.browser


def test_up_and_down_without_javascript(demo: Installation, visitor: NewVisitor) -> None:
    aiko = visitor(java_script_enabled=False)
    aiko.sign_in("aiko@example.com", "prorata-demo")
    books = web_01(demo)
    page = papers(aiko, books)
    aiko.click("link", "web-01")
    aiko.click("link", "Upgrade / Downgrade")
    expect(aiko.page.locator("#change-form")).to_be_visible()
    aiko.arrived()
    assert aiko.page.get_by_role("slider").count() == 0, "a slider that does nothing is not shown"

    page.choose("memory", 5)
    aiko.click("button", "Update estimate")
    expect(aiko.page.locator("#error-memory")).to_contain_text("Memory can be 4 GB or 6 GB.")
    page.choose("memory", 6)
    page.choose("snapshots", 4)
    aiko.click("button", "Update estimate")
    figures = books.price({"memory": 6, "snapshots": 4}, today(demo))
    page.expect_estimate(figures)
    expect(aiko.page.locator("#memory")).to_have_value("6")
    aiko.shot("e01-no-script-estimate")
    aiko.page.locator("#continue").click()

    page.expect_review(figures, gifted=1_500)
    aiko.page.get_by_role("checkbox", name="Gifted credit").uncheck()
    aiko.click("button", "Update", exact=True)
    page.expect_review(figures)
    aiko.shot("e02-no-script-review")
    aiko.page.get_by_role("radio", name="Credit card").check()
    aiko.page.locator("#submit").click()
    paid = Paid(card=figures.gross)
    page.expect_invoice(figures, paid, open_=True)
    aiko.click("button", f"Pay Now! {page.money(paid.card)} with Credit card")
    page.expect_gateway(paid)
    pay_with(aiko)
    # The page asks again by itself, as a page without a script can.
    expect(aiko.page.locator("#headline")).to_have_text(re.compile("^Changed at"), timeout=SLOW)
    page.expect_lines(figures)
    page.expect_paid_change(figures, paid)
    aiko.shot("e03-no-script-result")
    books.apply(figures)
    assert (measured(demo, MACHINE)["memory"], measured(demo, MACHINE)["snapshots"]) == (6, 4)

    open_sliders(aiko)
    page.choose("memory", 4)
    down = books.price({"memory": 4}, today(demo))
    aiko.page.locator("#continue").click()
    page.expect_review(down)
    aiko.page.locator("#submit").click()
    expect(aiko.page.locator("#headline")).to_have_text(re.compile("^Changed at"), timeout=SLOW)
    expect(aiko.page.locator("#returned")).to_have_text(page.money(-down.gross))
    aiko.click("link", "Resources")
    assert have(aiko)[1] == "4 GB"
    aiko.click("button", "Light or dark")
    expect(aiko.page.locator("html")).to_have_attribute("data-theme", "dark")
