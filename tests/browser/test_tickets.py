"""Tickets: a question from a parked change, answered with live figures, replied to and closed; for every reader."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.demo_service import MACHINE
from browser.desk import Desk
from browser.looking import NARROW, WIDE, Looker
from browser.walk import park, read_mail, wait_until_applied
from support.browser import NewVisitor, Visitor
from support.installation import Installation
from support.tickets import LOG, PNG

pytestmark = pytest.mark.browser
CANNED = "Dear {person}, {change} is: {change.state}. {change.reason}\n{change.lines}. Credit: {credit}. By {deadline}."


def test_a_question_about_a_parked_change_is_answered_with_live_figures(
    demo: Installation, aiko: Visitor, visitor: NewVisitor
) -> None:
    aiko.page.set_viewport_size(WIDE)
    look = Looker(aiko)
    aiko.open("/tickets")
    look("tickets-empty")
    reference = park(demo, aiko, backups="5")
    aiko.click("link", "Ask support")
    expect(aiko.page.locator("#about")).to_have_text(f"Change {reference} of web-01")
    look("ticket-new")
    aiko.page.get_by_label("Subject").fill("Why does it wait?")
    aiko.page.get_by_label("What happened").fill("Nothing moves.\nIs my money safe?")
    aiko.page.get_by_label("Files").set_input_files(
        {"name": "a.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}
    )
    aiko.click("button", "Send")
    expect(aiko.page.get_by_role("alert")).to_contain_text("“a.exe” cannot be sent.")
    look("ticket-refused")
    assert aiko.page.get_by_label("Subject").input_value() == "Why does it wait?"
    aiko.page.get_by_label("Files").set_input_files([
        {"name": "screen.png", "mimeType": "image/png", "buffer": PNG},
        {"name": "boot.log", "mimeType": "text/plain", "buffer": LOG},
    ])  # fmt: skip
    aiko.click("button", "Send")
    expect(aiko.page.locator("#state")).to_have_text("Open, waiting for us")
    look("ticket-open")
    ticket = aiko.path

    staff = visitor()
    staff.sign_in("staff@example.com", "prorata-demo", to="/staff/")
    desk = Desk(staff)
    expect(staff.page.get_by_role("link", name="1 Tickets that wait for us")).to_have_count(1)
    desk.go("Canned answers")
    expect(staff.page.get_by_role("link", name="Where a change stands")).to_have_count(1)
    staff.open("/staff/support/cannedanswer/add/")
    desk.fill(title="A change waits", body_en=CANNED + " {nothing}")
    desk.press("Save")
    desk.expect_said("There is no {nothing}.")
    desk.fill(body_en=CANNED)
    desk.press("Save")
    desk.go("Tickets")
    staff.click("link", "Why does it wait?")
    for words in ("Is my money safe?", "screen.png", "boot.log", f"Change {reference} of web-01"):
        desk.expect_said(words)
    staff.shot("h01-ticket-at-the-desk")
    desk_page_is_for_every_reader(staff)
    staff.page.get_by_label("Canned answer").select_option(label="A change waits")
    desk.press("Insert with the figures of now")
    preview = staff.page.locator("[name='answer-text']").input_value()
    assert f"{reference} is: Waiting for the machine. The machine is busy with something else." in preview
    assert "Backup generations 7 → 5 . Credit: 1,500 JPY. By " in preview.replace("5.", "5 .")
    staff.page.locator("[name='answer-text']").fill(preview.replace("Dear", "Good morning"))
    desk.press("Send the answer")
    desk.expect_said("Answered; the mail is on its way.")
    staff.page.locator("[name='note-text']").fill("The backup ends at noon.")
    desk.press("Keep the note")
    desk.expect_said("Noted. Only staff see it.")
    staff.shot("h02-answered")

    letter = read_mail(aiko, "Answered: Why does it wait?")
    assert f"Good morning Aiko Tanaka, {reference} is: Waiting for the machine." in letter
    aiko.open(ticket)
    expect(aiko.page.locator("#state")).to_have_text("Answered, waiting for you")
    expect(aiko.page.locator("#talk")).to_contain_text("Good morning")
    expect(aiko.page.locator("#talk")).not_to_contain_text("The backup ends at noon.")
    look("ticket-answered")
    with aiko.page.expect_download() as saved:
        aiko.click("link", "boot.log")
    assert saved.value.path().read_bytes() == LOG
    demo.hypervisor.not_busy(MACHINE)
    aiko.page.get_by_label("Your message").fill("It went on, thank you.")
    aiko.click("button", "Send")
    expect(aiko.page.locator("#state")).to_have_text("Open, waiting for us")
    aiko.click("button", "It is solved: close the ticket")
    expect(aiko.page.locator("#state")).to_have_text("Closed")
    look("ticket-closed")
    aiko.open("/tickets")
    look("tickets")
    aiko.open(f"/changes/{reference}")
    wait_until_applied(aiko)
    assert look.mistakes == [], "\n".join(look.mistakes)


def test_without_a_script_and_by_keyboard_alone(demo: Installation, visitor: NewVisitor) -> None:
    plain = visitor(java_script_enabled=False, viewport=NARROW)
    plain.sign_in("aiko@example.com", "prorata-demo")
    plain.open("/tickets")
    plain.click("link", "Ask support")
    plain.page.get_by_label("Subject").focus()
    for keys in ("The invoice", "Tab", "Where is it?", "Tab", "Tab"):
        plain.page.keyboard.press(keys) if keys == "Tab" else plain.page.keyboard.type(keys)
    plain.page.keyboard.press("Enter")
    expect(plain.page.locator("#state")).to_have_text("Open, waiting for us")
    expect(plain.page.locator("h1")).to_have_text("The invoice")
    plain.page.get_by_label("Your message").fill("Found it.")
    plain.click("button", "Send")
    plain.click("button", "It is solved: close the ticket")
    expect(plain.page.locator("#state")).to_have_text("Closed")
    assert re.fullmatch(r"/tickets/T-[2-9A-Z]{4}-[2-9A-Z]{4}", plain.path)


def desk_page_is_for_every_reader(staff: Visitor) -> None:
    """No mistakes in the part of the page that is ours; the frame around it, landmarks too, has its own makers."""
    ours = [one for one in staff.accessibility_mistakes() if not one.startswith("region:")]
    assert [one for one in ours if "desk-" in one or "answer-" in one or "note-" in one] == []
