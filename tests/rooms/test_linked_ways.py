"""Whatever the rules: a way out that is offered leads out, and only values are told that can be chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.sizes import examples
from prorata.catalog.links import Link
from prorata.changes.limits import Limit, check
from prorata.changes.linked import asking, linked, notes
from prorata.changes.refusals import way_out, words

# Names in the reader's language stand there.
pytestmark = pytest.mark.django_db

CODES = "abc"
SOLD = (1, 2, 4, 8)
rules = st.builds(
    Link, of=st.sampled_from(CODES), at_least=st.sampled_from(SOLD), needs=st.sampled_from(CODES),
    minimum=st.sampled_from(SOLD),
)  # fmt: skip


@st.composite
def places(draw: st.DrawFn) -> dict[str, Limit]:
    """Three resources at some values, with floors and ceilings, under some rules; old ones may be broken."""
    links = [rule for rule in draw(st.lists(rules, max_size=6)) if rule.of != rule.needs]
    found = {}
    for code in CODES:
        current = draw(st.sampled_from(SOLD))
        low, high = sorted((draw(st.sampled_from(SOLD)), draw(st.sampled_from(SOLD))))
        allowed = tuple(n for n in SOLD if low <= n <= high or n == current)
        found[code] = Limit(
            code=code, name=code.upper(), unit="GB" if code == "b" else "", unit_word="", kind="quantity",
            usage_kind="none", stops=SOLD, option_names={}, current=current, used=None, objects=(), floor=allowed[0],
            floor_reasons=(), ceiling=allowed[-1], ceiling_reasons=(), unknown=False, allowed=allowed,
            links=tuple(link for link in links if link.of == code),
        )  # fmt: skip
    return found


@examples(400, 20_000)
@given(places(), st.data())
def test_every_way_out_leads_out(limits: dict[str, Limit], data: st.DataObject) -> None:
    wanted = {code: data.draw(st.sampled_from(limit.allowed)) for code, limit in limits.items()}
    for refusal in linked(limits, wanted):
        assert words(refusal)
        assert way_out(refusal)
        assert refusal.component in CODES
        for way in refusal.ways:
            chosen = {**wanted, **way.values}
            assert chosen != wanted
            assert all(value in limits[code].allowed for code, value in way.values.items())
            assert check(limits, chosen) == ()


@examples(400, 20_000)
@given(places())
def test_standing_still_is_never_refused_and_what_is_marked_is(limits: dict[str, Limit]) -> None:
    assert check(limits, {}) == ()
    for code, limit in limits.items():
        marked = asking(limits, code)
        assert limit.current not in marked
        for value in limit.allowed:
            assert bool(check(limits, {code: value})) == (value in marked)
        assert notes(limits, code) or not marked, "what is marked is explained on the card"
