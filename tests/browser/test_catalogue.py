"""Every page of the living catalogue for every reader: light, dark, forced colours, and 320 pixels wide."""

from __future__ import annotations

import pytest

from prorata.portal.catalogue.pages import PAGES
from support.browser import NewVisitor, Visitor
from support.installation import Installation

pytestmark = pytest.mark.browser
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1280, "height": 900}
# The overview, and the pages that have most of the components.
SAMPLE = ["", "change-untouched", "change-refused", "quote-split", "change-page-partly-applied", "account"]
EVERYTHING = ["", *PAGES]


@pytest.fixture
def looker(demo: Installation, visitor: NewVisitor) -> Visitor:
    found = visitor(viewport=WIDE)
    found.sign_in("staff@example.com", "prorata-demo", to="/catalogue")
    return found


def test_a_sample(looker: Visitor) -> None:
    assert mistakes(looker, SAMPLE) == []


@pytest.mark.prove
@pytest.mark.parametrize("language", ["en", "ja", "zh-hans"])
def test_everything(looker: Visitor, language: str) -> None:
    looker.context.add_cookies([{"name": "language", "value": language, "url": looker.url}])
    assert mistakes(looker, EVERYTHING) == []


def mistakes(looker: Visitor, pages: list[str]) -> list[str]:
    """What is wrong with these pages of the catalogue, however they are looked at."""
    found = []
    for name in pages:
        looker.open(f"/catalogue/{name}" if name else "/catalogue")
        found += [f"{name or 'overview'}, {said}" for said in mistakes_here(looker)]
    return found


def mistakes_here(looker: Visitor) -> list[str]:
    page, found = looker.page, list[str]()
    for how in ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}):
        page.emulate_media(
            **{"color_scheme": "light", "forced_colors": "none", "reduced_motion": "reduce", **how}
        )
        found += [f"{next(iter(how.values()))}: {one}" for one in looker.accessibility_mistakes()]
    page.emulate_media(color_scheme="light", forced_colors="none")
    page.set_viewport_size(NARROW)
    found += [f"narrow: {one}" for one in looker.accessibility_mistakes()]
    if wider := looker.scrolls_sideways():
        found.append(f"narrow: {wider} pixels too wide")
    found += [f"narrow: sticks out of its box: {one}" for one in looker.sticks_out()]
    found += [f"narrow: torn over two lines: {one}" for one in looker.broken_words()]
    page.set_viewport_size(WIDE)
    return found
