"""The price beside the sliders belongs to the values that stand there, or says that it does not yet."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from browser.demo_service import papers, today, web_01
from browser.walk import open_sliders
from support.browser import Visitor
from support.installation import Installation

pytestmark = pytest.mark.browser


def test_an_answer_to_the_question_before_is_no_price_of_what_stands_there(
    demo: Installation, aiko: Visitor
) -> None:
    """Memory 6 is asked for and the answer is on its way when 8 is typed: its price comes in, and stays dimmed."""
    books, page, held = web_01(demo), aiko.page, list[Route]()
    seen = papers(aiko, books)
    page.clock.install()
    page.route("**/estimate", held.append)
    open_sliders(aiko)
    panel, total = page.locator("#estimate"), page.locator("#total")
    six, eight = (books.price({"memory": gb}, today(demo)) for gb in (6, 8))
    with page.expect_request("**/estimate"):
        page.locator("#memory").fill("6")
        page.clock.run_for(250)
    answer = held[0].fetch()
    page.locator("#memory").fill("8")
    held[0].fulfill(response=answer)
    expect(total).to_have_text(seen.money(six.gross))
    page.clock.run_for(100)
    expect(panel).to_have_attribute("aria-busy", "true")
    page.unroute("**/estimate")
    page.clock.run_for(250)
    expect(total).to_have_text(seen.money(eight.gross))
    page.clock.run_for(100)
    expect(panel).not_to_have_attribute("aria-busy", "true")
