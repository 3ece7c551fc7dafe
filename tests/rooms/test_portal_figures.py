"""How figures, dates and sliders are written and drawn: no database, no page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from pricing.every_step import all_steps
from prorata import portal as portal_package
from prorata.catalog.values import BookValues
from prorata.changes.limits import Limit
from prorata.changes.refusals import Refusal
from prorata.portal import when
from prorata.portal.cards import Card, card
from prorata.portal.explainer import explain
from prorata.portal.money import data, exact_data, exact_money, exact_number, money, spoken
from prorata.pricing import explain as core
from prorata.pricing.rates import UnitPrice

# Names in the reader's language stand there.
pytestmark = pytest.mark.django_db

TOKYO = ZoneInfo("Asia/Tokyo")
MEMORY = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (14_924, "JPY", "¥14,924"), (-3_396, "JPY", "−¥3,396"), (0, "JPY", "¥0"), (43_248, "USD", "$432.48"),
        (-5, "EUR", "−€0.05"), (100, "GBP", "£1.00"), (1_500, "KRW", "KRW\u00a01,500"),
        (1_234_567, "KWD", "KWD\u00a01,234.567"), (100, "CNY", "CNY\u00a01.00"),
        (123_456_789_012_345, "USD", "$1,234,567,890,123.45"),
    ],
)  # fmt: skip
def test_money(minor: int, currency: str, shown: str) -> None:
    assert money(minor, currency) == shown


def test_money_of_an_increase_and_for_programs() -> None:
    assert money(1_200, "JPY", plus=True) == "+¥1,200"
    assert money(0, "JPY", plus=True) == "¥0"
    assert data(-43_248, "USD") == '<data value="-432.48" translate="no">−$432.48</data>'
    assert exact_data(Decimal("600.00000000"), "JPY") == '<data value="600" translate="no">¥600</data>'
    assert spoken(-3_396, "JPY") == "3,396 Japanese yen"


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("600.00000000", "JPY", "¥600"), ("65", "USD", "$65.00"), ("0.105", "USD", "$0.105"),
        ("-2210.16393443", "JPY", "−¥2,210.16393443"),
    ],
)  # fmt: skip
def test_prices_keep_what_is_exact(amount: str, currency: str, shown: str) -> None:
    assert exact_money(amount, currency) == shown
    assert exact_number("3392") == "3,392.00"


@given(st.integers(-(10**15), 10**15), st.sampled_from(["JPY", "USD", "KWD"]))
def test_no_figure_is_rounded_when_written(minor: int, currency: str) -> None:
    digits = "".join(sign for sign in money(minor, currency) if sign.isdigit())
    assert int(digits) == abs(minor)


def test_times_carry_their_zone_and_dates_stay_together() -> None:
    at = datetime(2026, 8, 15, 5, 2, 11, tzinfo=UTC)
    assert when.moment(at, TOKYO) == "15\u00a0Aug\u00a02026, 14:02\u00a0JST"
    assert when.clock_time(at, ZoneInfo("America/Sao_Paulo")) == "02:02\u00a0UTC-03:00"
    assert when.day(datetime(2026, 11, 30, 23, tzinfo=UTC), TOKYO) == "1\u00a0Dec\u00a02026"


def test_dates_are_written_as_the_language_writes_them() -> None:
    at = datetime(2026, 8, 15, 5, 2, tzinfo=UTC)
    for code in ("ja", "zh-hans"):
        with translation.override(code):
            assert when.day(at, TOKYO) == "2026年8月15日"
            assert when.moment(at, TOKYO) == "2026年8月15日 14:02\u00a0JST"
            assert when.month(at, TOKYO) == "2026年8月"
    with translation.override("fr"):
        assert when.day(at, TOKYO) == "15\u00a0Aug\u00a02026"


# --- the slider ---------------------------------------------------------------------------------------------


def limit(**changed: object) -> Limit:
    facts: dict[str, object] = {
        "code": "memory", "name": "Memory", "unit": "GB", "unit_word": "GB", "kind": "quantity", "usage_kind": "amount",
        "stops": MEMORY, "option_names": {}, "current": 4, "used": Decimal("2.9"), "objects": (), "floor": 3,
        "floor_reasons": (Refusal("in_use", "memory", {"name": "Memory", "floor": "3 GB", "used": "2.9 GB"}),),
        "ceiling": 48, "ceiling_reasons": (), "unknown": False, "allowed": (3, 4, 6, 8, 12, 16, 24, 32, 48),
    }  # fmt: skip
    return Limit(**{**facts, **changed})  # type: ignore[arg-type]


def drawn(typed: str | None = None, **changed: object) -> Card:
    book = BookValues(
        minimum_charge_minor=0,
        id=1,
        product_code="p",
        version=1,
        currency="JPY",
        tax_included=False,
        rates={"memory": UnitPrice(Decimal(450))},
    )
    return card(limit(**changed), book, "JPY", typed)


def test_zones_meet_without_overlapping() -> None:
    up = drawn("8")
    assert {name: round(place, 4) for name, place in up.ruler.places.items()} == {
        "used": 0.2417, "floor": 0.25, "low": 0.25, "current": 0.3333, "value": 0.5, "ceiling": 0.9167,
    }  # fmt: skip
    zones = {zone.kind: (round(zone.start, 4), round(zone.end, 4)) for zone in up.ruler.zones}
    assert zones["used"] == (0, 0.2417)
    assert zones["blocked"] == (0.2417, 0.25)
    assert zones["kept"] == (0.25, 0.3333)
    assert zones["added"] == (0.3333, 0.5)
    assert zones["room"] == (0.5, 0.9167)
    assert zones["host"] == (0.9167, 1)


def test_a_card_says_what_it_shows(db: None) -> None:
    up, down, same = drawn("8"), drawn("3"), drawn()
    assert (up.direction, up.delta, up.change) == ("up", "+4\u00a0GB", 1_800)
    assert (down.direction, down.delta, down.change) == ("down", "−1\u00a0GB", -450)
    assert (same.direction, same.delta, same.change) == ("same", "", 0)
    assert up.spoken == "8\u00a0GB, 4 more than now"
    assert down.spoken == "3\u00a0GB, 1 less than now"
    assert up.rate == "¥450 per GB and month"
    assert same.description.replace("\u00a0", " ") == (
        "You have 4 GB. In use 2.9 GB. Lowest possible now 3 GB. Highest 48 GB."
    )


def test_a_value_between_the_steps_is_drawn_where_it_belongs() -> None:
    odd = drawn(current=5, allowed=(5, 6, 8))
    assert 5 in [mark.value for mark in odd.ruler.marks]
    assert odd.ruler.places["current"] == odd.ruler.position


@given(
    st.lists(st.integers(1, 100_000), min_size=1, max_size=400, unique=True),
    st.decimals(0, 200_000, places=1),
    st.data(),
)
def test_any_ruler_stays_on_the_track_and_readable(
    stops: list[int], used: Decimal, choose: st.DataObject
) -> None:
    steps = tuple(sorted(stops))
    current = choose.draw(st.sampled_from(steps))
    floor = choose.draw(st.sampled_from([s for s in steps if s <= current]))
    value = choose.draw(st.sampled_from([s for s in steps if s >= floor]))
    allowed = tuple(s for s in steps if s >= floor)
    one = drawn(
        str(value), stops=steps, current=current, used=used, floor=floor, ceiling=steps[-1], allowed=allowed
    )
    assert all(0 <= place <= 1 for place in one.ruler.places.values())
    assert all(0 <= zone.start <= 1 and 0 <= zone.end <= 1 for zone in one.ruler.zones)
    shown = [mark for mark in one.ruler.marks if mark.text]
    assert shown[0].value == 0
    assert shown[-1].value == steps[-1]
    assert len(one.ruler.drawn) <= 60
    for before, after in pairwise(shown):
        if len(shown) > 2:
            assert (after.at - before.at) * 470 > 3.5 * (len(before.text) + len(after.text)), (
                "numerals do not touch"
            )


# --- the explanation ----------------------------------------------------------------------------------------


def test_a_capped_line_shows_what_counts_and_strikes_what_does_not() -> None:
    formula = {"old": "2100", "new": "1200", "months": "106/30", "factor": "0.80", "exact": "-2544"}
    cap = {"amount": "8820", "unused": "107", "days": "183", "value": "2210.16393443", "share": "3/7"}
    steps = [
        ("line.formula", {"name": "backups", **formula}), ("cap.layer_share", {"name": "backups", **cap}),
        ("line.capped", {"name": "backups", "exact": "-2210.16393443"}),
    ]  # fmt: skip
    (lines,) = explain(steps, names={"backups": "Backups"}, zone=TOKYO, tax_label="", digits=0)
    assert lines.lead == "(new − old monthly price) × 106/30 × 0.80"
    assert [(row.label, row.value, row.css) for row in lines.rows] == [
        ("Backups (1,200 − 2,100)", "−2,544.00", "struck"),
        ("at most what you paid: 8,820 × 107/183 days × 3/7", "−2,210.16393443", ""),
    ]


@pytest.mark.parametrize("language", ["en", "ja", "zh-hans"])
def test_every_step_of_the_core_has_words_here(language: str) -> None:
    """`all_steps` has every key that the core documents, in every form of its parameters."""
    listed = set(re.findall(r"^- ([a-z._]+) \(", core.__doc__ or "", re.MULTILINE))
    emitted = all_steps()
    assert {step.key for step in emitted} == listed
    with override(language):
        for step in emitted:
            before = (
                "line.formula",
                {"name": "i", "old": "2", "new": "1", "months": "3", "factor": "1.00", "exact": "-3"},
            )
            said = explain([before, (step.key, step.params)], names={}, zone=TOKYO, tax_label="Tax", digits=0)
            texts = [str(part) for part in said]
            assert texts
            assert "%(" not in "".join(texts)


# --- what the templates stand on ----------------------------------------------------------------------------


def test_every_icon_that_is_drawn_is_here_and_no_other() -> None:
    portal = Path(portal_package.__file__).parent
    pages = "".join(page.read_text() for page in (portal / "templates").rglob("*.html"))
    drawn = set(re.findall(r'{% icon "([^"]+)"', pages))
    kept = {file.stem for file in (portal / "static/portal/vendor/lucide-1.62.0").glob("*.svg")}
    assert drawn == kept
