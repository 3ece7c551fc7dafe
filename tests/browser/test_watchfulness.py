"""The eyes of these stories see what they are for: each mistake made on purpose is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from browser.left_over import left_over
from browser.looking import CUT_OFF, FOCUSED, NO_EDGE, RUNNING, RUNS_OUT, STUCK, ZONES
from support.browser import Visitor

pytestmark = pytest.mark.browser
HOME = "http://portal.test"
PAGE = (
    "<!doctype html><html lang=en><meta name=viewport content='width=device-width'><title>A page</title>"
    "<main><h1>A page</h1>{}</main>"
)


@pytest.fixture
def watcher(chromium: Browser) -> Iterator[Visitor]:
    found = Visitor(chromium.new_context(viewport={"width": 320, "height": 600}), HOME, [])
    yield found
    found.close()


def show(watcher: Visitor, body: str, **answer: str) -> None:
    """Let every address give this page."""
    headers = {"content-type": "text/html; charset=utf-8", **answer}
    watcher.context.route("**/*", lambda route: route.fulfill(body=PAGE.format(body), headers=headers))
    watcher.open("/")


def test_a_page_without_mistakes_has_none(watcher: Visitor) -> None:
    show(watcher, "<p>Due today <data value=5596>¥5,596</data>, back <data value='-1.5'>−$1.50</data>.</p>")
    watcher.shot("watched")
    assert (watcher.troubles, watcher.accessibility_mistakes(), watcher.scrolls_sideways()) == ([], [], 0)


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        ("<script>undefinedName()</script>", "script: undefinedName is not defined"),
        ("<script>console.error('it broke')</script>", "console: it broke"),
        (
            "<img alt='' src='http://elsewhere.test/x.png'>",
            "loads from elsewhere: http://elsewhere.test/x.png",
        ),
    ],
)
def test_a_trouble_of_the_page_is_heard(watcher: Visitor, body: str, trouble: str) -> None:
    show(watcher, body)
    assert any(trouble in heard for heard in watcher.troubles), watcher.troubles


def test_what_the_policy_refuses_is_heard(watcher: Visitor) -> None:
    show(watcher, "<script>1</script>", **{"content-security-policy": "script-src 'self'"})
    assert "Content Security Policy" in watcher.troubles[0]


@pytest.mark.parametrize(
    "amount",
    ["<data value=5597>¥5,596</data>", "<data value=5596>−¥5,596</data>", "<data value=559.6>¥5,596</data>"],
)
def test_an_amount_that_is_not_its_value_is_seen(watcher: Visitor, amount: str) -> None:
    show(watcher, f"<p>{amount}</p>")
    with pytest.raises(AssertionError):
        watcher.shot("watched")


def test_an_amount_on_two_lines_is_seen(watcher: Visitor) -> None:
    show(
        watcher,
        "<div style='width: 3em; overflow-wrap: anywhere'><data value=2474.271>KWD 2,474.271</data></div>",
    )
    with pytest.raises(AssertionError):
        watcher.shot("watched")


def test_a_field_without_a_name_and_a_wide_page_are_seen(watcher: Visitor) -> None:
    show(watcher, "<input><p style='width: 400px; color: #aaa; background: #fff'>Hardly to be read</p>")
    found = " ".join(watcher.accessibility_mistakes())
    assert "label: " in found
    assert "color-contrast: " in found
    assert watcher.scrolls_sideways() > 0


def test_what_does_not_fit_is_seen(watcher: Visitor) -> None:
    show(
        watcher,
        "<div class=panel style='width: 200px'><table style='width: 240px'><tr><td>Measured</td></tr></table>"
        "<dl><dt style='width: 2em; overflow-wrap: anywhere'>Together</dt><dd>98/28</dd></dl></div>",
    )
    assert watcher.sticks_out() == ["TABLE Measured"]
    assert watcher.broken_words() == ["Together"]


# --- every way to read a page -------------------------------------------------------------------------------

COVER = "<div style='position:fixed;inset:0;background:#fff'></div>"
BAR = "<div style='position:sticky;top:0;height:320px;background:#fff'>a bar</div><p style='height:2000px'>long</p>"
LONG = "<div style='width:60px;white-space:nowrap'>longer than its box is</div>"


@pytest.mark.parametrize(
    ("body", "script", "seen"),
    [
        (f"<a href=/x>hidden</a>{COVER}", f"({FOCUSED})(false)", "covered when it has the focus"),
        ("<a href=/x style='outline:0'>no ring</a>", f"({FOCUSED})(true)", "the focus cannot be seen"),
        ("<button class=btn style='border:0'>no border</button>", NO_EDGE, "no border"),
        ("<svg class=meter><rect class=z-used width=9 height=9 fill=white /></svg>", ZONES, "z-used cannot be seen"),
        (
            "<svg class=meter><rect class=z-used width=9 height=9 /><rect class=z-room width=9 height=9 /></svg>",
            ZONES, "used and room look the same",
        ),
        (LONG, RUNS_OUT, "longer than its box"),
        (f"<div style='overflow:hidden;width:60px'>{LONG}</div>", CUT_OFF, "overflow:hidden"),
        (
            "<style>@keyframes a { to { opacity: 0 } } p { animation: a 9s infinite }</style><p>moves</p>",
            RUNNING, "a",
        ),
    ],
)  # fmt: skip
def test_what_is_hard_to_read_is_found(watcher: Visitor, body: str, script: str, seen: str) -> None:
    show(watcher, body)
    found = watcher.page.evaluate(script)
    assert any(seen in one for one in found), found


@pytest.mark.parametrize("script", [f"({FOCUSED})(true)", NO_EDGE, ZONES, RUNS_OUT, CUT_OFF, RUNNING])
def test_nothing_is_found_on_a_page_that_is_fit_to_read(watcher: Visitor, script: str) -> None:
    room, used = (
        "<rect class=z-room width=9 height=9 fill=white stroke=black />",
        "<rect class=z-used width=9 height=9 />",
    )
    show(
        watcher,
        f"<p>All is <a href=/x>well</a>.</p><button class=btn>Go on</button><svg class=meter>{room}{used}</svg>",
    )
    assert watcher.page.evaluate(script) == []


def test_the_space_at_which_a_kept_text_breaks_may_hang_over_its_box(watcher: Visitor) -> None:
    show(watcher, "<p style='white-space:pre-wrap;font:20px monospace;width:5ch'>alpha betas gamma</p>")
    assert watcher.page.evaluate(RUNS_OUT) == []


def test_a_bar_over_half_the_window_is_measured(watcher: Visitor) -> None:
    show(watcher, BAR)
    assert watcher.page.evaluate(STUCK) == pytest.approx(320 / 600, abs=0.01)


def test_english_on_another_languages_page_is_found(watcher: Visitor) -> None:
    show(watcher, "<p>変更 C-20931 の memory は 8 GB です。</p><p aria-label='close it'>閉じる</p>")
    found = {line.partition(" in ")[0] for line in left_over(watcher.page, "ja")}
    assert found == {"'page'", "'memory'", "'close it'"}


def test_another_language_on_an_english_page_is_found(watcher: Visitor) -> None:
    show(watcher, "<p>Your change is 適用中.</p><footer>日本語 简体中文</footer>")
    assert [line.partition(" in ")[0] for line in left_over(watcher.page, "en")] == ["'適用中'"]
