"""A customer pays by bank transfer, and staff import what the bank says: with its reference, and without."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.demo_service import MACHINE, papers, today, web_01
from browser.desk import Desk
from browser.walk import measured, wait_until_applied
from support.bank import Entry, camt
from support.browser import NewVisitor, Visitor, shown
from support.installation import Installation

pytestmark = pytest.mark.browser
NUMBER = "0001-110-1234567"


def test_a_transfer_pays_and_one_without_its_reference_is_found(
    demo: Installation, aiko: Visitor, visitor: NewVisitor, tmp_path: Path
) -> None:
    books = web_01(demo)
    page = papers(aiko, books)
    staff = visitor()
    staff.sign_in("staff@example.com", "prorata-demo", to="/staff/")
    desk = Desk(staff)

    up = books.price({"memory": 8}, today(demo))
    due = up.gross - 1_500
    chooses(aiko, "memory", "8", page.money(due))
    reference = aiko.text("#t-reference")
    assert re.fullmatch(r"RF\d\d [2-9A-Z]{4} [2-9A-Z]{4}", reference)
    assert aiko.text("#t-amount") == page.money(due)
    assert aiko.text("#t-number") == NUMBER
    looks_right(aiko)

    file = tmp_path / "statement.xml"
    day = today(demo).isoformat()
    file.write_bytes(
        camt(
            Entry(amount=due, text=f"web server {reference.lower()}", on=day),
            Entry(amount=-220, text="fee", on=day, name=""),
            iban=NUMBER,
        )
    )  # fmt: skip
    desk.go("Bank: waiting money")
    desk.expect_said("Nothing waits")
    staff.click("link", "Import a statement")
    staff.page.locator("input[type=file]").set_input_files(file)
    staff.shot("k10-upload")
    desk.press("Look at it first")
    desk.expect_said("2 movements would be added")
    desk.expect_said("its reference: PF-")
    staff.shot("k11-preview")
    desk.press("Import")
    desk.expect_said("2 movements were imported, 1 assigned by its reference.")
    wait_until_applied(aiko)
    aiko.shot("k04-applied")
    assert measured(demo, MACHINE)["memory"] == 8
    books.apply(up, gifted=1_500)

    again(desk, staff, file)
    without_its_reference(demo, aiko, desk, staff, tmp_path, due=books.price({"cpu": 3}, today(demo)).gross)


def chooses(aiko: Visitor, field: str, value: str, due: str) -> None:
    """To the page with what to type at the bank."""
    aiko.open("/services")
    aiko.click("link", "web-01")
    aiko.click("link", "Upgrade / Downgrade")
    aiko.page.locator(f"[name='{field}']").first.fill(value)
    aiko.page.locator("#continue").click()
    aiko.page.get_by_role("radio", name="Bank transfer").check()
    aiko.shot(f"k01-review-{field}")
    aiko.page.locator("#submit").click()
    aiko.shot(f"k02-invoice-{field}")
    aiko.click("button", f"Pay Now! {due} with Bank transfer")
    expect(aiko.page.get_by_role("heading", level=1)).to_have_text("Bank transfer")
    expect(aiko.page.locator(".st")).to_have_text("Waiting for your transfer")


def looks_right(aiko: Visitor) -> None:
    """The instructions for every reader: light and dark, wide and 320 pixels narrow; then the invoice and the change."""
    wide = aiko.page.viewport_size
    assert wide is not None
    for scheme in ("light", "dark"):
        aiko.page.emulate_media(color_scheme=scheme)
        for width in (wide["width"], 320):
            aiko.page.set_viewport_size({"width": width, "height": 800})
            aiko.shot(f"k03-transfer-{scheme}-{width}")
            assert aiko.accessibility_mistakes() == []
            assert (aiko.scrolls_sideways(), aiko.sticks_out(), aiko.broken_words()) == (0, [], [])
    aiko.page.emulate_media(color_scheme="light")
    aiko.page.set_viewport_size(wide)
    aiko.click("link", "Back to the invoice")
    expect(aiko.page.locator("#transfer")).to_be_visible()
    expect(aiko.page.locator("main")).to_contain_text("We are waiting for your transfer")
    aiko.shot("k03-invoice-waits")
    aiko.page.locator("a.id[href^='/changes/']").click()
    expect(aiko.page.locator("#change")).to_contain_text("We are waiting for your transfer")
    aiko.shot("k03-change-waits")


def again(desk: Desk, staff: Visitor, file: Path) -> None:
    """The same file adds nothing."""
    staff.click("link", "Import a statement")
    staff.page.locator("input[type=file]").set_input_files(file)
    desk.press("Look at it first")
    desk.expect_said("2 are known already and add nothing.")
    desk.press("Import")
    desk.expect_said("Nothing was added: every movement in this file is known already.")


def without_its_reference(
    demo: Installation, aiko: Visitor, desk: Desk, staff: Visitor, folder: Path, due: int
) -> None:
    """A CSV file whose columns are named once; the money is found by amount and name, assigned, and taken back."""
    chooses(aiko, "cpu", "3", shown(due, "JPY"))
    file = folder / "umsaetze.csv"
    # The days of the first file came as CAMT.053: they do not come as CSV.
    day = f"{today(demo) + timedelta(days=1):%d.%m.%Y}"
    file.write_text(
        f"Konto;{NUMBER}\n\nTag;Name;Zweck;Betrag\n{day};TANAKA DESIGN;danke;{due}\n{day};N. N.;vielleicht;77\n",
        encoding="utf-8",
    )
    staff.page.goto(staff.url + "/staff/bank/statement/import/")
    staff.page.locator("input[type=file]").set_input_files(file)
    staff.page.locator("[name=account]").select_option(index=1)
    desk.press("Look at it first")
    desk.fill(decimal=",", date_format="%d.%m.%Y", date="Tag", amount="Betrag", name="Name")
    staff.page.get_by_role("checkbox", name="Zweck").check()
    staff.shot("k12-columns")
    desk.press("Keep these columns and look again")
    desk.expect_said("2 movements would be added")
    staff.shot("k13-csv-preview")
    desk.press("Import")
    desk.expect_said("2 movements were imported, 0 assigned by its reference.")
    staff.shot("k14-waiting")

    staff.click("link", "TANAKA DESIGN")
    desk.expect_said("exactly this amount is due")
    desk.expect_said("the sender's name is like Tanaka Design")
    staff.shot("k15-line")
    staff.page.set_viewport_size({"width": 320, "height": 800})
    staff.shot("k15-line-320")
    staff.page.set_viewport_size({"width": 1280, "height": 800})
    staff.page.get_by_role("button", name=re.compile("^Assign .*JPY")).first.click()
    desk.expect_said("were assigned to invoice PF-")
    aiko.click("link", "Back to the invoice")
    expect(aiko.page.locator("main")).to_contain_text("Paid")

    desk.go("Bank movements")
    staff.shot("k16-movements")
    staff.click("link", "TANAKA DESIGN")
    staff.click("link", "Take it back")
    desk.expect_said("is paid, and what it bought was or will be done: both stay as they are.")
    desk.expect_said("become a debt of Tanaka Design")
    staff.shot("k17-take-back")
    desk.fill(reason="It was from another Tanaka.")
    desk.press("Take it back")
    desk.expect_said("It was taken back. The money waits to be assigned again.")
    staff.shot("k18-taken-back")
    desk.go("Bank: waiting money")
    desk.expect_said("Customers who owe something")
    staff.shot("k19-owed")
