"""The pictures of the guides are pictures of the portal as it is: each is walked to again and its boxes are measured.

    PRORATA_PICTURES=write ./test tests/browser/test_guide_pictures.py      makes them anew

`./test` looks at one language, `./prove` at all of them.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from browser.demo_service import TOKYO
from browser.walk import FOR_AGES, SLOW, pay_with, takes
from prorata.customers.models import User
from prorata.guides.guide import Step
from prorata.guides.library import GUIDES
from prorata.guides.pictures import FOLDER, PLACES, picture, picture_name
from support.browser import NewVisitor, Visitor
from support.installation import Installation
from support.sandboxes import wait_until

pytestmark = pytest.mark.browser
WRITE = os.environ.get("PRORATA_PICTURES") == "write"
MARGIN = 4
WIDTH, AROUND, TALLEST = 1024, 96, 720
LANGUAGES = [
    pytest.param("en", marks=pytest.mark.prove) if not WRITE else "en",
    "ja",
    pytest.param("zh-Hans", marks=pytest.mark.prove) if not WRITE else "zh-Hans",
]
FIND = """([hook, margin]) => {
  const seen = [...document.querySelectorAll(hook)].find((one) => one.getClientRects().length);
  if (!seen) return null;
  const at = seen.getBoundingClientRect();
  const named = seen.getAttribute("aria-label") ?? document.getElementById(seen.getAttribute("aria-labelledby"))?.innerText
    ?? seen.querySelector("h2, h3, caption, legend, th")?.innerText ?? seen.innerText;
  const lines = named.trim().split("\\n");
  const place = { left: at.left + scrollX, top: at.top + scrollY, width: at.width, height: at.height };
  return { ...place, says: lines[0].trim().slice(0, 80) };
}"""


@pytest.fixture
def demo(installed: Installation, demo_files: Path) -> Installation:
    """The demo on the next 15 January, ten in the morning: days and amounts are as wide as on the day of the pictures."""
    now = installed.now().astimezone(TOKYO)
    day = datetime(now.year, 1, 15, 10, tzinfo=TOKYO)
    installed.forward((day if day > now else day.replace(year=now.year + 1)) - now)
    installed.environment["PRORATA_MODE"] = "demo"
    (installed.home / "static").symlink_to(demo_files)
    installed.load_demo_data()
    installed.start()
    return installed


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_box_is_where_its_element_is(demo: Installation, visitor: NewVisitor, language: str) -> None:
    aiko = visitor(viewport={"width": WIDTH, "height": 900})
    sign_in(aiko, language)
    wrong, walked = [], []
    for guide, step in walk(demo, aiko):
        walked.append((guide, step.key))
        wrong += (write if WRITE else compare)(aiko, guide, step, language)
    assert wrong == []
    assert walked == [(guide.slug, step.key) for guide in GUIDES.values() for step in guide.steps]


def sign_in(aiko: Visitor, language: str) -> None:
    User.objects.filter(email="aiko@example.com").update(language=language_code(language))
    aiko.open("/accounts/login/")
    aiko.page.locator("#id_login").fill("aiko@example.com")
    aiko.page.locator("#id_password").fill("prorata-demo")
    aiko.page.locator("button.pri.full").click()
    expect(aiko.page.locator("#available-credit")).to_be_visible()
    assert aiko.page.evaluate("document.documentElement.lang") == language


def walk(demo: Installation, aiko: Visitor) -> Iterator[tuple[str, Step]]:
    """Through both guides, from step to step; at each the page is as a reader of it sees it."""
    page, up, down = aiko.page, GUIDES["upgrade"], GUIDES["downgrade"]
    steps = {(guide.slug, step.key): (guide.slug, step) for guide in (up, down) for step in guide.steps}
    aiko.open("/services")
    service = page.locator(".svc h2 a", has_text="web-01").get_attribute("href")
    assert service is not None
    change = service.replace("/resources", "/change")
    yield steps["upgrade", "service"]
    aiko.open(service)
    yield steps["upgrade", "resources"]
    aiko.open(f"{change}?memory=8")
    expect(page.locator("#estimate #total")).to_be_visible()
    yield steps["upgrade", "choose"]
    page.locator("#continue").click()
    page.locator('input[name="method"][value="card"]').check()
    yield steps["upgrade", "review"]
    page.locator("#submit").click()
    expect(page.locator("#pay-now")).to_be_visible()
    yield steps["upgrade", "pay"]
    takes(demo, FOR_AGES)
    page.locator("#pay-now").click()
    pay_with(aiko)
    wait_until(lambda: demo.hypervisor.calls("apply"), "the machine's first step")
    expect(page.locator(".prog [aria-current]")).to_be_visible()
    yield steps["upgrade", "watch"]
    takes(demo, 0)
    expect(page.locator("#measured-memory")).to_be_visible(timeout=SLOW)
    yield steps["upgrade", "result"]
    aiko.open(service)
    yield steps["downgrade", "lowest"]
    aiko.open(change)
    yield steps["downgrade", "free"]
    aiko.open(f"{change}?memory=4")
    expect(page.locator("#estimate #total")).to_be_visible()
    yield steps["downgrade", "choose"]
    page.locator("#continue").click()
    expect(page.locator("#submit")).to_be_visible()
    yield steps["downgrade", "submit"]
    page.locator("#submit").click()
    expect(page.locator("#returned")).to_be_visible(timeout=SLOW)
    yield steps["downgrade", "credited"]


def found(aiko: Visitor, step: Step) -> list[dict[str, Any]]:
    """Where the elements of the step's boxes are on the page; a hook that finds nothing stops the story."""
    aiko.page.evaluate("document.fonts.ready")
    places = [aiko.page.evaluate(FIND, [box.hook, MARGIN]) for box in step.boxes]
    missing = [box.hook for box, place in zip(step.boxes, places, strict=True) if place is None]
    assert not missing, f"{step.key}: nothing on the page is {missing}"
    return places


def clip(places: list[dict[str, Any]]) -> dict[str, int]:
    """The part of the page that is shown: its whole width, and a little above and below what is boxed."""
    top = max(0, round(min(place["top"] for place in places)) - AROUND)
    bottom = round(max(place["top"] + place["height"] for place in places)) + AROUND
    return {"x": 0, "y": top, "width": WIDTH, "height": min(bottom - top, TALLEST)}


def compare(aiko: Visitor, guide: str, step: Step, language: str) -> list[str]:
    """Every box of the stored picture holds its element, with 2 to 6 pixels of room."""
    kept = picture(guide, step.key, language_code(language))
    assert kept is not None, f"{guide}-{step.key} has no picture in {language}"
    for theme in ("light", "dark"):
        assert (FOLDER / f"{kept.name}.{theme}.webp").stat().st_size > 2_000
    places = found(aiko, step)
    part = clip(places)
    wrong = []
    for box, place in zip(kept.boxes, places, strict=True):
        left, top = place["left"] - part["x"] - box.left, place["top"] - part["y"] - box.top
        right, bottom = box.width - left - place["width"], box.height - top - place["height"]
        if not all(2 <= side <= 6 for side in (left, top, right, bottom)):
            sides = [round(side, 1) for side in (left, top, right, bottom)]
            wrong.append(f"{kept.name}: box {box.number} has {sides} around its element")
    return wrong


def language_code(language: str) -> str:
    return language.lower()


def write(aiko: Visitor, guide: str, step: Step, language: str) -> list[str]:
    """Take the picture in both themes and keep where its boxes are."""
    places = found(aiko, step)
    part = clip(places)
    name = picture_name(guide, step.key, language_code(language))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        aiko.page.emulate_media(color_scheme=theme)
        (FOLDER / f"{name}.{theme}.webp").write_bytes(shoot(aiko, part))
    aiko.page.emulate_media(color_scheme="light")
    boxes = [
        [box.number, round(p["left"]) - MARGIN, round(p["top"]) - part["y"] - MARGIN, round(p["width"]) + 2 * MARGIN,
         round(p["height"]) + 2 * MARGIN, p["says"]]
        for box, p in zip(step.boxes, places, strict=True)
    ]  # fmt: skip
    kept = json.loads(PLACES.read_text(encoding="utf-8")) if PLACES.is_file() else {}
    kept[name] = {"width": part["width"], "height": part["height"], "boxes": boxes}
    PLACES.write_text(
        json.dumps(dict(sorted(kept.items())), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    return []


def shoot(aiko: Visitor, part: dict[str, int]) -> bytes:
    """WebP, which the driver does not offer: asked of the browser itself."""
    aiko.page.evaluate("() => new Promise((done) => setTimeout(done, 250))")
    session = aiko.context.new_cdp_session(aiko.page)
    asked = {"format": "webp", "quality": 82, "clip": {**part, "scale": 1}, "captureBeyondViewport": True}
    return base64.b64decode(session.send("Page.captureScreenshot", asked)["data"])
