"""The main job with nothing but a keyboard: everything is reached by Tab, seen when it is reached, and never covered."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from browser.demo_service import MACHINE, papers, today, web_01
from browser.walk import measured, wait_until_applied
from support.browser import NewVisitor, Visitor
from support.installation import Installation
from support.sandboxes import ACCEPTED

pytestmark = pytest.mark.browser
# A page has fewer things to stop at than this.
MOST_STOPS = 120
# Where the thing that has the focus is, whether anything lies on top of it, and whether a ring is drawn around it.
SEEN = """(one) => {
  const box = one.getBoundingClientRect();
  const ring = (part, pseudo) => {
    const style = getComputedStyle(part, pseudo);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  };
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const covered = top === null || !(one.contains(top) || top.contains(one) || one.labels?.[0]?.contains(top));
  return {
    box: {x: Math.max(box.x - 8, 0), y: Math.max(box.y - 8, 0), width: box.width + 16, height: box.height + 16},
    ring: ring(one) || ring(one, "::after") || ring(one.parentElement),
    covered, outside: box.top < 0 || box.bottom > innerHeight + 1,
  };
}"""


def test_up_by_card_with_the_keyboard_alone(demo: Installation, visitor: NewVisitor) -> None:
    aiko = visitor()
    page, press = aiko.page, aiko.page.keyboard.press
    aiko.open("/")
    reach(aiko, page.get_by_label("Email"))
    page.keyboard.type("aiko@example.com")
    reach(aiko, page.get_by_label("Password"))
    page.keyboard.type("prorata-demo")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Services")

    press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    press("Enter")
    reach(aiko, page.get_by_role("link", name="web-01"))
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Resources")
    reach(aiko, page.get_by_role("link", name="Upgrade / Downgrade").first)
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Change resources")

    books = web_01(demo)
    seen = papers(aiko, books)
    reach(aiko, page.get_by_role("button", name="More: CPU cores"))
    press("Space")
    reach(aiko, page.get_by_role("slider", name="Memory"))
    press("End")
    press("Home")
    for _ in range(3):
        press("ArrowRight")
    reach(aiko, page.get_by_role("textbox", name="Snapshot limit"))
    press("ArrowUp")
    figures = books.price({"cpu": 3, "memory": 8, "snapshots": 3}, today(demo))
    expect(page.locator("#memory")).to_have_value("8")
    seen.expect_estimate(figures)
    reach(aiko, page.locator("#continue"))
    aiko.shot("k01-estimate")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Review and pay")

    page.locator("#voucher-code").fill("SUMMER")
    reach(aiko, page.get_by_role("checkbox", name="Gifted credit"))
    press("Space")
    expect(page.locator("#submit")).to_have_text(f"Submit and pay {seen.money(figures.gross)}")
    expect(page.get_by_role("checkbox", name="Gifted credit")).to_be_focused()
    expect(page.locator("#said")).to_have_text(re.compile("^Due today "))
    expect(page.locator("#voucher-code")).to_have_value("SUMMER")
    page.locator("#voucher-code").fill("")
    reach(aiko, page.get_by_role("radio", name="Credit card"))
    press("Space")
    reach(aiko, page.locator("#submit"))
    aiko.shot("k02-review")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Invoice")
    reach(aiko, page.get_by_role("button", name=re.compile("Pay Now!")))
    press("Enter")
    page.wait_for_url(f"{demo.gateway.url}/**")
    for label, typed in (("Card number", ACCEPTED), ("Expiry", "12 / 34"), ("CVC", "123")):
        reach(aiko, page.get_by_label(label))
        page.keyboard.type(typed)
    press("Enter")
    invoice = page.locator("#change a[href^='/invoices/']").first
    invoice.focus()
    wait_until_applied(aiko)
    # The page drew itself anew with every step.
    expect(invoice).to_be_focused()
    seen.expect_lines(figures)
    assert measured(demo, MACHINE)["memory"] == 8
    easy = page.locator("#easy")
    reach(aiko, easy.get_by_role("radio", name="Easy"))
    press("Space")
    press("ArrowRight")
    reach(aiko, easy.get_by_role("button", name="Send"))
    press("Enter")
    expect(easy).to_contain_text("Thank you.")
    expect(easy.get_by_role("radio", name="So-so")).to_be_checked()
    reach(aiko, page.locator("main").get_by_role("link", name="Resources"))
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Resources")


def reach(visitor: Visitor, wanted: Locator) -> None:
    """Tab until it has the focus; every stop on the way must be seen."""
    page = visitor.page
    for _ in range(MOST_STOPS):
        if wanted.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
        if page.locator(":focus").count():
            assert_seen(visitor)
    raise AssertionError(f"{wanted} is not reached by Tab on {visitor.path}")


def assert_seen(visitor: Visitor) -> None:
    """What has the focus is in the window, lies on top, and looks different from how it looks without the focus."""
    stop = visitor.page.locator(":focus")
    seen = stop.evaluate(SEEN)
    what = stop.evaluate("(one) => one.outerHTML.slice(0, 200)")
    assert not seen["covered"], f"covered: {what}"
    assert not seen["outside"], f"outside the window: {what}"
    if not seen["ring"]:
        focused = visitor.page.screenshot(clip=seen["box"])
        handle = stop.element_handle()
        handle.evaluate("(one) => one.blur()")
        without = visitor.page.screenshot(clip=seen["box"])
        handle.focus()
        assert focused != without, f"nothing shows the focus: {what}"
