"""The change desk: one list of what needs somebody, what staff can do about it, and the reason the customer reads."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.demo_service import MACHINE, papers, today, web_01
from browser.desk import Desk
from browser.walk import log, measured, park, wait_until_applied
from support.browser import NewVisitor, Visitor
from support.installation import Installation

pytestmark = pytest.mark.browser


def test_a_parked_change_is_retried_and_another_reversed(
    demo: Installation, aiko: Visitor, visitor: NewVisitor
) -> None:
    staff = visitor()
    staff.sign_in("staff@example.com", "prorata-demo", to="/staff/")
    desk = Desk(staff)
    books = web_01(demo)
    page = papers(aiko, books)

    down = books.price({"backups": 5}, today(demo))
    reference = park(demo, aiko, backups="5")
    desk.go("Needs somebody")
    row = staff.page.get_by_role("row").filter(has_text=reference)
    for words in (
        "Tanaka Design",
        "web-01",
        "Backup generations 7→5",
        page.mail_money(down.gross),
        "Parked",
        "busy",
    ):
        expect(row).to_contain_text(words)
    staff.shot("g01-needs-somebody")
    staff.click("link", reference)
    desk.expect_said("Waiting for the machine")
    staff.shot("g02-change")
    take_up(
        desk, "Take over", reference, "Looking at the backup that runs", f"You look after {reference} now."
    )
    demo.hypervisor.not_busy(MACHINE)
    take_up(desk, "Retry", reference, "The backup has ended", f"{reference} is tried again.")
    wait_until_applied(aiko)
    expect(aiko.page.locator("#change")).to_contain_text("by our staff")
    expect(aiko.page.locator("#change")).to_contain_text("The backup has ended")
    expect(aiko.page.locator("#available-credit b")).to_have_text(page.money(1_500 - down.gross))
    aiko.shot("g03-retried")
    books.apply(down)

    up = books.price({"memory": 8, "cpu": 3}, today(demo))
    reference = park(demo, aiko, memory="8", cpu="3")
    desk.go("Needs somebody")
    staff.click("link", reference)
    take_up(desk, "Reverse", reference, "This host is being replaced", f"{reference} is being reversed")
    expect(aiko.page.locator("#headline")).to_have_text("The change was taken back", timeout=60_000)
    expect(aiko.page.locator("#returned")).to_have_text(page.money(up.gross))
    expect(aiko.page.locator("#change")).to_contain_text("This host is being replaced")
    aiko.shot("g04-reversed")
    assert measured(demo, MACHINE)["memory"] == 4
    assert up.gross > 1_500 - down.gross, "all credit was used, and the card"
    expect(aiko.page.locator("#available-credit b")).to_have_text(page.money(up.gross))
    aiko.page.locator("#available-credit").click()
    back = {line[1:3] for line in log(aiko) if "could not be delivered" in line[0]}
    assert back == {
        ("Gifted credit", page.money(1_500, plus=True)),
        ("Account credit", page.money(up.gross - 1_500, plus=True)),
    }
    desk.go("Needs somebody")
    expect(staff.page.locator("#result_list")).to_have_count(0)


def take_up(desk: Desk, action: str, reference: str, reason: str, said: str) -> None:
    """One of the three actions, with its reason, from the page of the change."""
    desk.visitor.click("link", action)
    desk.expect_said("What the customer will be told")
    desk.press(action)
    desk.expect_said("This field is required.")
    desk.fill(reason=reason)
    desk.press(action)
    desk.expect_said(said)
    desk.expect_said(reference)
