"""A change paid on Stripe's page, seen by a customer; refunded to the card, seen by staff."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from browser.demo_service import MACHINE, papers, today, web_01
from browser.papers import Paid
from browser.walk import FOR_AGES, measured, pay_with, steps_until_applied, takes
from support.browser import NewVisitor, Visitor
from support.installation import Installation
from support.sandboxes import DECLINED, StripeProcess, start_stripe

pytestmark = pytest.mark.browser
SECRET = "whsec_browser_stories"


@pytest.fixture
def stripe(installed: Installation, tmp_path: Path, demo_files: Path) -> Iterator[StripeProcess]:
    """The strict processor behind Stripe's API, and a demo that takes cards through it."""
    with start_stripe(tmp_path, f"{installed.url}/webhooks/stripe/", SECRET, site="prorata") as process:
        installed.environment |= {
            "PRORATA_MODE": "demo",
            "PRORATA_STRIPE_SECRET_KEY": process.API_KEY,
            "PRORATA_STRIPE_WEBHOOK_SECRETS": SECRET,
            "PRORATA_STRIPE_API_URL": process.url,
        }
        (installed.home / "static").symlink_to(demo_files)
        installed.load_demo_data()
        installed.start()
        yield process


def signed_in(visitor: NewVisitor, stripe: StripeProcess, email: str, to: str = "/") -> Visitor:
    """Somebody of the demo, whose browser may be led to the processor's page."""
    found = visitor()
    found.homes.add(urlsplit(stripe.url).netloc)
    found.sign_in(email, "prorata-demo", to=to)
    return found


def test_submit_stripes_page_applied_and_refunded(
    installed: Installation, stripe: StripeProcess, visitor: NewVisitor
) -> None:
    """Memory 4 to 8: a declined card, a good one on the same page, the machine grows; staff give a part back."""
    aiko = signed_in(visitor, stripe, "aiko@example.com")
    takes(installed, FOR_AGES)
    books = web_01(installed)
    page = papers(aiko, books)
    figures = books.price({"memory": 8}, today(installed))
    paid = Paid(card=figures.gross)

    aiko.click("link", "web-01")
    aiko.click("link", "Upgrade / Downgrade")
    page.choose("memory", 8)
    aiko.page.locator("#continue").click()
    aiko.page.get_by_role("checkbox", name="Gifted credit").uncheck()
    page.expect_review(figures)
    aiko.page.get_by_role("radio", name="Card, through Stripe").check()
    aiko.shot("s01-review")
    aiko.page.locator("#submit").click()
    expect(aiko.page.locator("#pay-now")).to_have_text(
        f"Pay Now! {page.money(paid.card)} with Card, through Stripe"
    )
    aiko.click("link", "Use another method")
    aiko.page.get_by_role("radio", name="Card, through Stripe").check()
    aiko.shot("s02-checkout")
    aiko.click("button", f"Checkout {page.money(paid.card)}")

    aiko.page.wait_for_url(f"{stripe.url}/**")
    page.expect_gateway(paid)
    pay_with(aiko, DECLINED)
    expect(aiko.page.get_by_role("alert")).to_contain_text("Nothing was taken.")
    aiko.shot("s03-declined")
    assert measured(installed, MACHINE)["memory"] == 4
    pay_with(aiko)
    expect(aiko.page).to_have_url(re.compile("/changes/"))
    assert "Memory 4 to 8 GB" in steps_until_applied(installed, aiko, "s04")
    expect(aiko.page.locator("#paid")).to_have_text(page.money(figures.gross))
    assert measured(installed, MACHINE)["memory"] == 8
    aiko.shot("s05-applied")
    refund(stripe, signed_in(visitor, stripe, "staff@example.com", "/staff/"))


def refund(stripe: StripeProcess, staff: Visitor) -> None:
    """Refund to card, with a reason; the page shows what was booked."""
    staff.open("/staff/payments/capture/")
    staff.page.get_by_role("link", name=re.compile("^ch_")).click()
    staff.shot("s06-capture")
    staff.click("link", "Refund to card")
    staff.page.get_by_label("Amount").fill("1000")
    staff.page.get_by_label("Reason").fill("promised on the phone")
    staff.shot("s07-refund")
    staff.click("button", "Refund to card")
    expect(staff.page.get_by_text("1,000 JPY went back.")).to_be_visible()
    staff.shot("s08-refunded")
    expect(staff.page.get_by_text("promised on the phone").first).to_be_visible()
