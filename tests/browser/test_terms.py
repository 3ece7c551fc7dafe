"""Staff sell a service and renew it; the customer pays both and sees two terms. shop-01 has 1 core, 2 GB of memory, 40 GB of
disk and one backup: 600 + 900 + 800 + 300 = 2,600 a month."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.demo_service import TOKYO, today
from browser.desk import Desk
from browser.looking import Looker
from browser.oracle import after_months
from browser.walk import pay_with, read_mail
from prorata.changes.models import SoldTerm
from prorata.services.models import Service
from support.browser import NewVisitor, Visitor
from support.installation import Installation
from support.sandboxes import wait_until

pytestmark = pytest.mark.browser
MACHINE = "vm-2001"


def test_staff_sell_and_renew_and_the_customer_pays(
    demo: Installation, aiko: Visitor, visitor: NewVisitor
) -> None:
    """Three months at 20 % off are 6,240, with tax 6,864; six more at 30 % off 10,920, with tax 12,012, of which 1,500 are
    paid with the gift."""
    staff = visitor()
    staff.sign_in("staff@example.com", "prorata-demo", to="/staff/")
    desk = Desk(staff)
    sell(desk)
    pay_invoice(demo, aiko, "6,864", "The service starts when this is paid.")
    aiko.click("link", "shop-01")
    expect(aiko.page.get_by_text("Active", exact=True)).to_be_visible()
    assert "shop-01 is paid and active" in read_mail(aiko, "shop-01: new service – paid (INV-000001)")

    renew(desk)
    aiko.open("/services")
    aiko.click("link", "shop-01")
    expect(aiko.page.locator("main")).to_contain_text("The renewal of this service waits for payment")
    expect(aiko.page.get_by_role("link", name="Upgrade / Downgrade")).to_have_count(0)
    aiko.shot("t05-renewal-waits")
    pay_invoice(demo, aiko, "10,512", "until then the service cannot be changed")
    aiko.click("link", "shop-01")
    first, second = SoldTerm.objects.order_by("id")
    ends = [after_months(today(demo), months) for months in (3, 9)]
    assert [one.ends_at.astimezone(TOKYO).date() for one in (first, second)] == ends
    look = Looker(aiko)
    expect(aiko.page.locator("[data-term]")).to_contain_text(f"next term paid until {ends[1].day}")
    look("two-terms")
    aiko.shot("t06-two-terms")
    aiko.click("link", "Changes", exact=True)
    assert [row[1:3] for row in aiko.rows("#terms tbody tr")] == [("6 months", "Paid"), ("3 months", "Paid")]
    look("terms")
    aiko.shot("t07-terms")
    aiko.open("/credit")
    expect(aiko.page.locator("#log")).to_contain_text("Held for a term until it is paid")
    expect(aiko.page.locator("#log")).to_contain_text("Renewal of shop-01 for 6 months")
    assert look.mistakes == [], "\n".join(look.mistakes)


def sell(desk: Desk) -> None:
    """Choose the machine, see the price, press the button twice as fast as a hand can."""
    desk.go("Sell a service")
    desk.expect_said(MACHINE)
    desk.page.get_by_label("Customer").select_option(label="Tanaka Design")
    desk.page.get_by_label("Product").select_option(label="BESTNET-CLOUD")
    desk.fill(currency="JPY", driver="sandbox", external_id=MACHINE)
    desk.press("Continue")
    desk.fill(name="shop-01", months=3)
    desk.press("Show the price")
    for id, amount in (
        ("term-total", "6,240"),
        ("term-tax", "624"),
        ("term-gross", "6,864"),
        ("term-due", "6,864"),
    ):
        expect(desk.page.locator(f"#{id}")).to_have_text(f"{amount}\u00a0JPY")
    expect(desk.page.locator("#term-price")).to_contain_text("3 months earn 20 % off")
    desk.visitor.shot("t01-sell")
    desk.page.get_by_role("button", name=re.compile("^Sell it for")).dblclick()
    desk.expect_said("is sold for 6,864")
    desk.expect_said("Waiting for payment")
    assert SoldTerm.objects.count() == 1
    desk.visitor.shot("t02-sold")


def renew(desk: Desk) -> None:
    """From the page of the service, for six months instead of three, with the customer's gift."""
    wait_until(lambda: Service.objects.get(name="shop-01").status == "active", "shop-01 to be active")
    desk.go("Services")
    desk.visitor.click("link", "shop-01")
    desk.visitor.click("link", "Renew")
    expect(desk.page.locator("#term-total")).to_have_text("6,240\u00a0JPY")
    desk.fill(months=6, use_gifted=True)
    desk.press("Show the price again")
    expect(desk.page.locator("#term-total")).to_have_text("10,920\u00a0JPY")
    expect(desk.page.locator("#term-due")).to_have_text("10,512\u00a0JPY")
    desk.visitor.shot("t03-renew")
    desk.page.get_by_role("button", name=re.compile("^Renew it for")).click()
    desk.expect_said("is sold for 12,012")
    desk.visitor.shot("t04-renewed")


def pay_invoice(demo: Installation, aiko: Visitor, amount: str, said: str) -> None:
    """The newest invoice, by card; then the page of the invoice, which is paid."""
    aiko.open("/invoices")
    aiko.page.locator("main tbody a").first.click()
    expect(aiko.page.locator("#due")).to_have_text(f"¥{amount}")
    expect(aiko.page.locator("main")).to_contain_text(said)
    expect(aiko.page.locator("#pay-now")).to_contain_text("Pay Now!")
    aiko.open(f"{aiko.path}/checkout")
    aiko.page.get_by_role("radio", name="Credit card").check()
    aiko.click("button", "Checkout")
    aiko.page.wait_for_url(f"{demo.gateway.url}/**")
    pay_with(aiko)
    aiko.page.wait_for_url(f"{demo.url}/invoices/**")
    expect(aiko.page.locator("main")).to_contain_text("Paid")
    wait_until(
        lambda: not SoldTerm.objects.filter(status="awaiting_payment").exists(),
        "the term to be booked",
    )
