"""Mistakes that billing engines are known to have made, one test each, named by their number in our catalogue
of them (B1 to B25) and listed in docs/pricing/known-mistakes.md. Those about orders, machines and papers are told
in the stories."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from pricing.paid_service import Book, PaidService
from pricing.worked import SHANGHAI, component, layer, price, tiers
from prorata.pricing.layers import share_of
from prorata.pricing.quote_command import main
from prorata.pricing.rules import RULES
from prorata.pricing.tax import TaxRule, document

TAX = TaxRule(Decimal("0.10"), included=False)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def _service(monthly: str) -> PaidService:
    """A service of one component at so much a unit and month, to 1 December; nothing is paid yet."""
    book = Book({"cpu": Decimal(monthly)}, None, None, TaxRule(Decimal(0), included=False))
    return PaidService("USD", SHANGHAI, book, _at("2025-12-01"), {"cpu": 0})


def test_b1_a_second_upgrade_charges_its_own_step_and_a_reduction_gives_back_both() -> None:
    """Three months at 100 a unit: each step from 0 to 1 to 2 is 300, and 90 of 91 days return of both."""
    lived = _service("100")
    charged = [lived.change(_at("2025-09-01"), {"cpu": units}, [], Fraction(0))[0].total for units in (1, 2)]
    lived.change(_at("2025-09-01"), {"cpu": 0}, [], Fraction(0))

    assert charged == [30000, 30000]
    assert lived.returned == 59341  # 600 x 90/91


def test_b2_a_credit_goes_by_what_was_paid_not_by_the_list() -> None:
    """Bought for half the list price of 300: 150 x 90/91 return, not 300."""
    half = layer("150", "2025-09-01", "2025-12-01")

    assert price("2025-09-01", "2025-12-01", component("cpu", "100", "0", (half,), None)).total == -14835


def test_b3_after_a_price_rise_a_credit_goes_by_the_prices_of_its_purchase() -> None:
    """Two units bought at 50 a unit and month; today a unit costs 100. One goes: half of what was paid."""
    share = share_of(Decimal(0), Decimal(100), Decimal(100), Decimal(50))
    bought = layer("300", "2025-09-01", "2025-12-01", str(share))

    assert share == Fraction(1, 2)
    assert price("2025-09-01", "2025-12-01", component("cpu", "200", "100", (bought,), None)).total == -14835


@pytest.mark.parametrize("month", range(1, 13))
def test_b4_a_month_is_a_month_whatever_its_length(month: int) -> None:
    start, end = date(2025, month, 1), date(2025 + month // 12, month % 12 + 1, 1)

    for rule in ("calendar-months", "period-days", "period-seconds"):
        whole = price(
            f"{start}T00:00",
            f"{end}T00:00",
            component("cpu", "0", "100", None, None),
            rule=rule,
            starts_at=f"{start}T00:00",
        )
        assert whole.total == 10000, rule


@pytest.mark.parametrize("hour", ["00:00:00", "09:59:59", "23:59:59"])
def test_b5_what_is_quoted_in_the_morning_is_charged_in_the_evening(hour: str) -> None:
    """The estimate, the command and the charge are one function, and a day has one price."""
    line = {"name": "cpu", "old": "65", "new": "218"}
    asked = {
        "at": "2025-08-15T07:00",
        "ends_at": "2025-12-01T08:00",
        "zone": "Asia/Shanghai",
        "currency": "USD",
        "lines": [line],
    }
    printed = io.StringIO()
    assert main(["-"], io.StringIO(json.dumps(asked)), printed, io.StringIO()) == 0
    charged = price(f"2025-08-15T{hour}", "2025-12-01T08:00", component("cpu", "65", "218", (), None))

    assert json.loads(printed.getvalue())["total"] == "540.60"
    assert charged.total == document(charged, TAX).net == 54060


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe"])
def test_b6_no_day_is_counted_twice_or_lost_in_any_zone(zone: str) -> None:
    """Every day of a year costs 1 of its 365, through the days of 23 and 25 hours, and at any hour of it."""
    for number in range(365):
        day = date(2025, 1, 1) + timedelta(days=number)
        for hour in ("00:00", "02:30", "23:59:59.999999"):
            left = price(
                f"{day}T{hour}",
                "2026-01-01T00:00",
                component("cpu", "0", "365", None, None),
                zone=ZoneInfo(zone),
                rule="period-days",
                starts_at="2025-01-01T00:00",
            )
            assert left.total == (365 - number) * 100


def test_b7_a_reduction_is_a_credit_and_never_a_charge() -> None:
    paid = layer("10000", "2025-09-01", "2025-12-01")

    for rule in RULES:
        down = price(
            "2025-09-15",
            "2025-12-01",
            component("cpu", "218", "65", (paid,), None),
            rule=rule,
            starts_at="2025-09-01",
        )
        assert down.direction == "downgrade", rule
        assert document(down, TAX).gross < 0, rule


def test_b8_an_option_that_was_replaced_is_gone_with_its_layers() -> None:
    """cpu at 100 a month is swapped for nvme at 150: 450 less 300 x 90/91. When nvme goes too, only its own layer
    gives anything back."""
    book = Book({"cpu": Decimal(100), "nvme": Decimal(150)}, None, None, TaxRule(Decimal(0)))
    lived = PaidService("USD", SHANGHAI, book, _at("2025-12-01"), {"cpu": 0, "nvme": 0})
    lived.change(_at("2025-09-01"), {"cpu": 1}, [], Fraction(0))
    swap = lived.change(_at("2025-09-01"), {"cpu": 0, "nvme": 1}, [], Fraction(0))[0]
    gone = lived.change(_at("2025-09-01"), {"cpu": 0, "nvme": 0}, [], Fraction(0))[0]

    assert [line.amount for line in swap.lines] == [-29670, 45000]
    assert [(line.name, line.exact) for line in gone.lines] == [
        ("nvme", Decimal("-445.05494505"))
    ]  # 450 x 90/91
    assert lived.values == {"cpu": 0, "nvme": 0}


def test_b9_a_dearer_plan_is_charged_whatever_its_add_ons_cost() -> None:
    """Add-ons of 500 that stay are no part of the step from 65 to 218."""
    kept = component("backups", "500", "500", (layer("1500", "2025-09-01", "2025-12-01"),), None)
    alone = price("2025-09-01", "2025-12-01", component("cpu", "65", "218", (), None))
    together = price("2025-09-01", "2025-12-01", component("cpu", "65", "218", (), None), kept)

    assert together.total == alone.total == 45900
    assert [line.amount for line in together.lines] == [45900, 0]


def test_b10_four_of_a_thing_cost_four_times_one_of_it() -> None:
    one, four = _service("12.34"), _service("12.34")
    one.change(_at("2025-09-01"), {"cpu": 1}, [], Fraction(0))
    four.change(_at("2025-09-01"), {"cpu": 4}, [], Fraction(0))

    assert (one.paid, four.paid) == (3702, 14808)
    four.change(_at("2025-09-01"), {"cpu": 1}, [], Fraction(0))
    assert four.returned == 10984  # 3/4 of 148.08 x 90/91


def test_b11_what_was_paid_by_the_unit_counts_when_an_option_takes_its_place() -> None:
    """240 paid for units at a tiered rate, now replaced by an option of 20 a month without discount."""
    by_unit = component("cpu", "100", "20", (layer("240", "2025-09-01", "2025-12-01"),), None)
    change = price(
        "2025-09-01",
        "2025-12-01",
        by_unit,
        component("disk", "0", "50", (), tiers((1, "0.10"))),
    )

    assert [line.amount for line in change.lines] == [-23736, 13500]  # 240 x 90/91; 150 x 0.90
    assert change.total == -10236


def test_b12_what_was_used_up_never_comes_back() -> None:
    """Of a period that is over nothing returns, nor of the day in progress; and a product whose credit model
    is `none` (certificates, traffic) returns nothing of what is still to come."""
    over, running = layer("300", "2025-06-01", "2025-09-01"), layer("91", "2025-09-01", "2025-12-01")

    assert price("2025-09-01", "2025-12-01", component("ssl", "99", "0", (over,), None)).total == 0
    assert (
        price("2025-09-01", "2025-12-01", component("ssl", "99", "0", (over, running), None)).total == -9000
    )
    assert price("2025-11-30", "2025-12-01", component("ssl", "99", "0", (running,), None)).total == 0
    none = price("2025-09-01", "2025-12-01", component("ssl", "99", "0", (running,), None), credit="none")
    assert none.total == 0


def test_b20_a_renewal_after_an_upgrade_is_at_the_new_value() -> None:
    """Three months of two units at 100, not of the one unit that was bought at first."""
    lived = _service("100")
    for units in (1, 2):
        lived.change(_at("2025-09-01"), {"cpu": units}, [], Fraction(0))
    before = lived.paid
    lived.prepay(_at("2025-12-01"), _at("2026-03-01"), Fraction(0))

    assert lived.paid - before == 60000


def test_b21_a_value_is_replaced_and_not_added_to() -> None:
    """To four units twice is four units once; from two to four is the price of two."""
    lived = _service("10")
    charged = [
        lived.change(_at("2025-09-01"), {"cpu": units}, [], Fraction(0))[0].total for units in (2, 4, 4)
    ]

    assert charged == [6000, 6000, 0]


def test_b22_neither_the_share_of_time_nor_a_unit_price_is_rounded_on_the_way() -> None:
    """108 of 183 days of 1,000,000 are 590,163.93; the share cut to 0.5901 would make 590,100.00. And 3,000
    units at a tenth of a cent are 3.00, not 0.00 or 30.00."""
    change = price(
        "2025-08-15",
        "2025-12-01",
        component("cpu", "0", "1000000", None, None),
        rule="period-days",
        starts_at="2025-06-01",
    )
    assert change.total == 59016393

    tenths = _service("0.001")
    tenths.ends_at = _at("2025-10-01")
    tenths.change(_at("2025-09-01"), {"cpu": 3000}, [], Fraction(0))
    assert tenths.paid == 300


def test_b23_what_a_renewal_costs_and_what_comes_back_are_kept_apart() -> None:
    """A reduction before a renewal is paid for returns its part of the old term; the renewal is charged whole, at what
    is left, and leaves a layer that a later reduction gives back whole."""
    lived = _service("100")
    lived.change(_at("2025-09-01"), {"cpu": 2}, [], Fraction(0))
    lived.change(_at("2025-09-01"), {"cpu": 1}, [], Fraction(0))
    returned, paid = lived.returned, lived.paid
    lived.prepay(_at("2025-12-01"), _at("2026-03-01"), Fraction(0))
    lived.change(_at("2025-11-30"), {"cpu": 0}, [], Fraction(0))

    assert (returned, lived.paid - paid) == (29670, 30000)  # 300 x 90/91; 3 x 100
    assert lived.returned - returned == 30000


def test_b24_a_document_stays_as_it_was_made() -> None:
    """Neither a later price list nor anything else changes it; a correction is another document."""
    lived = _service("100")
    change, paper, _ = lived.change(_at("2025-09-01"), {"cpu": 1}, [], Fraction(0))
    kept = [(line.name, line.net, line.tax, line.gross) for line in paper.lines]
    lived.book = Book({"cpu": Decimal(900)}, None, None, TAX)
    lived.change(_at("2025-09-02"), {"cpu": 2}, [], Fraction(0))

    assert [(line.name, line.net, line.tax, line.gross) for line in paper.lines] == kept
    assert document(change, TaxRule(Decimal(0))) == paper
    for frozen, name in (
        (paper, "gross"),
        (paper.lines[0], "gross"),
        (change, "total"),
        (change.lines[0], "amount"),
    ):
        with pytest.raises(AttributeError):
            setattr(frozen, name, 0)


@pytest.mark.parametrize(
    ("currency", "total", "carry"),
    [
        ("JPY", 525, "0.07884345"),
        ("USD", 52508, "-0.00115655"),
        ("KWD", 525079, "-0.00015655"),
    ],
)
def test_b25_money_is_in_whole_minor_units_of_its_currency(currency: str, total: int, carry: str) -> None:
    """525.0788434495 a month for one month."""
    change = price(
        "2025-09-01",
        "2025-10-01",
        component("cpu", "0", "525.0788434495", (), None),
        currency=currency,
    )

    assert (change.total, change.carry_out) == (total, Decimal(carry))
    assert isinstance(change.total, int)
