"""What cannot be chosen is said before the click, and again at Submit in the same words; nothing moves."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Route, expect

from browser.standing import unchanged
from browser.walk import open_sliders
from prorata.changes.adopt import adopt
from prorata.customers.models import Customer, Membership, User
from prorata.services.models import Service
from support.browser import NewVisitor, Visitor
from support.installation import Installation
from support.sandboxes import wait_until

pytestmark = pytest.mark.browser


def test_values_that_cannot_be_chosen(demo: Installation, aiko: Visitor) -> None:
    """NVMe below what is used, no room for snapshots while one exists, values between the steps, no numbers at all."""
    cases = {
        "disk": ("80", "NVMe SSD cannot go below 100 GB: 88.4 GB is used and 10 % must stay free."),
        "snapshots": ("0", "Snapshot limit cannot go below 1: 1 exists (“before-php8” of "),
        "backups": ("2", "Backup generations cannot go below 3: 3 exist (“daily-"),
        "memory": ("5", "Memory can be 4 GB or 6 GB."),
        "cpu": ("many", "CPU cores must be a whole number, such as 2."),
    }
    with unchanged(demo):
        open_sliders(aiko)
        for code, (value, _) in cases.items():
            aiko.page.locator(f"#{code}").fill(value)
        live = {}
        for code, (_, words) in cases.items():
            expect(aiko.page.locator(f"#error-{code}")).to_contain_text(words)
            live[code] = aiko.text(f"#error-{code}")
            expect(aiko.page.locator(f"#{code}")).to_have_attribute("aria-invalid", "true")
        expect(aiko.page.locator("#estimate")).to_contain_text("There is no price for these values.")
        aiko.shot("b01-refused-live")
        with aiko.page.expect_response("**/change") as answer:
            aiko.page.locator("#continue").click()
        assert answer.value.status == 422
        summary = aiko.page.get_by_role("alert").first
        expect(summary).to_be_focused()
        expect(summary).to_contain_text("5 things stand between you and this configuration")
        for code, (value, _) in cases.items():
            assert live[code] in aiko.text("[role=alert]")
            expect(aiko.page.locator(f"#{code}")).to_have_value(value)
        aiko.shot("b02-refused-at-continue")


def test_the_slider_ends_where_the_refusal_begins(demo: Installation, aiko: Visitor) -> None:
    """Its lowest end is the floor, for keys as for the mouse, and the reason stands beside it."""
    open_sliders(aiko)
    for name, code, floor in (("NVMe SSD", "disk", "100"), ("Backup generations", "backups", "3")):
        slider = aiko.page.get_by_role("slider", name=name)
        slider.press("Home")
        expect(aiko.page.locator(f"#{code}")).to_have_value(floor)
        expect(aiko.page.locator(f"#card-{code} [data-block]")).to_contain_text("cannot go below")
    # Typed before the page's script was there: nothing of it is lost.
    late = "**/slider*.js"
    aiko.page.route(late, lambda route: held.append(route))
    held: list[Route] = []
    aiko.page.reload(wait_until="commit")
    aiko.page.locator("#memory").fill("8")
    wait_until(lambda: held or aiko.page.wait_for_timeout(20), "the script to be asked for")
    held.pop().continue_()
    expect(aiko.page.locator("#total")).to_be_visible()
    expect(aiko.page.get_by_role("slider", name="Memory")).to_have_attribute(
        "aria-valuetext", re.compile("^8")
    )
    aiko.page.unroute(late)

    slider = aiko.page.get_by_role("slider", name="Memory")
    slider.press("End")
    expect(aiko.page.locator("#memory")).to_have_value("48")
    expect(aiko.page.locator("#card-memory")).to_contain_text("Memory cannot go above 48 GB on this host.")


def test_a_service_that_is_not_active(demo: Installation, aiko: Visitor) -> None:
    """No button, no sliders, and no Submit of a quote that was made before."""
    told = (
        "Changes are possible when the service is Active. It is Suspended now. An older invoice is overdue."
    )
    with unchanged(demo):
        aiko.click("link", "db-01")
        expect(aiko.page.locator("main")).to_contain_text(told)
        expect(aiko.page.get_by_role("link", name="Upgrade / Downgrade")).to_have_count(0)
        aiko.shot("b05-suspended")
        aiko.page.goto(aiko.page.url.replace("/resources", "/change"))
        expect(aiko.page.locator("main")).to_contain_text(told)
        expect(aiko.page.locator("#change-form")).to_have_count(0)
    open_sliders(aiko)
    quote = make_quote(aiko, memory="8")
    Service.objects.filter(name="web-01").update(
        status="suspended", status_reason="An older invoice is overdue."
    )
    with unchanged(demo):
        assert told in said_before_the_click(aiko, quote)
        assert told in said_at_submit(aiko, quote)


def test_a_second_open_change(demo: Installation, aiko: Visitor) -> None:
    """Two quotes, one Submit: the other is refused as long as the first is open."""
    open_sliders(aiko)
    first = make_quote(aiko, memory="8")
    open_sliders(aiko)
    second = make_quote(aiko, cpu="4")
    late = aiko.context.new_page()
    late.goto(aiko.url + second)
    late.get_by_role("radio", name="Credit card").check()
    aiko.open(first)
    aiko.page.get_by_role("radio", name="Credit card").check()
    aiko.page.locator("#submit").click()
    expect(aiko.page.get_by_role("heading", level=1)).to_contain_text("Invoice")
    reference = aiko.facts("main dl.facts")["Change"]
    told = f"Change {reference} of this service is still open. Finish or cancel it first."
    with unchanged(demo):
        late.locator("#submit").click()
        expect(late.get_by_role("alert")).to_contain_text(told)
        assert told in said_before_the_click(aiko, second)
        open_sliders(aiko, offered=False)
        expect(aiko.page.locator("main")).to_contain_text(told)
        aiko.shot("b06-second-change")
        aiko.click("link", f"See change {reference}")
        expect(aiko.page.locator("#headline")).to_have_text("Waiting for your payment")
    aiko.click("link", "Cancel this change")
    expect(aiko.page.locator("#back")).to_contain_text("¥1,500 of gifted credit is free again")
    aiko.click("button", "Cancel this change")
    expect(aiko.page.locator("#headline")).to_have_text("Cancelled")
    expect(aiko.page.locator("#available-credit b")).to_have_text("¥1,500")


def test_a_tampered_amount(demo: Installation, aiko: Visitor) -> None:
    """The amount in the form is what the button said, never what is charged: another one is refused."""
    open_sliders(aiko)
    quote = make_quote(aiko, memory="8")
    with unchanged(demo):
        for amount in ("99999999", "-1", "1", "0", "", "1e3"):
            aiko.open(quote)
            aiko.page.get_by_role("radio", name="Credit card").check()
            field = aiko.page.locator("input[name=shown_due_minor]")
            field.evaluate("(field, amount) => { field.value = amount; }", amount)
            aiko.page.locator("#submit").click()
            refused = aiko.page.get_by_role("alert")
            expect(refused).to_contain_text(
                "Your available credit changed since this page was made."
                if amount in ("1", "0")
                else "The amount sent is not the amount quoted. Nothing was changed; look at the price again."
            )
        aiko.shot("b09-tampered")


def test_another_customers_quote(demo: Installation, aiko: Visitor, visitor: NewVisitor) -> None:
    """Whoever it does not belong to finds nothing there: no page, no Submit, no service, no change."""
    open_sliders(aiko)
    quote = make_quote(aiko, memory="8")
    service = Service.objects.get(name="web-01").pk
    stranger = somebody_else(demo, visitor)
    with unchanged(demo):
        for path in (quote, f"/services/{service}/resources", f"/services/{service}/change"):
            stranger.open(path, status=404)
        stranger.shot("b10-not-found")
        stranger.open("/services")
        token = next(one for one in stranger.context.cookies() if one["name"].endswith("csrf"))["value"]
        form = {"shown_due_minor": "0", "method": "card", "csrfmiddlewaretoken": token}
        for path in (f"{quote}/submit", f"{quote}/renew", f"/services/{service}/estimate"):
            answer = stranger.context.request.post(
                stranger.url + path, form=form, headers={"Origin": stranger.url}
            )
            assert answer.status == 404, path


# --- what several stories do ------------------------------------------------------------------------------------


def make_quote(visitor: Visitor, **values: str) -> str:
    """Continue with these values; the address of the quote."""
    for code, value in values.items():
        visitor.page.locator(f"#{code}").fill(value)
    expect(visitor.page.locator("#total")).to_be_visible()
    visitor.page.locator("#continue").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Review and pay")
    return visitor.path


def said_before_the_click(visitor: Visitor, quote: str) -> str:
    """What the review says when it is looked at."""
    visitor.open(quote)
    return visitor.text("#stale")


def said_at_submit(visitor: Visitor, quote: str) -> str:
    """What Submit answers to somebody whose page still has the button."""
    token = visitor.page.locator("#pay-form input[name=csrfmiddlewaretoken]").get_attribute("value") or ""
    form = {
        "csrfmiddlewaretoken": token,
        "split": "1",
        "method": "card",
        "restart": "us",
        "shown_due_minor": "0",
    }
    with visitor.page.expect_response("**/submit") as answer:
        visitor.page.evaluate(
            """([path, fields]) => {
                const form = document.createElement("form");
                form.method = "post";
                form.action = path;
                for (const [name, value] of Object.entries(fields)) form.append(
                    Object.assign(document.createElement("input"), {name, value}));
                document.body.append(form);
                form.submit();
            }""",
            [f"{quote}/submit", form],
        )
    assert answer.value.status == 422
    visitor.page.wait_for_load_state()
    return visitor.text("[role=alert]")


def somebody_else(demo: Installation, visitor: NewVisitor) -> Visitor:
    """Another customer with a service of her own, signed in."""
    mine = Service.objects.get(name="web-01")
    customer = Customer.objects.create(name="Sato Foods", email="mei@example.com")
    person = User.objects.create_user("mei@example.com", name="Mei Sato")
    # The demo's processes know no other way to keep a password than this.
    User.objects.filter(pk=person.pk).update(
        password=PBKDF2PasswordHasher().encode("a-long-password", "some-salt")
    )
    Membership.objects.create(customer=customer, user=person, role=Membership.Role.OWNER)
    machine = demo.hypervisor.create_machine(dict(mine.configuration), id="vm-2101", host="tokyo-1")
    adopt(
        customer=customer, product=mine.product, name="shop-01", driver="sandbox", external_id=machine,
        term_starts_at=mine.term_starts_at, term_ends_at=mine.term_ends_at, term_months=6,
        configuration=mine.configuration, paid_minor=34_188, currency="JPY", staff=None,
    )  # fmt: skip
    found = visitor()
    found.sign_in("mei@example.com", "a-long-password")
    return found
