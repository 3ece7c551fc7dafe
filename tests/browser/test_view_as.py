"""Staff look at the portal of a customer, press what can be pressed, and change nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from prorata.changes.models import Quote
from prorata.customers.models import StaffView
from support.browser import NewVisitor
from support.installation import Installation

pytestmark = pytest.mark.browser


def test_staff_view_a_portal(demo: Installation, visitor: NewVisitor) -> None:
    staff = visitor()
    staff.sign_in("staff@example.com", "prorata-demo", to="/staff/customers/customer/")
    page = staff.page
    page.get_by_role("link", name="Tanaka Design").first.click()
    page.get_by_role("link", name="View as customer").first.click()
    page.get_by_label("Reason").fill("To see why the memory slider stops at 3 GB.")
    page.get_by_role("button", name="View as customer").click()
    expect(page).to_have_url(re.compile("/services$"))

    banner = page.get_by_role("region", name="View as customer")
    expect(banner).to_contain_text("You see the portal of Tanaka Design.")
    page.get_by_role("link", name="web-01").first.click()
    page.get_by_role("link", name="Upgrade / Downgrade").first.click()
    page.locator("input[name=memory]").fill("8")
    staff.estimate_rests()
    expect(page.locator("#estimate")).to_contain_text("Due today")
    page.locator("#continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was changed")
    assert not Quote.objects.exists()

    banner.get_by_role("button", name="End the view").click()
    expect(page).to_have_url(re.compile(r"/staff/customers/customer/\d+/change/$"))
    assert StaffView.objects.get().end.why == "pressed"
    staff.open("/services")
    expect(banner).to_have_count(0)
