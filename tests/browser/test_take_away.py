"""The explanation is copied with one press, or read as a page of text and saved as a file."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support.browser import NewVisitor, Visitor
from support.installation import Installation

pytestmark = pytest.mark.browser
CHOSEN = "/services/1/change?memory=8&backups=4"


# The button says so for two seconds and a half, which a slow machine may miss: it is noted down when it does.
WATCH_COPIED = """() => {
  const button = document.querySelector("[data-copy]"), status = button.parentElement.querySelector("[role=status]");
  new MutationObserver(() => {
    if (!status.textContent) return;
    const focused = document.activeElement === button ? "focused" : "";
    document.body.dataset.seen = [button.textContent, status.textContent, focused].join(" ");
  }).observe(button.parentElement, {subtree: true, childList: true, characterData: true});
}"""


def open_how(who: Visitor) -> None:
    who.page.locator("details.how summary").first.click()


def test_copied_says_the_button_and_the_clipboard_has_the_text_of_the_server(
    demo: Installation, visitor: NewVisitor
) -> None:
    aiko = visitor(permissions=["clipboard-read", "clipboard-write"])
    aiko.sign_in("aiko@example.com", "prorata-demo", to=CHOSEN)
    open_how(aiko)
    button = aiko.page.get_by_role("button", name="Copy as text")
    button.focus()
    aiko.page.evaluate(WATCH_COPIED)
    aiko.page.keyboard.press("Enter")
    expect(aiko.page.locator("body")).to_have_attribute("data-seen", "Copied Copied focused")
    copied = aiko.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Estimate for web-01; the price is fixed when you continue\nAt ")
    assert "3. Each line\n" in copied
    expect(button).to_have_text("Copy as text")
    aiko.shot("t01-copied")

    # Other values, another text: the button belongs to the estimate that is swapped in.
    aiko.page.locator("#memory").fill("6")
    expect(aiko.page.locator("[data-copy]")).to_have_attribute(
        "data-page", "/services/1/estimate.txt?memory=6&backups=4"
    )

    aiko.page.locator("#continue").click()
    aiko.page.wait_for_url("**/quotes/*")
    open_how(aiko)
    aiko.page.evaluate(WATCH_COPIED)
    aiko.click("button", "Copy as text")
    expect(aiko.page.locator("body")).to_have_attribute("data-seen", "Copied Copied focused")
    reference = aiko.path.rpartition("/")[2]
    copied = aiko.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"Quote {reference} for web-01\n")
    answer = aiko.context.request.get(f"{aiko.url}/quotes/{reference}/explanation.txt")
    assert copied == answer.text()
    assert aiko.accessibility_mistakes() == []


def test_a_browser_that_may_not_copy_opens_the_page_of_text(demo: Installation, visitor: NewVisitor) -> None:
    aiko = visitor()
    aiko.sign_in("aiko@example.com", "prorata-demo", to=CHOSEN)
    aiko.page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    open_how(aiko)
    with aiko.context.expect_page() as opened:
        aiko.click("button", "Copy as text")
    expect(opened.value.locator("body")).to_contain_text("Estimate for web-01")
    assert aiko.path == "/services/1/change", "the sliders stay where they are"


def test_without_a_script_there_is_a_page_of_text_and_a_file(
    demo: Installation, visitor: NewVisitor, tmp_path: Path
) -> None:
    aiko = visitor(java_script_enabled=False, viewport={"width": 320, "height": 900})
    aiko.sign_in("aiko@example.com", "prorata-demo", to=CHOSEN)
    open_how(aiko)
    aiko.arrived()
    assert not aiko.page.get_by_role("button", name="Copy as text").is_visible()
    with aiko.page.expect_download() as download:
        aiko.click("link", "Download as CSV")
    assert download.value.suggested_filename.startswith("estimate-1-")
    file = tmp_path / "explanation.csv"
    download.value.save_as(file)
    rows = list(csv.reader(file.open(encoding="utf-8-sig", newline="")))
    assert ["Lines", "Memory, 4 GB → 8 GB"] in [row[:2] for row in rows]
    aiko.click("link", "As text", exact=True)
    expect(aiko.page.locator("body")).to_contain_text(re.compile("^Estimate for web-01"))
