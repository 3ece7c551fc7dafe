"""A downgrade with what stands in its way freed on the way: delete, come back with the values, go on. Dark and 320 pixels
narrow, and without a script; light and wide it is told in `test_three_languages.py`."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.demo_service import MACHINE
from browser.standing import unchanged
from browser.walk import SLOW, credit_of, measured, open_sliders, wait_until_applied
from prorata.trail.models import Deed
from support.browser import NewVisitor, Visitor
from support.installation import Installation

pytestmark = pytest.mark.browser
READERS = {
    "light": {"color_scheme": "light"},
    "dark-320": {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}},
    "plain": {"java_script_enabled": False},
}


def looked_at(aiko: Visitor, reader: str, name: str) -> None:
    """A picture; and nothing sticks out, is torn, or is against the rules."""
    aiko.shot(f"f-{reader}-{name}")
    if reader == "plain":
        return
    assert aiko.scrolls_sideways() <= 0
    assert aiko.sticks_out() == []
    assert aiko.broken_words() == []
    assert aiko.accessibility_mistakes() == []


def to_sliders(aiko: Visitor) -> None:
    aiko.click("link", "Back to sliders")
    expect(aiko.page.get_by_role("heading", level=1)).to_have_text("Change resources")


def delete(aiko: Visitor, name: str, reader: str) -> None:
    aiko.click("link", f"Delete {name}", exact=True)
    expect(aiko.page.get_by_role("heading", level=1)).to_have_text(f"Delete “{name}”?")
    looked_at(aiko, reader, f"delete-{name}")
    aiko.click("button", "Delete for good")
    expect(aiko.page.locator("main")).to_contain_text(f"“{name}” was deleted.")


@pytest.mark.parametrize("reader", ["dark-320", "plain"])
def test_a_downgrade_whose_blockers_are_deleted_on_the_way(
    demo: Installation, visitor: NewVisitor, reader: str
) -> None:
    """Backups 7 to 1 and no snapshots, while three backups and one snapshot are stored."""
    aiko = visitor(**READERS[reader])
    aiko.sign_in("aiko@example.com", "prorata-demo")
    open_sliders(aiko)
    aiko.page.locator("#backups").fill("1")
    aiko.page.locator("#snapshots").fill("0")
    aiko.page.locator("#continue").click()
    expect(aiko.page.get_by_role("alert").first).to_contain_text("2 things stand between you and this")
    looked_at(aiko, reader, "blocked")

    aiko.page.locator("#card-snapshots").get_by_role("link", name="See what is stored").click()
    expect(aiko.page.locator("#wanted")).to_contain_text("To choose Snapshot limit 0, delete one of these.")
    looked_at(aiko, reader, "stored")
    delete(aiko, "before-php8", reader)
    expect(aiko.page.locator("#wanted")).to_have_text("Snapshot limit 0 can be chosen now.")
    expect(aiko.page.locator("#deleted")).to_contain_text("“before-php8” on")
    expect(aiko.page.locator("#deleted")).to_contain_text("by Aiko Tanaka")
    looked_at(aiko, reader, "freed")

    to_sliders(aiko)
    assert (aiko.page.locator("#backups").input_value(), aiko.page.locator("#snapshots").input_value()) == (
        "1",
        "0",
    )
    aiko.page.locator("#card-backups").get_by_role("link", name="See what is stored").click()
    expect(aiko.page.locator("#wanted")).to_contain_text("To choose Backup generations 1, delete 2 of these.")
    for name in sorted(one["name"] for one in demo.hypervisor.machine(MACHINE)["objects"])[:2]:
        delete(aiko, name, reader)
    to_sliders(aiko)
    assert (aiko.page.locator("#backups").input_value(), aiko.page.locator("#snapshots").input_value()) == (
        "1",
        "0",
    )
    looked_at(aiko, reader, "possible")

    aiko.page.locator("#continue").click()
    expect(aiko.page.locator("#submit")).to_contain_text("Submit")
    before = credit_of(aiko)
    aiko.page.locator("#submit").click()
    if reader != "plain":
        wait_until_applied(aiko)
        expect(aiko.page.locator("#available-credit b")).not_to_have_text(f"¥{before:,}")
        assert credit_of(aiko) > before
    else:
        expect(aiko.page.locator("#headline")).to_contain_text("Changed at", timeout=SLOW)
    have = measured(demo, MACHINE)
    assert (have["backups"], have["snapshots"]) == (1, 0)
    assert Deed.objects.filter(what="stored.deleted", actor_name="aiko@example.com").count() == 3


@pytest.mark.parametrize("reader", ["light", "dark-320"])
def test_a_hypervisor_that_does_not_answer_is_a_state_in_words(
    demo: Installation, visitor: NewVisitor, reader: str
) -> None:
    """The delete is lost: the row says so. Then it is busy: nothing is deleted, and why. No error page anywhere."""
    aiko = visitor(**READERS[reader])
    aiko.sign_in("aiko@example.com", "prorata-demo")
    open_sliders(aiko)
    aiko.page.locator("#card-snapshots").get_by_role("link", name="See what is stored").click()
    with unchanged(demo):
        demo.hypervisor.busy(MACHINE, "backup")
        aiko.click("link", "Delete before-php8")
        aiko.click("button", "Delete for good")
        expect(aiko.page.locator("main")).to_contain_text("The machine is busy now")
        expect(aiko.page.locator("main")).to_contain_text("Nothing was deleted; try again in a minute.")
        looked_at(aiko, reader, "busy")
        demo.hypervisor.not_busy(MACHINE)
        demo.hypervisor.fault(call="delete_object", effect="before")
        aiko.click("link", "Delete before-php8")
        aiko.click("button", "Delete for good")
        expect(aiko.page.locator("main")).to_contain_text("The hypervisor has not answered")
        expect(aiko.page.locator("table")).to_contain_text("It was to be deleted at")
        looked_at(aiko, reader, "not-answered")
