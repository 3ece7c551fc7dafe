"""Eight cores need 8 GB: the page says so and offers what would do, with a script and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.demo_service import papers, today, web_01
from browser.walk import open_sliders
from prorata.catalog.models import LinkedLimit, Product
from support.browser import NewVisitor, Visitor
from support.installation import Installation

pytestmark = pytest.mark.browser
SAID = "8 CPU cores need at least 8 GB of Memory."


@pytest.fixture
def ruled(demo: Installation) -> Installation:
    cloud = Product.objects.get(code="bestnet-cloud")
    cpu, memory = (cloud.resource_types.get(code=code) for code in ("cpu", "memory"))
    LinkedLimit.objects.create(product=cloud, resource_type=cpu, at_least=8, needs=memory, minimum=8)
    return demo


def test_the_slider_marks_it_and_a_button_chooses_what_is_needed(ruled: Installation, aiko: Visitor) -> None:
    books = web_01(ruled)
    open_sliders(aiko)
    expect(aiko.page.locator("#card-cpu")).to_contain_text("From 8 CPU cores on, at least 8 GB of Memory.")
    expect(aiko.page.locator("#card-cpu .ask")).to_have_count(3)
    aiko.page.locator("#cpu").fill("8")
    expect(aiko.page.locator("#error-cpu")).to_contain_text(SAID)
    expect(aiko.page.locator("#estimate")).to_contain_text("There is no price for these values.")
    aiko.shot("b20-linked-live")
    # Enter in a field is Continue, not the first button of a way out.
    with aiko.page.expect_response("**/change") as answer:
        aiko.page.locator("#cpu").press("Enter")
    assert answer.value.status == 422
    expect(aiko.page.get_by_role("alert").first).to_contain_text(
        "8 CPU cores need at least 8 GB of Memory. Choose 8 GB of Memory or 6 CPU cores."
    )
    expect(aiko.page.locator("#cpu")).to_have_value("8")
    aiko.page.locator("#card-cpu").get_by_role("button", name="Choose 8 GB of Memory").click()
    expect(aiko.page.locator("#memory")).to_have_value("8")
    expect(aiko.page.locator("#memory")).to_be_focused()
    papers(aiko, books).expect_estimate(books.price({"cpu": 8, "memory": 8}, today(ruled)))
    expect(aiko.page.locator("#error-cpu")).to_be_empty()
    aiko.shot("b21-linked-chosen")
    aiko.page.locator("#memory").fill("6")
    aiko.page.locator("#estimate").get_by_role("button", name="Choose 6 CPU cores").click()
    expect(aiko.page.locator("#cpu")).to_have_value("6")
    papers(aiko, books).expect_estimate(books.price({"cpu": 6, "memory": 6}, today(ruled)))


def test_the_same_button_without_a_script(ruled: Installation, visitor: NewVisitor) -> None:
    aiko = visitor(java_script_enabled=False)
    aiko.sign_in("aiko@example.com", "prorata-demo")
    books = web_01(ruled)
    aiko.click("link", "web-01")
    aiko.click("link", "Upgrade / Downgrade")
    aiko.page.locator("#cpu").fill("8")
    aiko.page.locator("#backups").fill("8")
    aiko.click("button", "Update estimate")
    expect(aiko.page.locator("#error-cpu")).to_contain_text(SAID)
    aiko.page.locator("#card-cpu").get_by_role("button", name="Choose 8 GB of Memory").click()
    expect(aiko.page.locator("#memory")).to_have_value("8")
    expect(aiko.page.locator("#backups")).to_have_value("8")
    figures = books.price({"cpu": 8, "memory": 8, "backups": 8}, today(ruled))
    papers(aiko, books).expect_estimate(figures)
