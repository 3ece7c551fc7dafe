"""The published example: 65 to 218 USD a month on 15 August 2025 with an end of 1 December costs 432.48 USD."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.standing import unchanged
from support.browser import Visitor
from support.installation import Installation

pytestmark = pytest.mark.browser


def test_the_published_example_is_432_48_usd_and_changes_nothing(demo: Installation, aiko: Visitor) -> None:
    """(218 - 65) x (3 + 16/30) x 0.80 = 153 x 106/30 x 4/5 = 432.48."""
    page = aiko.page
    with unchanged(demo):
        aiko.click("link", "cvm-01")
        aiko.click("link", "Upgrade / Downgrade")
        page.get_by_label("2C4G").check()
        page.get_by_text("How this is worked out").click()
        aiko.shot("c1-instance-chosen")
        aiko.click("link", "Try the published example")

        expect(page.get_by_role("heading", level=1)).to_have_text("The published example")
        expect(page.locator("#total")).to_have_text("$432.48")
        assert aiko.rows(".why dl > div") == [
            ("15 Aug to 15 Nov", "3 whole months"),
            ("15 Nov to 1 Dec", "16 of 30 days"),
            ("Together", "3 + 16/30 = 106/30 months"),
            ("3 to 5 months left", "20 % off, so × 0.80"),
            ("Instance type (218 − 65)", "432.48"),
            ("Rounded once", "432.48"),
        ]
        assert "Under 3 months: no discount." in aiko.text(".why")
        assert "6 or more months: 30 % off." in aiko.text(".why")
        assert "You keep this rate if you submit before 2 Sep 2025, 00:00 CST." in aiko.text(".why")
        assert "(new − old monthly price) × 106/30 × 0.80" in aiko.text(".why")
        assert aiko.facts("aside dl") == {
            "Instance type": "1C1G to 2C4G",
            "Monthly price": "$65.00 to $218.00",
            "Upgraded on": "15 Aug 2025",
            "Term ends": "1 Dec 2025",
            "Tax": "none",
        }
        aiko.shot("c2-published-example")
    assert demo.hypervisor.machine("ins-7f3k")["configuration"] == {"instance_type": "1c1g"}
