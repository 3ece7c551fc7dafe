"""What a prepaid amount has earned day by day: the pure rule, and the SQL that follows it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from pricing.sizes import examples
from prorata.recognition.by_day import Item, from_day
from prorata.recognition.items import through

FIRST = date(2026, 1, 1)
AMOUNTS = st.integers(-(10**15), 10**15) | st.integers(-500, 500)
LENGTHS = st.integers(1, 40) | st.integers(1, 4_000)


@st.composite
def items(draw: st.DrawFn, amounts: st.SearchStrategy[int] = AMOUNTS) -> Item:
    starts = FIRST + timedelta(days=draw(st.integers(-400, 400)))
    return Item(draw(amounts), starts, starts + timedelta(days=draw(LENGTHS)))


def all_days(item: Item) -> list[date]:
    return [item.starts + timedelta(days=n) for n in range(-1, item.days + 1)]


def test_the_worked_example_of_the_page() -> None:
    """5,088 for 15 August to 1 December are 108 days: 47.11 each, 800.89 for the 17 days of August."""
    item = Item(5_088, date(2026, 8, 15), date(2026, 12, 1))
    assert [item.through(date(2026, *d)) for d in ((8, 14), (8, 15), (8, 31), (9, 30), (10, 31), (11, 30), (12, 5))] == [
        0, 47, 801, 2_214, 3_675, 5_088, 5_088,
    ]  # fmt: skip


def test_halves_go_away_from_zero_on_both_sides() -> None:
    starts, ends = FIRST, FIRST + timedelta(days=2)
    assert (Item(1, starts, ends).through(FIRST), Item(-1, starts, ends).through(FIRST)) == (1, -1)


def test_a_period_of_no_day_is_no_item() -> None:
    with pytest.raises(ValueError, match="must start before it ends"):
        Item(1, FIRST, FIRST)


@examples(100, 2_000)
@given(items(st.integers(-10_000, 10_000)))
def test_its_days_add_up_to_the_amount_and_never_turn_back(item: Item) -> None:
    so_far = [abs(item.through(day)) for day in all_days(item)]
    assert so_far[0] == 0
    assert so_far == sorted(so_far)
    assert item.through(item.ends - timedelta(days=1)) == item.amount
    assert all(item.through(day) + item.rest(day) == item.amount for day in all_days(item))


@examples(200, 5_000)
@given(items(), st.integers(-10, 4_010))
def test_an_amount_and_its_opposite_are_nothing_on_every_day(item: Item, later: int) -> None:
    day = item.starts + timedelta(days=later)
    assert item.through(day) + Item(-item.amount, item.starts, item.ends).through(day) == 0


@examples(100, 2_000)
@given(items(st.integers(1, 100_000)), st.data())
def test_a_credit_for_the_rest_never_makes_deferred_revenue_negative(item: Item, data: st.DataObject) -> None:
    """At most what the days after its own were paid with: earned and deferred stay within what was paid and kept."""
    day = item.starts + timedelta(days=data.draw(st.integers(0, item.days)))
    unused = max((item.ends - day).days - 1, 0)
    credit = data.draw(st.integers(0, item.amount * unused // item.days))
    if not credit:
        return
    back = Item(-credit, day + timedelta(days=1), item.ends)
    after = [one for one in all_days(item) if one >= day]
    earned = [item.through(one) + back.through(one) for one in after]
    assert all(0 <= one <= item.amount - credit for one in earned)
    # Two roundings may meet: a day turns back by one unit at most.
    assert all(b - a >= -1 for a, b in pairwise(earned))
    assert earned[-1] == item.amount - credit


@examples(100, 2_000)
@given(items(), st.integers(-5, 4_005))
def test_what_is_left_of_an_item_goes_on_as_the_whole_would(item: Item, later: int) -> None:
    day = item.starts + timedelta(days=later)
    left = from_day(item, day)
    if left is None:
        assert day >= item.ends
        return
    before = item.amount - left.amount
    assert before == (item.through(day - timedelta(days=1)) if day > item.starts else 0)
    assert left.ends == item.ends
    assert left.starts == max(day, item.starts)
    assert before + left.through(item.ends - timedelta(days=1)) == item.amount


@pytest.mark.django_db
def test_the_sql_is_the_rule_word_for_word() -> None:
    found: list[tuple[Item, date]] = []

    @examples(300, 5_000)
    @given(items(), st.integers(-3, 4_003))
    def draw(item: Item, later: int) -> None:
        found.append((item, item.starts + timedelta(days=later)))
        found.append((item, item.ends - timedelta(days=1)))

    draw()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {through('day')} FROM unnest(%s::bigint[], %s::date[], %s::date[], %s::date[]) WITH ORDINALITY "
            "AS item(amount, starts, ends, day, n) ORDER BY n",
            [
                [item.amount for item, _ in found], [item.starts for item, _ in found],
                [item.ends for item, _ in found], [day for _, day in found],
            ],
        )  # fmt: skip
        worked_out = [int(minor) for (minor,) in cursor.fetchall()]
    assert worked_out == [item.through(day) for item, day in found]
