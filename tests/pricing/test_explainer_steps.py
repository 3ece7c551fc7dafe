"""Every figure explains itself: steps by key, and in plain English."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import pytest

from pricing.every_step import JAPANESE, all_steps
from pricing.worked import PUBLISHED, component, layer, mock, price, tiers, yen
from prorata.pricing import explain
from prorata.pricing.change import Component
from prorata.pricing.explain import plain_english, steps
from prorata.pricing.figures import shortest
from prorata.pricing.tax import TaxRule, document


def _english(*args: object, **kwargs: object) -> list[str]:
    return [plain_english(step) for step in steps(*args, **kwargs)]  # type: ignore[arg-type]


def test_the_sketch_is_explained_to_the_end() -> None:
    change = mock()

    assert _english(change, document=document(change, JAPANESE), tax=JAPANESE) == [
        "15 Aug → 15 Nov: 3 whole months",
        "15 Nov → 1 Dec: 16 of 30 days = 0.5333",
        "Together: 3 + 16/30 = 106/30 months",
        "Your rate: 3 to 5 months left, 20 % off, so × 0.80",
        "Other rates: under 3 months, no discount",
        "Other rates: 6 or more months, 30 % off",
        "You keep this rate if you submit before 2 Sep 2026, 00:00 (Asia/Tokyo)",
        "cpu: (2,400 − 1,200) × 106/30 × 0.80 = 3,392",
        "memory: (3,600 − 1,800) × 106/30 × 0.80 = 5,088",
        "backups: (1,200 − 2,100) × 106/30 × 0.80 = −2,544",
        "backups: at most what you paid for it: 3,780 × 107/183 days = 2,210.16393443",
        "backups: so −2,210.16393443",
        "Lines together: 6,269.83606557 JPY",
        "Rounded once: 6,269.83606557 → 6,270 JPY",
        "The −0.16393443 JPY left over is carried to your next change",
        "Tax 10 % of 6,270, once, rounded down: 627; together 6,897 JPY",
    ]


def test_steps_carry_exact_figures_and_iso_dates() -> None:
    change = mock()
    by_key = {
        step.key: step.params for step in steps(change, document=document(change, JAPANESE), tax=JAPANESE)
    }

    assert by_key["time.whole"] == {"from": "2026-08-15", "to": "2026-11-15", "months": "3"}
    assert by_key["time.days"] == {
        "from": "2026-11-15",
        "to": "2026-12-01",
        "days": "16",
        "of": "30",
        "months": "0.5333",
    }
    assert by_key["time.together"] == {"whole": "3", "days": "16", "of": "30", "months": "106/30"}
    assert by_key["rate.range"] == {
        "line": "",
        "side": "both",
        "from": "3",
        "to": "5",
        "off": "20",
        "factor": "0.80",
    }
    assert by_key["rate.until"] == {
        "line": "",
        "side": "both",
        "until": "2026-09-02T00:00:00+09:00",
        "zone": "Asia/Tokyo",
    }
    assert by_key["cap.layer"] == {
        "name": "backups",
        "amount": "3780",
        "unused": "107",
        "days": "183",
        "value": "2210.16393443",
    }
    assert by_key["line.capped"] == {"name": "backups", "exact": "-2210.16393443"}
    assert by_key["tax.added"] == {
        "net": "6270",
        "rate": "10",
        "tax": "627",
        "gross": "6897",
        "rounding": "down",
        "currency": "JPY",
    }


def _said(
    *components: Component, at: str = "2025-08-15", ends_at: str = "2025-12-01", **kwargs: str
) -> list[str]:
    return _english(price(at, ends_at, *components, **kwargs))


def test_years_are_named_where_a_leg_crosses_one() -> None:
    assert _said(component("i", "1", "2"), at="2025-11-15", ends_at="2026-01-20")[:2] == [
        "15 Nov 2025 → 15 Jan 2026: 2 whole months",
        "15 Jan → 20 Jan: 5 of 31 days = 0.1613",
    ]


def test_one_leg_needs_no_sum() -> None:
    assert _said(component("i", "1", "2"), at="2025-11-01")[:2] == [
        "1 Nov → 1 Dec: 1 whole month",
        "Your rate: under 3 months left, no discount, so × 1.00",
    ]


def test_the_last_day_and_a_rest_longer_than_its_month() -> None:
    assert _said(component("i", "0", "31"), at="2025-12-01", ends_at="2025-12-01T08:00")[0] == (
        "1 Dec, the last day: 1 of 31 days = 0.0323"
    )
    assert _said(component("i", "1", "2"), at="2023-12-31", ends_at="2024-03-30")[1:3] == [
        "29 Feb → 30 Mar: 30 days, more than the 29 of that month, so 1 month",
        "Together: 2 + 29/29 = 3 months",
    ]


def test_the_highest_rate_is_open_and_says_when_it_steps_down() -> None:
    said = _said(component("i", "1", "2"), at="2025-05-15")

    assert "Your rate: 6 or more months left, 30 % off, so × 0.70" in said
    assert "Other rates: 3 to 5 months, 20 % off" in said
    assert "You keep this rate if you submit before 2 Jun 2025, 00:00 (Asia/Shanghai)" in said


def test_no_schedule_is_the_full_price() -> None:
    said = _said(component("i", "1", "2", None, None))

    assert "Your rate: no discounts, the full price" in said
    assert "i: (2 − 1) × 106/30 = 3.53333333" in said


def test_lines_with_different_schedules_say_their_own_rate() -> None:
    said = _said(component("cpu", "1", "2"), component("disk", "1", "2", None, tiers((1, "0.5"))))

    assert "cpu: 3 to 5 months left, 20 % off, so × 0.80" in said
    assert "cpu: you keep this rate if you submit before 2 Sep 2025, 00:00 (Asia/Shanghai)" in said
    assert "disk: 1 or more months left, 50 % off, so × 0.50" in said
    assert "disk: under 1 month, no discount" in said


def test_different_schedules_with_one_factor_say_it_once_and_when_the_first_steps() -> None:
    said = _said(component("cpu", "1", "2"), component("disk", "1", "2", None, tiers((2, "0.20"))))

    assert [line for line in said if "off" in line] == ["Your rate: 20 % off, so × 0.80"]
    assert [line for line in said if "keep" in line] == [
        "You keep this rate if you submit before 2 Sep 2025, 00:00 (Asia/Shanghai)"
    ]


def test_old_and_new_side_are_both_shown_where_they_differ() -> None:
    said = _said(Component("i", Decimal(100), Decimal(200), tiers((3, "0.10")), PUBLISHED, None))

    assert "old price: 3 or more months left, 10 % off, so × 0.90" in said
    assert "new price: 3 to 5 months left, 20 % off, so × 0.80" in said
    assert "i: (200 × 0.80 − 100 × 0.90) × 106/30 = 247.33333333" in said


def test_every_layer_of_a_cap_is_shown() -> None:
    reduced = component(
        "i",
        "218",
        "65",
        (layer("91", "2025-09-01", "2025-12-01"), layer("10", "2025-12-01", "2025-12-11", "2/3")),
    )
    assert _said(reduced, at="2025-09-02")[-6:-2] == [
        "i: (65 − 218) × 89/30 = −453.90",
        "i: at most what you paid for it: 91.00 × 89/91 days = 89.00",
        "i: at most what you paid for it: 10.00 × 10/10 days × 2/3 = 6.66666667",
        "i: so −95.66666667",
    ]


def test_what_gives_nothing_back_says_why() -> None:
    unpaid = _said(component("i", "218", "65", ()))
    refused = _said(component("i", "218", "65"), credit="none")

    assert "i: nothing was paid for it, so nothing comes back" in unpaid
    assert "i: so 0.00" in unpaid
    assert "i: a reduction gives nothing back" in refused


def test_a_carry_that_comes_in_is_a_step() -> None:
    assert _english(yen("10.4", carry="0.2"))[-4:] == [
        "line 1: (10.4 − 0) × 1 = 10.4",
        "Carried over from earlier changes: 0.2 JPY",
        "Rounded once: 10.6 → 11 JPY",
        "The −0.4 JPY left over is carried to your next change",
    ]


def test_a_price_in_bands_says_how_it_is_made_up() -> None:
    change = Component(
        "cores", Decimal("1240.50"), Decimal(56), old_made="1 × 1240.5", new_made="4 × 10 + 2 × 8"
    )
    assert [said for said in _said(change) if said.startswith("cores, ")] == [
        "cores, old price: 1 × 1240.5 = 1,240.5 a month",
        "cores, new price: 4 × 10 + 2 × 8 = 56 a month",
    ]


def test_nothing_changed_says_so() -> None:
    assert _english(yen())[-1] == "Nothing changes: nothing to pay"


def test_tax_in_prices_and_tax_that_returns() -> None:
    included = TaxRule(Decimal("0.10"), included=True)
    up = yen("1100")
    assert _english(up, document=document(up, included), tax=included)[-1] == (
        "Of 1,100 JPY, 10 % tax is included, worked out once, rounded half up: 100"
    )
    down = price(
        "2025-09-15",
        "2025-10-15",
        component("i", "100", "0", (layer("100", "2025-09-16", "2025-10-15", tax="10"),), None),
    )
    assert _english(down, document=document(down, JAPANESE), tax=JAPANESE)[-1] == (
        "Tax charged on what comes back: 100.00 + 10.00 = 110.00 USD"
    )


def test_names_with_braces_are_only_names() -> None:
    assert "{old} 100 %: (2 − 1) × 106/30 × 0.80 = 2.82666667" in _said(component("{old} 100 %", "1", "2"))


def test_every_key_and_parameter_is_documented() -> None:
    """The portal translates by key: the list in the module is the contract."""
    documented = {
        match[1]: {param.strip() for param in match[2].split(",") if param}
        for match in re.finditer(r"^- ([a-z.]+_?[a-z]*) \((.*?)\):", explain.__doc__ or "", re.MULTILINE)
    }
    for step in all_steps():
        assert set(step.params) == documented[step.key], step.key
    assert {step.key for step in all_steps()} == set(documented)


def test_every_step_has_a_sentence_on_one_line() -> None:
    for step in all_steps():
        sentence = plain_english(step)
        assert sentence
        assert "\n" not in sentence
        assert "{" not in sentence


def test_a_figure_without_an_exact_decimal_form_is_not_printed_as_one() -> None:
    assert shortest(Fraction(1, 1024), 2) == "0.0009765625"
    with pytest.raises(ValueError, match="1/3 has no exact decimal form"):
        shortest(Fraction(1, 3), 2)
