"""A rule or a credit model that has priced something is never edited: its correction stands beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from fractions import Fraction

import pytest

from pricing.worked import SHANGHAI, component, price, tiers
from prorata.pricing import rules
from prorata.pricing.change import price_change
from prorata.pricing.errors import BadInput
from prorata.pricing.rules import RULES, VERSIONS, Rule, Term, rate_lost_at
from prorata.pricing.terms import TimeLeft

RULE = "average-months"


@pytest.fixture
def corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second version of a rule: it leaves twice as much time, and its rate is never lost before the year 2100."""
    first = VERSIONS[RULE][0]

    def doubled(term: Term) -> TimeLeft:
        left = first.left(term)
        return replace(left, months=left.months * 2, ratio=(left.ratio[0] * 2, left.ratio[1]))

    second = Rule(doubled, lambda _months, _term: datetime(2100, 1, 1, tzinfo=SHANGHAI))
    monkeypatch.setitem(rules.VERSIONS, RULE, (first, second))


def test_of_every_rule_the_newest_version_prices() -> None:
    assert set(VERSIONS) == set(RULES)
    for name, versions in VERSIONS.items():
        assert RULES[name] is versions[-1]
        found = price("2025-08-15", "2025-12-01", component("i", "1", "2"), rule=name, starts_at="2025-06-01")
        assert (found.rule, found.rule_version) == (name, len(versions))


def test_a_correction_prices_what_is_new_and_the_old_version_stays(corrected: None) -> None:
    """73 days are 73 x 12/365 = 2.4 months under the first version and 4.8 under the second."""

    def at_version(version: int | None) -> tuple[int, int, str]:
        found = price(
            "2025-09-19", "2025-12-01", component("i", "0", "10", None, None), rule=RULE, rule_version=version
        )
        return found.rule_version, found.total, found.time_left.fraction

    assert at_version(1) == (1, 2400, "876/365")
    assert at_version(2) == at_version(None) == (2, 4800, "1752/365")


def test_how_long_the_rate_lasts_is_told_by_the_same_version(corrected: None) -> None:
    live = tiers((2, "0.20"))
    for version, until in (
        (1, datetime(2025, 10, 2, tzinfo=SHANGHAI)),
        (2, datetime(2100, 1, 1, tzinfo=SHANGHAI)),
    ):
        found = price(
            "2025-09-19", "2025-12-01", component("i", "0", "10", None, live), rule=RULE, rule_version=version
        )
        assert rate_lost_at(found.time_left, live, found.term) == until


@pytest.mark.parametrize("version", [0, 2, -1])
def test_a_version_that_never_was_is_refused(version: int) -> None:
    with pytest.raises(BadInput, match=f"the rule calendar-months has no version {version}: it has 1 to 1"):
        price("2025-09-19", "2025-12-01", component("i", "0", "10"), rule_version=version)


@pytest.mark.parametrize("version", [0, 2])
def test_so_is_one_of_a_credit_model(version: int) -> None:
    at, ends_at = datetime(2025, 9, 19, tzinfo=SHANGHAI), datetime(2025, 12, 1, tzinfo=SHANGHAI)
    with pytest.raises(BadInput, match=f"the credit model none has no version {version}"):
        price_change(
            at=at, ends_at=ends_at, zone=SHANGHAI, currency="USD", components=[], credit="none",
            credit_version=version,
        )  # fmt: skip
    found = price_change(at=at, ends_at=ends_at, zone=SHANGHAI, currency="USD", components=[], credit="none")
    assert (found.credit, found.credit_version, found.exact) == ("none", 1, Fraction(0))
