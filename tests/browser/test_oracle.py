"""The independent calculation is itself right about the figures the rule's authors printed."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from browser.oracle import Books, Layer, time_left

TIERS = ((1, 0), (3, "0.20"), (6, "0.30"))


def web_01() -> Books:
    """Six months from 1 June 2026 for 34,188 JPY, 10 % tax in it, rounded down."""
    books = Books(
        currency="JPY", rates={"cpu": 600, "memory": 450, "disk": 20, "backups": 300, "snapshots": 150}, tiers=TIERS,
        tax="0.10", rounding="down", ends=date(2026, 12, 1), months=6,
        configuration={"cpu": 2, "memory": 4, "disk": 100, "backups": 7, "snapshots": 2},
    )  # fmt: skip
    books.bought(34_188, starts=date(2026, 6, 1))
    return books


def instance(old: str, ends: date) -> Books:
    return Books(
        currency="USD", rates={"type": {"small": 65, "large": 218}}, tiers=TIERS, tax="0", rounding="half_up",
        configuration={"type": old}, ends=ends, months=6,
    )  # fmt: skip


def test_the_published_example() -> None:
    figures = instance("small", date(2025, 12, 1)).price({"type": "large"}, date(2025, 8, 15))
    assert figures.gross == 43_248
    assert (figures.left.whole, figures.left.rest, figures.left.of) == (3, 16, 30)
    assert figures.rate_until == date(2025, 9, 2)


def test_a_reduction_gives_back_at_most_what_was_paid() -> None:
    """Paid 367.20 on 1 September for the difference; on 2 September the formula says 453.90, 89 of 91 days are left."""
    books = instance("small", date(2025, 12, 1))
    up = books.price({"type": "large"}, date(2025, 9, 1))
    assert up.gross == 36_720
    books.apply(up)
    down = books.price({"type": "small"}, date(2025, 9, 2))
    assert down.lines[0].formula == Fraction("-453.90")
    assert down.gross == -35_913


def test_the_demos_service_up_down_and_both() -> None:
    books, day = web_01(), date(2026, 8, 15)
    up = books.price({"memory": 8}, day)
    assert (up.net, up.tax, up.gross) == (5_088, 508, 5_596)
    down = books.price({"backups": 4}, day)
    assert (down.net, down.tax, down.gross, down.back_today) == (-2_210, -221, -2_431, 2_798)
    mixed = books.price({"cpu": 4, "memory": 8, "backups": 4}, day)
    assert (mixed.net, mixed.tax, mixed.gross) == (6_270, 627, 6_897)
    assert (mixed.amounts["cpu"], mixed.amounts["memory"], mixed.amounts["backups"]) == (3_392, 5_088, -2_210)


def test_a_part_of_a_layer_is_its_own_prices_part() -> None:
    layer = Layer(
        Fraction(1800), Fraction(3600), date(2026, 1, 1), date(2026, 2, 1), Fraction(100), Fraction(0),
        Fraction(0), Fraction(3600),
    )  # fmt: skip
    assert layer.share(Fraction(2700)) == Fraction(1, 2)


def test_a_day_of_the_calendar() -> None:
    assert time_left(date(2026, 1, 31), date(2026, 3, 31)).months == 2
    assert time_left(date(2026, 1, 31), date(2026, 3, 1)).months == 1 + Fraction(1, 28)
    assert time_left(date(2026, 3, 31), date(2026, 3, 31)).months == Fraction(1, 31)
