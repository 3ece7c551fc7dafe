"""A method is chosen once; while the bank works nobody pays twice; when it is paid, the page follows and has the receipt."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.looking import Looker
from browser.walk import open_sliders, pay_with, read_mail, wait_until_applied
from prorata.payments.models import Capture, PaymentAttempt
from support.browser import NewVisitor, Visitor
from support.installation import Installation
from support.sandboxes import SETTLES_LATER

pytestmark = pytest.mark.browser


def submit(aiko: Visitor) -> None:
    """Memory 4 to 8, with a card chosen in the review."""
    open_sliders(aiko)
    aiko.page.locator("#memory").fill("8")
    aiko.page.locator("#continue").click()
    aiko.page.get_by_role("radio", name="Credit card").check()
    aiko.page.locator("#submit").click()
    expect(aiko.page.get_by_role("heading", level=1)).to_contain_text("Invoice")


def test_chosen_once_and_never_paid_twice(demo: Installation, aiko: Visitor) -> None:
    look = Looker(aiko)
    aiko.open("/payment-methods")
    look("methods")
    submit(aiko)
    invoice = aiko.path
    aiko.click("link", "Cancel this change")
    look("cancel")
    aiko.click("link", "Keep it")
    expect(aiko.page.locator("#headline")).to_have_text("Waiting for your payment")

    late = aiko.context.new_page()
    late.goto(aiko.url + invoice)
    aiko.page.locator("#pay-now").click()
    aiko.page.wait_for_url(f"{demo.gateway.url}/**")
    look("gateway")
    pay_with(aiko, SETTLES_LATER)
    title = aiko.page.locator("#payment-title")
    expect(title).to_have_text("Your bank is working on it")
    expect(aiko.page.locator("#pay-now")).to_have_count(0)
    look("with-the-bank")

    late.locator("#pay-now").click()
    expect(late.locator("#payment")).to_contain_text("A second payment is not possible meanwhile")
    assert PaymentAttempt.objects.count() == 1
    aiko.open(invoice)
    look("invoice-with-the-bank")
    aiko.open(f"{aiko.page.get_by_role('link', name=re.compile('^C-')).get_attribute('href')}/cancel")
    expect(aiko.page.locator("#why-not")).to_contain_text(
        "The change can be cancelled when the answer is known."
    )
    look("cancel-waits")

    aiko.open(invoice)
    demo.gateway.settle(PaymentAttempt.objects.get().gateway_ref)
    expect(title).to_have_text("Paid", timeout=60_000)
    expect(aiko.page.locator("#said")).to_have_text("Paid.")
    aiko.click("link", "R-0000", within=aiko.page.locator("#receipts"))
    expect(aiko.page.get_by_role("heading", level=1)).to_contain_text("Receipt R-0000")
    look("receipt")
    paid = aiko.page.locator("#received").inner_text()
    aiko.click("link", "Payments")
    expect(aiko.page.locator("tbody")).to_contain_text(paid)
    look("payments")
    aiko.open("/payment-methods")
    expect(aiko.page.locator("main")).to_contain_text("chosen from the start")
    assert Capture.objects.count() == 1
    assert f"/receipts/{Capture.objects.get().pk}" in read_mail(aiko, "We received your payment")
    assert look.mistakes == [], "\n".join(look.mistakes)


def test_with_the_keyboard_and_without_a_script(demo: Installation, visitor: NewVisitor) -> None:
    """One press of Enter on the invoice leads to the payment page; coming back early, one more goes on there."""
    aiko = visitor(java_script_enabled=False, viewport={"width": 320, "height": 700})
    aiko.sign_in("aiko@example.com", "prorata-demo")
    submit(aiko)
    invoice = aiko.path
    aiko.page.locator("#pay-now").press("Enter")
    aiko.page.wait_for_url(f"{demo.gateway.url}/**")
    there = aiko.page.url
    aiko.open(invoice)
    expect(aiko.page.locator("#payment-title")).to_have_text("Your payment waits on the payment page")
    aiko.page.get_by_role("link", name="Look again").press("Enter")
    expect(aiko.page).to_have_url(aiko.url + invoice)
    expect(aiko.page.locator("#pay-now")).to_contain_text("Continue paying")
    aiko.page.locator("#pay-now").press("Enter")
    expect(aiko.page).to_have_url(there)
    pay_with(aiko)
    wait_until_applied(aiko)
    aiko.open(invoice)
    expect(aiko.page.locator("#receipts tbody tr")).to_have_count(1)
