"""A provider starts for real: everything is typed into the staff desk, with names and figures drawn by chance.

./test tells one provider's story, on today's date; ./prove one that nobody has met. The seed is printed, and
PRORATA_STORY_SEED=<seed> tells the same story again.
"""

from __future__ import annotations

import os
import random
import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from browser.desk import Desk
from browser.oracle import Figures
from browser.papers import Paid, Papers
from browser.random_provider import Provider, Resource, provider
from browser.walk import have, log, measured, pay_with, read_mail, wait_until_applied
from support.browser import NewVisitor, Visitor
from support.installation import Installation

pytestmark = pytest.mark.browser
STAFF, PASSWORD = "desk@example.net", "kept-by-the-desk-42"


@pytest.fixture
def started(installed: Installation) -> Installation:
    """Nothing but a database and one member of staff."""
    installed.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    installed.manage("createsuperuser", "--noinput", "--email", STAFF)
    installed.start()
    return installed


def test_a_provider_starts_and_its_customer_changes_a_service(
    started: Installation, visitor: NewVisitor
) -> None:
    unmet = random.SystemRandom().randint(1, 10**6) if os.environ.get("PRORATA_PROVE") else 20_261_124
    seed = int(os.environ.get("PRORATA_STORY_SEED") or unmet)
    print(f"PRORATA_STORY_SEED={seed}")
    found = provider(seed, lambda zone: today(started, zone))

    staff = visitor()
    staff.sign_in(STAFF, PASSWORD, to="/staff/")
    desk = Desk(staff)
    sell_something(desk, found)
    customer_with_a_machine(started, desk, found)

    customer = visitor()
    customer.sign_in(found.email, found.password)
    page = Papers(customer, found.books, found.words)
    left = upgrade(started, customer, page, found)
    downgrade(started, customer, page, found, left)


def today(started: Installation, zone: ZoneInfo) -> date:
    started.leave_the_evening(zone)
    return started.now().astimezone(zone).date()


def sell_something(desk: Desk, found: Provider) -> None:
    """Seller, product with three resource types, price book, discounts."""
    desk.visitor.shot("d01-dashboard")
    desk.add("Sellers", "Add seller")
    desk.fill(name=found.seller, code="shop", zone=str(found.zone), tax_rounding=found.rounding)
    desk.visitor.shot("d02-seller")
    desk.press("Save")
    desk.expect_said("was added successfully")

    desk.add("Products", "Add product")
    desk.fill(name=found.product, code=found.code, tax_rate=found.tax, tax_label=found.tax_label)
    for number, one in enumerate(found.resources):
        typed = {"name": one.name, "code": one.code, "unit": one.unit, **one.typed}
        for name, value in typed.items():
            desk.put(f"resource_types-{number}-{name}", value)
    desk.visitor.shot("d03-product")
    desk.press("Save")
    desk.expect_said("was added successfully")
    desk.visitor.shot("d04-products")

    desk.add("Price books", "Add price book")
    desk.visitor.click("link", found.product)
    desk.fill(currency=found.currency, tax_included=found.tax_included)
    for one in found.resources:
        desk.page.get_by_role("textbox", name=re.compile(rf"^{re.escape(one.name)}\W*$")).fill(one.prices)
        if one.above:
            desk.page.get_by_label(f"{one.name}: how it counts").select_option("tiered")
    desk.visitor.shot("d05-price-book")
    desk.press("Save")
    desk.expect_said("was added successfully")

    desk.add("Discount schedules", "Add discount schedule")
    desk.visitor.click("link", found.product)
    for number, (months, off) in enumerate(found.tiers):
        desk.put(f"tiers-{number}-months", months)
        desk.put(f"tiers-{number}-off", off)
    desk.visitor.shot("d06-discounts")
    desk.press("Save")
    desk.expect_said("was added successfully")


def customer_with_a_machine(started: Installation, desk: Desk, found: Provider) -> None:
    """A customer with somebody who can sign in, a machine that runs already, and a gift."""
    desk.add("Customers", "Add customer")
    desk.fill(
        name=found.customer, email=f"office-{found.email}", country="jp", person_name=found.person,
        person_email=found.email, role="owner", sign_in="password", first_password=found.password,
    )  # fmt: skip
    desk.visitor.shot("d07-customer")
    desk.press("Save")
    desk.expect_said("was added successfully")

    started.hypervisor.create_host("rack-1")
    started.hypervisor.create_machine(
        {one.code: one.current for one in found.resources}, id=found.machine, host="rack-1",
        usage={one.code: str(one.used) for one in found.resources if one.used is not None},
        objects=[
            {"kind": one.code, "name": f"copy {n}", "size_gb": "2"} for one in found.resources for n in range(one.stored)
        ],
    )  # fmt: skip
    desk.go("Adopt a machine")
    desk.expect_said(found.machine)
    desk.page.get_by_label("Customer").select_option(label=found.customer)
    desk.page.get_by_label("Product").select_option(label=found.product)
    desk.fill(currency=found.currency.lower(), driver="sandbox", external_id=found.machine)
    desk.visitor.shot("d08-adopt")
    desk.press("Continue")
    starts = datetime.combine(found.starts, time(found.hour))
    ends = datetime.combine(found.books.ends, time(found.hour))
    for one in found.resources:
        expect(desk.page.locator(f"[name=cfg_{one.code}]")).to_have_value(str(one.current))
    desk.fill(
        name=found.service, term_starts_at=f"{starts:%Y-%m-%dT%H:%M:%S}", term_ends_at=f"{ends:%Y-%m-%dT%H:%M:%S}",
        term_months=found.months, paid=found.amount(found.paid),
    )  # fmt: skip
    desk.visitor.shot("d09-adopt-fill-in")
    desk.press("Adopt as a service")
    desk.expect_said(f"{found.service} is adopted. Its opening layers stand below.")
    desk.visitor.shot("d10-adopted")

    desk.go("Customers")
    desk.visitor.click("link", found.customer)
    desk.visitor.click("link", "Grant gifted credit")
    desk.fill(currency=found.currency, amount=found.amount(found.gift), reason=found.reason)
    desk.visitor.shot("d11-grant")
    desk.press("Grant credit")
    desk.expect_said(f"of gifted credit granted to {found.customer}.")


def upgrade(started: Installation, customer: Visitor, page: Papers, found: Provider) -> int:
    """The customer signs in with the first password and raises everything; what is left of the gift."""
    expect(customer.page.locator("#available-credit b")).to_have_text(page.money(found.gift))
    open_resources(customer, found)
    assert have(customer) == [shown_value(one, one.current) for one in found.resources]
    expect(customer.page.locator("#monthly")).to_have_text(
        page.price(found.books.monthly_of(found.books.configuration))
    )
    customer.click("link", "Upgrade / Downgrade")
    wanted = {one.code: one.stops[one.stops.index(one.current) + 1] for one in found.resources}
    for code, value in wanted.items():
        page.choose(code, value)
    figures = found.books.price(wanted, today(started, found.zone))
    page.expect_estimate(figures)
    customer.shot("d20-estimate")
    customer.page.locator("#continue").click()
    paid = Paid(gifted=min(found.gift, figures.gross), card=figures.gross - min(found.gift, figures.gross))
    page.expect_review(figures, gifted=paid.gifted)
    customer.shot("d21-review")
    pay(started, customer, page, figures, paid)
    wait_until_applied(customer)
    page.expect_lines(figures)
    page.expect_paid_change(figures, paid)
    customer.shot("d22-result")
    customer.click("link", "Invoice INV-000001")
    page.expect_invoice(figures, paid, open_=False)
    found.books.apply(figures, gifted=paid.gifted)
    assert measured(started, found.machine) == wanted
    open_resources(customer, found)
    assert have(customer) == [shown_value(one, wanted[one.code]) for one in found.resources]
    mail = read_mail(customer, f"{found.service}: ")
    for minor in (figures.net, figures.tax, figures.gross, paid.gifted, paid.card):
        assert not minor or page.mail_money(minor) in mail
    return found.gift - paid.gifted


def pay(started: Installation, customer: Visitor, page: Papers, figures: Figures, paid: Paid) -> None:
    """Submit, and what the gift does not cover by card."""
    if not paid.card:
        customer.page.locator("#submit").click()
        return
    customer.page.get_by_role("radio", name="Credit card").check()
    customer.page.locator("#submit").click()
    expect(customer.page.get_by_role("heading", level=1)).to_contain_text("Invoice")
    page.expect_invoice(figures, paid, open_=True)
    customer.click("button", "Pay Now!")
    customer.page.wait_for_url(f"{started.gateway.url}/**")
    page.expect_gateway(paid)
    pay_with(customer)


def downgrade(started: Installation, customer: Visitor, page: Papers, found: Provider, left: int) -> None:
    """Everything to the lowest value that may be chosen now: the values of the desk's own rules."""
    open_resources(customer, found)
    customer.click("link", "Upgrade / Downgrade")
    wanted = {one.code: one.floor for one in found.resources}
    for code, value in wanted.items():
        page.choose(code, value)
    figures = found.books.price(wanted, today(started, found.zone))
    assert figures.gross < 0, figures
    page.expect_estimate(figures)
    customer.shot("d30-estimate-down")
    customer.page.locator("#continue").click()
    page.expect_review(figures)
    customer.page.locator("#submit").click()
    wait_until_applied(customer)
    page.expect_lines(figures)
    expect(customer.page.locator("#returned")).to_have_text(page.money(-figures.gross))
    expect(customer.page.locator("#available-credit b")).to_have_text(page.money(left - figures.gross))
    customer.shot("d31-result-down")
    customer.click("link", "Credit note CN-000001")
    page.expect_credit_note(figures)
    customer.shot("d32-credit-note")
    assert measured(started, found.machine) == wanted
    customer.page.locator("#available-credit").click()
    expected = {("Account credit", page.money(figures.cash_back, plus=True), page.money(figures.cash_back))}
    booked = [line[1:] for line in log(customer) if line[0].startswith("Resources were reduced")]
    assert expected <= set(booked)
    assert len(booked) == 1 + bool(figures.gifted_back)
    customer.shot("d33-credit")
    read_mail(customer, f"{found.service}: credit of {page.mail_money(-figures.gross)} booked (CN-000001)")


def open_resources(customer: Visitor, found: Provider) -> None:
    customer.open("/services")
    customer.click("link", found.service)
    expect(customer.page.get_by_role("heading", level=1)).to_have_text("Resources")


def shown_value(one: Resource, value: int) -> str:
    return f"{value} {one.unit}".strip()
