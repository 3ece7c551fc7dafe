"""The corners of the quote's contract, one named test each. Amounts without a note are worked by hand in the
test."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from prorata.pricing.quote_command import main

# One whole month is left, so a line is new - old; nothing is off.
WHOLE_MONTH: dict[str, Any] = {
    "at": "2025-09-15T00:00:00Z",
    "ends_at": "2025-10-15T00:00:00Z",
    "zone": "UTC",
    "currency": "USD",
    "lines": [],
}


def _run(data: object) -> tuple[int, str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    text = data if isinstance(data, str) else json.dumps(data)
    status = main(["-"], io.StringIO(text), stdout, stderr)
    return status, stdout.getvalue(), stderr.getvalue()


def _quote(*lines: dict[str, Any], **changed: object) -> dict[str, Any]:
    status, printed, complaint = _run(WHOLE_MONTH | {"lines": list(lines)} | changed)
    assert (status, complaint) == (0, "")
    answer: dict[str, Any] = json.loads(printed)
    return answer


def _refused(*lines: object, without: str = "", **changed: object) -> str:
    data = WHOLE_MONTH | {"lines": list(lines)} | changed
    data.pop(without, None)
    status, printed, complaint = _run(data)
    assert (status, printed) == (2, "")
    assert complaint.endswith("\n")
    assert complaint.count("\n") == 1
    return complaint[:-1]


def _line(old: object = "0", new: object = "10", **more: object) -> dict[str, Any]:
    return {"name": "i", "old": old, "new": new} | more


def _months(*tiers: tuple[object, object]) -> list[dict[str, object]]:
    return [{"months": months, "off": off} for months, off in tiers]


# --- order of work, rounding, carry


def test_exact_is_the_sum_of_the_rounded_lines_before_carry() -> None:
    thirds = [_line("0", "0.1", discounts=None) for _ in range(3)]
    answer = _quote(*thirds, at="2025-11-20", ends_at="2025-12-01", carry="0.004")

    assert [line["exact"] for line in answer["lines"]] == ["0.03666667"] * 3  # 0.1 x 11/30
    assert answer["exact"] == "0.11000001"
    assert answer["total"] == "0.11"
    assert answer["carry"] == "0.00400001"


def test_lines_are_kept_to_eight_decimals_half_to_even() -> None:
    assert _quote(_line("0", "0.000000005"))["exact"] == "0.00000000"
    assert _quote(_line("0", "0.000000015"))["exact"] == "0.00000002"


def test_the_total_rounds_half_away_from_zero() -> None:
    assert _quote(_line("0", "0.005"))["total"] == "0.01"
    assert _quote(_line("0.005", "0"))["total"] == "-0.01"
    assert _quote(_line("0.005", "0"))["carry"] == "0.00500000"


def test_direction_is_the_sign_of_the_total_not_of_the_exact_sum() -> None:
    assert _quote(_line("0", "0.004"))["direction"] == "none"
    assert _quote(_line("0", "0.001"), carry="0.004")["direction"] == "upgrade"
    assert _quote(_line("0.001", "0"), carry="-0.004")["direction"] == "downgrade"


def test_amounts_add_up_to_the_total_with_ties_to_the_earlier_line() -> None:
    answer = _quote(*[_line("0", "0.5")] * 4, currency="JPY")

    assert [line["amount"] for line in answer["lines"]] == ["1", "1", "0", "0"]
    assert answer["total"] == "2"


def test_a_negative_rest_is_taken_from_the_smallest_remainder_and_the_later_line() -> None:
    answer = _quote(_line("10", "0"), _line("10", "0"), currency="JPY", carry="-0.5")

    assert answer["total"] == "-21"
    assert [line["amount"] for line in answer["lines"]] == ["-10", "-11"]


def test_no_lines_cost_nothing_and_leave_the_carry() -> None:
    answer = _quote(carry="0.005")

    assert (answer["total"], answer["exact"], answer["direction"]) == ("0.00", "0.00000000", "none")
    assert (answer["carry"], answer["lines"]) == ("0.00500000", [])


def test_a_line_that_does_not_change_is_priced() -> None:
    assert _quote(_line("10", "10"))["lines"][0]["amount"] == "0.00"
    assert _quote(_line("10", "10", old_discounts=_months((0, "0.5"))))["total"] == "5.00"


def test_a_carry_above_half_a_minor_unit_is_refused() -> None:
    assert _quote(carry="-0.005")["carry"] == "-0.00500000"
    assert "at most half a minor unit" in _refused(carry="0.00500001")
    assert "at most half a minor unit" in _refused(carry="-0.51", currency="JPY")


def test_a_carry_has_at_most_eight_decimals() -> None:
    assert _quote(carry="0.00000001")["carry"] == "0.00000001"
    assert "at most 8 decimals" in _refused(carry="0.000000001")


# --- rule, instants, zone


def test_the_rule_defaults_to_calendar_months() -> None:
    assert _quote()["time_left"]["rule"] == "calendar-months"


def test_a_rule_that_is_not_available_names_those_that_are() -> None:
    assert _refused(rule="average").startswith("the rule 'average' is not available: use calendar-months, ")


@pytest.mark.parametrize("key", ["zone", "currency", "at", "ends_at", "lines"])
def test_required_keys(key: str) -> None:
    assert _refused(without=key) == f"{key} is missing: add it"


def test_a_naive_time_is_read_in_the_zone() -> None:
    naive = _quote(at="2025-09-14 23:30", ends_at="2025-10-15", zone="Asia/Tokyo")
    aware = _quote(at="2025-09-14T14:30:00.0Z", ends_at="2025-10-15T00:00+09:00", zone="Asia/Tokyo")

    assert naive == aware
    assert (naive["time_left"]["whole"], naive["time_left"]["days"]) == (1, 1)


def test_a_date_alone_is_midnight() -> None:
    assert _quote(at="2025-09-15", ends_at="2025-10-15") == _quote()
    assert "must be later" in _refused(at="2025-10-15", ends_at="2025-10-15T00:00")


def test_a_local_time_in_a_gap_takes_the_offset_before_it() -> None:
    """02:30 on 9 March 2025 does not exist in New York: at -05:00 it is 07:30 UTC, after 07:15 UTC."""
    gap = {"zone": "America/New_York", "ends_at": "2025-04-09"}

    assert "must be later" in _refused(**(gap | {"at": "2025-03-09T02:30", "ends_at": "2025-03-09T07:15Z"}))
    assert (
        _quote(**(gap | {"at": "2025-03-09T02:30", "ends_at": "2025-03-09T07:45Z"}))["time_left"]["days"] == 1
    )


def test_a_gap_of_a_whole_day_moves_the_date() -> None:
    """Samoa had no 30 December 2011: noon of that day at the offset before, -10:00, is noon of the 31st."""
    answer = _quote(at="2011-12-30T12:00", ends_at="2012-01-31", zone="Pacific/Apia")

    assert (answer["time_left"]["whole"], answer["time_left"]["days"]) == (1, 0)


def test_a_local_time_that_happens_twice_is_the_first() -> None:
    """01:30 on 2 November 2025 in New York is 05:30 UTC, then 06:30 UTC."""
    twice = {"zone": "America/New_York", "at": "2025-11-02T01:30"}

    assert _quote(**(twice | {"ends_at": "2025-11-02T05:31Z"}))["time_left"]["days"] == 1
    assert "must be later" in _refused(**(twice | {"ends_at": "2025-11-02T05:30Z"}))


def test_fractions_of_a_second_are_exact() -> None:
    later = {"at": "2025-09-15T00:00:00.0000000001Z", "ends_at": "2025-09-15T00:00:00.0000000002Z"}

    assert _quote(**later)["time_left"]["days"] == 1
    assert "must be later" in _refused(at=later["ends_at"], ends_at=later["ends_at"])
    assert "must be later" in _refused(at=later["ends_at"], ends_at=later["at"])


@pytest.mark.parametrize(
    "time",
    [
        "2025-9-15",
        "2025-02-29",
        "2025-09-15T24:00",
        "2025-09-15T10",
        "2025-09-15T10:00:60",
        "2025-09-15T10:00:00.",
        "2025-09-15T10:00z",
        "2025-09-15T10:00+0800",
        "2025-09-15T10:00+08",
        "2025-09-15T10:00+08:60",
        "2025-09-15T10:00+24:00",
        "2025-09-15Z",
        "2025-09-15t10:00",
        "2025-09-15T10:00 ",
        "٢٠٢٥-09-15",
        "20250915",
        "",
        "now",
    ],
)
def test_another_form_of_time_is_refused(time: str) -> None:
    assert "is not a time: use YYYY-MM-DD" in _refused(at=time)


def test_times_beyond_the_calendar_are_refused() -> None:
    assert "years 1 to 9999" in _refused(at="0001-01-01T00:00+10:00")
    assert "years 1 to 9999" in _refused(ends_at="9999-12-31T23:00Z", zone="Asia/Tokyo")


def test_the_last_day_of_the_calendar_still_prices() -> None:
    assert _quote(at="9999-11-30", ends_at="9999-12-31")["time_left"]["days"] == 1


def test_near_the_end_of_the_calendar_a_rate_still_says_how_long_it_lasts() -> None:
    """A month ahead of 31 December 9999 there is no date: the search for the last day of a rate must not look
    there."""
    answer = _quote(_line(discounts=_months((1, "0.1"))), at="9999-11-01", ends_at="9999-12-31")

    assert "You keep this rate if you submit before 1 Dec 9999, 00:00 (UTC)" in answer["steps"]


def test_on_the_last_date_of_the_calendar_a_layer_has_no_unused_day() -> None:
    layer = {"amount": "9", "from": "9999-12-01", "to": "9999-12-31"}
    last = {"at": "9999-12-31", "ends_at": "9999-12-31T08:00"}

    assert _quote(_line("31", "0", layers=[layer]), **last)["total"] == "0.00"


@pytest.mark.parametrize("zone", ["Tokyo", "", "../etc/passwd", "Asia", "\u0000", "/etc/localtime"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    assert "is not a time zone" in _refused(zone=zone)


@pytest.mark.parametrize("rule", ["calendar-months", "average-months", "thirty-day-months", "calendar-sum"])
def test_a_start_of_the_paid_period_is_ignored_but_checked_for_form(rule: str) -> None:
    assert _quote(rule=rule, starts_at="2030-01-01") == _quote(rule=rule)
    assert "starts_at" in _refused(rule=rule, starts_at="soon")
    assert "starts_at must be a string" in _refused(rule=rule, starts_at=None)


@pytest.mark.parametrize("rule", ["period-days", "period-seconds"])
def test_a_paid_period_needs_its_start_before_its_end(rule: str) -> None:
    assert _refused(rule=rule) == (
        f"starts_at is missing: the rule {rule} needs the start of the paid period"
    )
    for late in ("2025-10-15T00:00:00Z", "2025-10-16"):
        assert "starts_at must be earlier than ends_at" in _refused(rule=rule, starts_at=late)


def test_a_change_before_the_paid_period_is_priced_above_one_period() -> None:
    """From 15 September to 15 October are 30 days, of a period of 15 or of its seconds."""
    for rule in ("period-days", "period-seconds"):
        answer = _quote(_line(), rule=rule, starts_at="2025-09-30")
        assert (answer["total"], answer["time_left"]["months"]) == ("20.00", "2.0000")


def test_a_paid_period_within_one_day_counts_as_a_day() -> None:
    answer = _quote(
        _line(),
        rule="period-days",
        starts_at="2025-10-15T00:00Z",
        ends_at="2025-10-15T09:00Z",
        at="2025-10-15",
    )

    assert answer["time_left"] == {"rule": "period-days", "whole": 0, "days": 1, "of": 1, "months": "1.0000"}


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("average-months", {"whole": 0, "days": 30, "months": "0.9863"}),
        ("thirty-day-months", {"whole": 1, "months": "1.0000"}),
        ("calendar-sum", {"whole": 0, "months": "0.9516"}),  # 15/30 + 14/31
        ("period-days", {"whole": 1, "days": 30, "of": 44, "months": "0.6818"}),
        ("period-seconds", {"whole": 1, "months": "0.6818"}),
    ],
)
def test_what_every_rule_prints_of_the_time_left(rule: str, shown: dict[str, object]) -> None:
    assert _quote(rule=rule, starts_at="2025-09-01")["time_left"] == {"rule": rule} | shown


def test_the_whole_months_of_a_rule_choose_the_tier() -> None:
    """30 days are a month of 30 days and a calendar month here, but not an average one."""
    line = _line(discounts=_months((1, "0.50")))
    totals = {
        rule: _quote(line, rule=rule, starts_at="2025-09-15")["lines"][0]["new_factor"]
        for rule in ("calendar-months", "average-months", "thirty-day-months", "calendar-sum", "period-days")
    }

    assert totals == {
        "calendar-months": "0.50",
        "average-months": "1.00",
        "thirty-day-months": "0.50",
        "calendar-sum": "1.00",
        "period-days": "0.50",
    }


@pytest.mark.parametrize(
    ("rule", "total"),
    [
        ("average-months", "12.00"),  # 365 x 1 day x 12/365
        ("thirty-day-months", "0.51"),  # 365 x 1/720
        ("calendar-sum", "0.00"),
        ("period-days", "11.77"),  # 365 x 1/31
        ("period-seconds", "0.00"),  # a second of 31 days
    ],
)
def test_on_the_last_day_every_rule_says_what_is_charged(rule: str, total: str) -> None:
    term = {"starts_at": "2025-10-01", "at": "2025-10-31T12:00", "ends_at": "2025-10-31T12:00:01"}
    if rule == "period-days":
        term |= {"starts_at": "2025-09-30"}

    assert _quote(_line("0", "365"), rule=rule, **term)["total"] == total


def test_hours_and_seconds_know_fractions_of_a_second() -> None:
    """One hour and a ten-millionth of a second is a second hour begun; a half and a quarter second are a
    part of three quarters."""
    hours = _quote(
        _line("0", "720"), rule="thirty-day-months", at="2025-09-15", ends_at="2025-09-15T01:00:00.0000001"
    )
    seconds = _quote(
        _line("0", "8"),
        rule="period-seconds",
        starts_at="2025-09-15T00:00:00.25",
        at="2025-09-15T00:00:00.5",
        ends_at="2025-09-15T00:00:01.25",
    )

    assert (hours["total"], seconds["total"]) == ("2.00", "6.00")


def test_unused_days_of_a_layer_are_dates_under_every_rule() -> None:
    layer = {"amount": "91", "from": "2025-09-01", "to": "2025-12-01"}
    term = {"at": "2025-09-02T12:00", "ends_at": "2025-12-01", "starts_at": "2025-09-01"}

    for rule in ("average-months", "thirty-day-months", "calendar-sum", "period-days", "period-seconds"):
        assert _quote(_line("900", "0", layers=[layer]), rule=rule, **term)["total"] == "-89.00"


def test_on_the_last_day_one_day_is_printed() -> None:
    answer = _quote(_line("0", "31"), at="2025-12-01T07:59:59.999Z", ends_at="2025-12-01T08:00Z")

    assert answer["time_left"] == {
        "rule": "calendar-months",
        "whole": 0,
        "days": 1,
        "of": 31,
        "months": "0.0323",
    }
    assert answer["total"] == "1.00"


def test_days_are_the_raw_rest_even_above_of() -> None:
    answer = _quote(_line(), at="2023-12-31", ends_at="2024-03-30")

    assert answer["time_left"] == {
        "rule": "calendar-months",
        "whole": 2,
        "days": 30,
        "of": 29,
        "months": "3.0000",
    }
    assert answer["total"] == "30.00"


def test_a_rest_exactly_as_long_as_its_month_is_said_in_days() -> None:
    """31 January leads to 28 February; the 28 days to 28 March are all of the 28 of February."""
    answer = _quote(at="2025-01-31", ends_at="2025-03-28")

    assert answer["time_left"]["months"] == "2.0000"
    assert "28 Feb → 28 Mar: 28 of 28 days = 1.0000" in answer["steps"]


def test_months_are_printed_with_four_decimals_half_to_even() -> None:
    """8 of 31 days are 0.25806..., 7 of 28 exactly a quarter, and 1, 3 and 5 of 32 seconds end on a half."""
    assert _quote(at="2025-10-20", ends_at="2025-10-28")["time_left"]["months"] == "0.2581"
    assert _quote(at="2025-02-03", ends_at="2025-02-10")["time_left"]["months"] == "0.2500"
    for left, months in (("27", "0.1562"), ("29", "0.0938"), ("31", "0.0312")):
        period = {
            "starts_at": "2025-09-15",
            "at": f"2025-09-15T00:00:{left}",
            "ends_at": "2025-09-15T00:00:32",
        }
        assert _quote(rule="period-seconds", **period)["time_left"]["months"] == months


# --- discounts


def test_a_side_of_its_own_replaces_the_common_discounts() -> None:
    line = _line("10", "10", discounts=_months((0, "0.5")), old_discounts=_months((0, "0.1")))
    answer = _quote(line)["lines"][0]

    assert (answer["old_factor"], answer["new_factor"]) == ("0.90", "0.50")


def test_a_side_that_is_null_replaces_the_common_discounts_with_none() -> None:
    answer = _quote(_line("10", "10", discounts=_months((0, "0.5")), new_discounts=None))["lines"][0]

    assert (answer["old_factor"], answer["new_factor"]) == ("0.50", "1.00")


def test_discounts_that_both_sides_replace_are_still_checked() -> None:
    sides = {"old_discounts": None, "new_discounts": []}

    assert _quote(_line(discounts=_months((0, "0.5")), **sides))["total"] == "10.00"
    assert _refused(_line(discounts=_months((0, "2")), **sides)).startswith(
        "lines[0].discounts[0].off must be "
    )


@pytest.mark.parametrize("none", [{}, {"discounts": None}, {"discounts": []}])
def test_no_discounts_are_a_factor_of_one(none: dict[str, object]) -> None:
    assert _quote(_line(**none))["lines"][0]["new_factor"] == "1.00"


def test_the_order_of_discounts_does_not_matter() -> None:
    tiers = [(6, "0.30"), (0, "0"), (1, "0.125")]

    assert _quote(_line(discounts=_months(*tiers))) == _quote(_line(discounts=_months(*reversed(tiers))))


def test_a_threshold_of_zero_applies_at_zero_months() -> None:
    answer = _quote(_line(discounts=_months((0, "0.1"))), at="2025-10-14")

    assert answer["lines"][0]["new_factor"] == "0.90"


@pytest.mark.parametrize("same", [3, 3.0, "3", "3.00"])
def test_a_threshold_twice_is_refused(same: object) -> None:
    refused = _refused(_line(discounts=_months((3, "0.2"), (same, "0.2"))))

    assert refused == "lines[0].discounts: the discount threshold 3 months stands twice: keep one"


@pytest.mark.parametrize(
    ("tier", "complaint"),
    [
        ({"months": 1.5, "off": 0}, "lines[0].discounts[0].months must be a whole number, not 1.5"),
        ({"months": -1, "off": 0}, "lines[0].discounts[0].months must be 0 or more, not -1"),
        (
            {"months": True, "off": 0},
            "lines[0].discounts[0].months must be a number such as 65 or 65.50, not true",
        ),
        ({"months": 1, "off": "1.1"}, 'lines[0].discounts[0].off must be between 0 and 1, not "1.1"'),
        ({"months": 1, "off": "-0.1"}, 'lines[0].discounts[0].off must be between 0 and 1, not "-0.1"'),
        (
            {"months": 1, "off": None},
            "lines[0].discounts[0].off must be a number such as 65 or 65.50, not null",
        ),
        ({"months": 1}, "lines[0].discounts[0].off is missing: add it"),
        ({"months": 1, "off": 0, "of": 0}, "lines[0].discounts[0].of is not a known key: use months, off"),
        (None, "lines[0].discounts[0] must be a JSON object, not null"),
    ],
)
def test_impossible_discounts_are_refused(tier: object, complaint: str) -> None:
    assert _refused(_line(discounts=[tier])) == complaint


@pytest.mark.parametrize(
    ("off", "factor"), [("0", "1.00"), ("1", "0.00"), ("0.2000", "0.80"), ("0.125", "0.875"), (0.05, "0.95")]
)
def test_factors_are_the_shortest_exact_form_with_two_decimals(off: object, factor: str) -> None:
    assert _quote(_line(discounts=_months((0, off))))["lines"][0]["new_factor"] == factor


# --- layers and credit models

LAYER = {"amount": "367.20", "from": "2025-09-01", "to": "2025-12-01", "share": "1"}
REDUCED: dict[str, Any] = {"at": "2025-09-02T12:00Z", "ends_at": "2025-12-01T08:00Z"}


def test_layers_cap_a_reduction() -> None:
    """The worked example: the formula says 453.90, the layer holds 367.20 x 89/91."""
    answer = _quote(_line("218", "65", layers=[LAYER]), **REDUCED)

    assert (answer["total"], answer["exact"], answer["direction"]) == (
        "-359.13",
        "-359.12967033",
        "downgrade",
    )


def test_every_listed_layer_counts_with_its_share() -> None:
    future = {"amount": 100, "from": "2025-12-01", "to": "2026-03-01", "share": "0.25"}

    assert _quote(_line("218", "65", layers=[LAYER, future]), **REDUCED)["exact"] == "-384.12967033"


def test_the_share_of_a_layer_defaults_to_one() -> None:
    whole = {key: value for key, value in LAYER.items() if key != "share"}

    assert _quote(_line("218", "65", layers=[whole]), **REDUCED)["total"] == "-359.13"


def test_no_layers_paid_nothing_and_absent_layers_cap_nothing() -> None:
    assert _quote(_line("218", "65", layers=[]), **REDUCED)["total"] == "0.00"
    assert _quote(_line("218", "65"), **REDUCED)["total"] == "-453.90"


def test_layers_do_not_limit_what_grows() -> None:
    assert _quote(_line("65", "218", layers=[]), **REDUCED)["total"] == "453.90"


@pytest.mark.parametrize("to", ["2025-09-02", "2025-09-03"])
def test_a_layer_that_ends_today_or_tomorrow_returns_nothing(to: str) -> None:
    assert _quote(_line("218", "65", layers=[LAYER | {"to": to}]), **REDUCED)["total"] == "0.00"


def test_the_day_of_the_change_is_a_date_in_the_zone() -> None:
    """At 23:00 UTC on the 2nd it is the 3rd in Tokyo: one more day is used."""
    line = _line("218", "65", layers=[LAYER])

    assert (
        _quote(line, at="2025-09-02T23:00Z", ends_at="2025-12-01T08:00Z", zone="Asia/Tokyo")["exact"]
        == "-355.09450549"
    )


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"to": "2025-09-01"}, "lines[0].layers[0]: from must be before to, not 2025-09-01 to 2025-09-01"),
        (
            {"from": "2025-09-01T00:00"},
            'lines[0].layers[0].from "2025-09-01T00:00" is not a date: use YYYY-MM-DD',
        ),
        ({"from": 20250901}, "lines[0].layers[0].from must be a string, not 20250901"),
        ({"amount": "-1"}, 'lines[0].layers[0].amount must be 0 or more, not "-1"'),
        ({"share": "1.01"}, 'lines[0].layers[0].share must be between 0 and 1, not "1.01"'),
        ({"share": "-0.01"}, 'lines[0].layers[0].share must be between 0 and 1, not "-0.01"'),
        ({"share": None}, "lines[0].layers[0].share must be a number such as 65 or 65.50, not null"),
        ({"tax": "1"}, "lines[0].layers[0].tax is not a known key: use amount, from, to, share"),
    ],
)
def test_impossible_layers_are_refused_even_where_they_are_ignored(
    wrong: dict[str, object], complaint: str
) -> None:
    for credit in ("capped", "symmetric", "none"):
        assert _refused(_line("218", "65", layers=[LAYER | wrong]), credit=credit) == complaint


def test_symmetric_ignores_layers() -> None:
    assert _quote(_line("218", "65", layers=[]), **REDUCED, credit="symmetric")["total"] == "-453.90"


def test_none_returns_nothing_but_charges() -> None:
    answer = _quote(_line("218", "65", layers=[LAYER]), _line("0", "10"), **REDUCED, credit="none")

    assert [line["amount"] for line in answer["lines"]] == ["0.00", "29.67"]


@pytest.mark.parametrize("credit", ["rebuy", "at-renewal", "Capped", ""])
def test_other_credit_models_are_refused(credit: str) -> None:
    assert _refused(credit=credit) == f'credit must be one of capped, symmetric, none, not "{credit}"'


# --- numbers, keys, nulls


@pytest.mark.parametrize("written", ["65", "065.50", "65.5000", "-0", "0"])
def test_prices_are_printed_as_given(written: str) -> None:
    assert _quote(_line(written, "100"))["lines"][0]["old"] == written


@pytest.mark.parametrize("written", ["65", "65.50", "65.0", "-0", "0.1"])
def test_a_json_number_is_a_decimal_and_echoed_as_written(written: str) -> None:
    text = json.dumps(WHOLE_MONTH | {"lines": [_line("OLD", "100")]}).replace('"OLD"', written)
    status, printed, _ = _run(text)

    assert status == 0
    assert json.loads(printed)["lines"][0]["old"] == written
    assert json.loads(printed)["total"] == _quote(_line(written, "100"))["total"]


@pytest.mark.parametrize(
    "written",
    [
        "",
        "-",
        "+1",
        "1.",
        ".5",
        "1e2",
        "1E2",
        "1,000",
        " 1",
        "1 ",
        "1_000",
        "٣",
        "１",
        "NaN",
        "Infinity",
        "0x10",
        "--1",
    ],
)
def test_another_form_of_number_is_refused(written: str) -> None:
    assert _refused(_line(written)).startswith("lines[0].old must be a number such as 65 or 65.50, not ")


@pytest.mark.parametrize("written", ["1e2", "1E-2", "true", "null", "[]", "{}", "-Infinity"])
def test_another_form_of_json_number_is_refused(written: str) -> None:
    text = json.dumps(WHOLE_MONTH | {"lines": [_line("OLD", "100")]}).replace('"OLD"', written)
    status, printed, complaint = _run(text)

    assert (status, printed, complaint.count("\n")) == (2, "", 1)


def test_a_negative_price_is_refused() -> None:
    assert _refused(_line("1", "-0.01")) == 'lines[0].new must be 0 or more, not "-0.01"'


def test_numbers_of_any_sensible_length_are_exact() -> None:
    long = "9" * 60 + "." + "9" * 60

    assert _quote(_line("0", long))["total"] == "1" + "0" * 60 + ".00"
    assert "at most 1000 characters, not 1001" in _refused(_line("0", "1" * 1001))


def test_a_name_is_any_string_and_nothing_else() -> None:
    assert _quote(_line(name="", new="1"))["lines"][0]["name"] == ""
    assert _quote(_line(name="\ud800 {0} メモリ"))["lines"][0]["name"] == "\ud800 {0} メモリ"
    assert _refused(_line(name=5)) == "lines[0].name must be a string, not 5"


def test_two_lines_may_have_one_name() -> None:
    assert _quote(_line("0", "1"), _line("0", "2"))["total"] == "3.00"


@pytest.mark.parametrize(
    "key", ["rule", "at", "ends_at", "starts_at", "zone", "currency", "lines", "credit", "carry"]
)
def test_null_is_bad_input(key: str) -> None:
    assert _refused(**{key: None}).startswith(f"{key} must be ")


@pytest.mark.parametrize("key", ["name", "old", "new", "layers"])
def test_null_in_a_line_is_bad_input(key: str) -> None:
    assert _refused(_line(**{key: None})).startswith(f"lines[0].{key} must be ")


def test_unknown_keys_are_refused_at_every_level() -> None:
    assert _refused(end_at="2025-10-15").startswith("end_at is not a known key: use rule, at, ")
    assert _refused(_line(price="1")).startswith("lines[0].price is not a known key: use name, old, ")
    assert _refused(**{"a\nb": 1}).startswith('"a\\nb" is not a known key')


def test_a_key_twice_is_refused_at_every_level() -> None:
    text = json.dumps(WHOLE_MONTH | {"lines": [_line()]}).replace('"old"', '"new": "1", "old"')

    assert _run(text) == (2, "", 'the key "new" stands twice in one object: keep one\n')


@pytest.mark.parametrize("currency", ["usd", "XXX", "", "DOLLAR"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    assert _refused(currency=currency).startswith(f"unknown currency {currency!r}")


@pytest.mark.parametrize(
    ("currency", "total"), [("JPY", "10"), ("USD", "10.00"), ("KWD", "10.000"), ("CLF", "10.0000")]
)
def test_amounts_have_the_digits_of_the_currency(currency: str, total: str) -> None:
    answer = _quote(_line(), currency=currency)

    assert (answer["total"], answer["lines"][0]["amount"]) == (total, total)
    assert (answer["exact"], answer["carry"]) == ("10.00000000", "0.00000000")


def test_nothing_is_printed_as_minus_zero() -> None:
    answer = _quote(_line("0.001", "0"), carry="-0")

    assert (answer["total"], answer["lines"][0]["amount"], answer["carry"]) == ("0.00", "0.00", "-0.00100000")
