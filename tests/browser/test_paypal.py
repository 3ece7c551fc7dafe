"""A change paid through PayPal, seen by a customer: he approves on PayPal's page, and we take the money."""

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
from support.browser import NewVisitor
from support.installation import Installation
from support.paypal import PayPalProcess, start_paypal
from support.sandboxes import DECLINED

pytestmark = pytest.mark.browser
WEBHOOK_ID = "9JH20871M03126712"


@pytest.fixture
def paypal(installed: Installation, tmp_path: Path, demo_files: Path) -> Iterator[PayPalProcess]:
    """The strict processor behind PayPal's API, and a demo that takes payments through it."""
    with start_paypal(tmp_path, f"{installed.url}/webhooks/paypal/", WEBHOOK_ID) as process:
        installed.environment |= {
            "PRORATA_MODE": "demo",
            "PRORATA_PAYPAL_CLIENT_ID": process.CLIENT,
            "PRORATA_PAYPAL_SECRET": process.SECRET,
            "PRORATA_PAYPAL_WEBHOOK_IDS": WEBHOOK_ID,
            "PRORATA_PAYPAL_MERCHANT_ID": process.payee,
            "PRORATA_PAYPAL_API_URL": process.url,
            "PRORATA_PAYPAL_CA_FILE": str(process.store.with_suffix(".ca.pem")),
        }
        assert process.roots
        (installed.home / "static").symlink_to(demo_files)
        installed.load_demo_data()
        installed.start()
        yield process


def test_submit_paypals_page_applied(
    installed: Installation, paypal: PayPalProcess, visitor: NewVisitor
) -> None:
    """Memory 4 to 8: what he chose is declined, he chooses something else on the same page, the machine grows."""
    aiko = visitor()
    aiko.homes.add(urlsplit(paypal.url).netloc)
    aiko.sign_in("aiko@example.com", "prorata-demo", to="/")
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
    aiko.page.get_by_role("radio", name="PayPal").check()
    aiko.page.locator("#submit").click()
    expect(aiko.page.locator("#pay-now")).to_have_text(f"Pay Now! {page.money(paid.card)} with PayPal")
    aiko.click("link", "Use another method")
    aiko.page.get_by_role("radio", name="PayPal").check()
    aiko.shot("p01-checkout")
    aiko.click("button", f"Checkout {page.money(paid.card)}")

    aiko.page.wait_for_url(f"{paypal.url}/**")
    page.expect_gateway(paid)
    pay_with(aiko, DECLINED)
    expect(aiko.page).to_have_url(re.compile("/changes/"))
    declined = aiko.page.get_by_text("PayPal could not charge what you chose.").first
    expect(declined).to_be_visible()
    expect(aiko.page.get_by_text("Nothing was taken.").first).to_be_visible()
    aiko.shot("p02-declined")
    assert measured(installed, MACHINE)["memory"] == 4

    aiko.click("button", f"Continue paying {page.money(paid.card)} with PayPal")
    aiko.page.wait_for_url(f"{paypal.url}/**")
    pay_with(aiko)
    expect(aiko.page).to_have_url(re.compile("/changes/"))
    assert "Memory 4 to 8 GB" in steps_until_applied(installed, aiko, "p03")
    expect(aiko.page.locator("#paid")).to_have_text(page.money(figures.gross))
    assert measured(installed, MACHINE)["memory"] == 8
    aiko.shot("p04-applied")
