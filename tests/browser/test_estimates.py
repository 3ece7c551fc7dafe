"""The price beside the sliders belongs to the values that stand there, or says that it does not yet: the portal's own script
on a small page, whose answers come when the test lets them."""

from __future__ import annotations

from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Route, expect

from support.browser import Visitor
from support.sandboxes import wait_until

pytestmark = pytest.mark.browser
HOME = "http://portal.test"
SCRIPTS = {
    "slider.js": files("prorata.portal") / "static" / "portal" / "js" / "slider.js",
    "htmx.js": files("django_htmx") / "static" / "django_htmx" / "htmx-2.min.js",
}
PANEL = "<section id=estimate><p id=total>{}</p></section>"
PAGE = f"""<!doctype html><html lang=en><title>Change</title><main>
<form id=change-form action=/change hx-post=/estimate hx-trigger=estimate hx-target=#estimate hx-swap=outerHTML
  hx-sync=this:replace><fieldset id=card-size data-current=1 data-options>
  {"".join(f"<label><input type=radio name=size value={n}>{n}</label>" for n in (1, 2, 3))}</fieldset>
{PANEL.format("no price")}</form><p id=said></p></main>
<script src=/htmx.js></script><script type=module src=/slider.js></script>"""


def test_an_answer_to_the_question_before_is_no_price_of_what_stands_there(chromium: Browser) -> None:
    """2 is asked for and the answer is on its way when 3 is chosen: the price of 2 comes in, and stays dimmed."""
    aiko, held = Visitor(chromium.new_context(), HOME, []), list[Route]()

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name == "estimate":
            held.append(route)
        elif name in SCRIPTS:
            route.fulfill(body=SCRIPTS[name].read_text(), content_type="text/javascript")
        else:
            route.fulfill(body=PAGE, content_type="text/html")

    page = aiko.page
    page.clock.install(time="2026-08-15T14:00:00")
    aiko.context.route("**/*", answer)
    aiko.open("/change")
    page.clock.pause_at("2026-08-15T15:00:00")
    panel, total = page.locator("#estimate"), page.locator("#total")

    def choose(number: str) -> None:
        page.get_by_role("radio", name=number).check()
        expect(panel).to_have_attribute("aria-busy", "true")

    def let(milliseconds: int) -> None:
        page.clock.run_for(milliseconds)

    def asked(times: int) -> None:
        """The request is under way, and its route is held."""
        let(250)
        wait_until(lambda: len(held) == times or page.wait_for_timeout(10), "the question")

    choose("2")
    asked(1)
    choose("3")
    held[0].fulfill(body=PANEL.format("price of 2"), content_type="text/html")
    expect(total).to_have_text("price of 2")
    let(100)
    expect(panel).to_have_attribute("aria-busy", "true")
    asked(2)
    held[1].fulfill(body=PANEL.format("price of 3"), content_type="text/html")
    expect(total).to_have_text("price of 3")
    let(100)
    expect(panel).not_to_have_attribute("aria-busy", "true")
    assert aiko.troubles == []
    aiko.close()
