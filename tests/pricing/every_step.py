"""One of everything an explanation can say, for whoever must have words for it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from pricing.worked import PUBLISHED, SHANGHAI, component, layer, mock, price, tiers, yen
from prorata.pricing.change import Component, Price, price_change
from prorata.pricing.explain import Step, steps
from prorata.pricing.layers import PaidShare
from prorata.pricing.rebuy import Bought, Rebuy
from prorata.pricing.rules import RULES
from prorata.pricing.tax import TaxRule, document
from prorata.pricing.voucher import Voucher

JAPANESE = TaxRule(Decimal("0.10"), included=False, rounding="down")


def _for_days(rule: str, days: int, months: int | None = None) -> Price:
    """A change of i from 0 to 1 that many days before the end of a term of 200 days."""
    ends_at = datetime(2025, 12, 1)
    at, starts_at = ends_at - timedelta(days=days), ends_at - timedelta(days=200)
    return price(
        at.isoformat(),
        ends_at.isoformat(),
        component("i", "0", "1"),
        rule=rule,
        starts_at=starts_at.isoformat(),
        period_months=months,
    )


YEAR = tiers((6, "0.12"))


def _settled(at: datetime, ends_at: datetime, rule: str, bought: Bought) -> Price:
    """From 102 to 60 a month; 915.92 was paid for a year from 1 January on."""
    paid = PaidShare("1", Decimal("915.92"), bought.since, ends_at.date(), Fraction(42, 102))
    return price_change(
        at=at, ends_at=ends_at, zone=SHANGHAI, currency="USD", rule=rule, credit="rebuy",
        components=[Component("plan", Decimal(102), Decimal(60), YEAR, YEAR, (paid,))],
        rebuy=Rebuy(Decimal("915.92"), (bought,), Decimal(60), YEAR),
    )  # fmt: skip


def settled_by_days() -> Price:
    """Two whole months used, ten left."""
    at, ends_at = datetime(2025, 3, 1, 9, tzinfo=SHANGHAI), datetime(2026, 1, 1, tzinfo=SHANGHAI)
    return _settled(at, ends_at, "calendar-months", Bought(date(2025, 1, 1), Decimal(102)))


def settled_by_hours() -> Price:
    """Three whole months and three days used, 270 days left; an hour costs 0.32."""
    at, ends_at = datetime(2025, 4, 4, tzinfo=SHANGHAI), datetime(2025, 12, 30, tzinfo=SHANGHAI)
    bought = Bought(date(2025, 1, 1), Decimal(102), Decimal("0.32"))
    return _settled(at, ends_at, "thirty-day-months", bought)


def settled_of_two() -> Price:
    """One month left, 15 days used: 80 and 40 less, 20 more; 170 paid, 20 used, 100 bought anew."""
    at, ends_at = datetime(2025, 9, 16, tzinfo=SHANGHAI), datetime(2025, 10, 16, tzinfo=SHANGHAI)
    held = (layer("200", "2025-09-01", "2025-10-16"),)
    return price_change(
        at=at, ends_at=ends_at, zone=SHANGHAI, currency="USD", credit="rebuy",
        components=[
            Component("a", Decimal(80), Decimal(0), None, None, held),
            Component("b", Decimal(40), Decimal(0), None, None, held),
            Component("c", Decimal(0), Decimal(20), None, None, ()),
        ],
        rebuy=Rebuy(Decimal(170), (Bought(date(2025, 9, 1), Decimal(40)),), Decimal(100)),
    )  # fmt: skip


def all_steps() -> list[Step]:
    """Steps of every key the core can give, in every form of their parameters."""
    reduced = (layer("91", "2025-09-01", "2025-12-01", "1/2"), layer("1", "2025-09-01", "2025-12-01"))
    included = TaxRule(Decimal("0.10"), included=True)
    down = price(
        "2025-09-15", "2025-10-15", component("i", "9", "0", (layer("9", "2025-09-16", "2025-10-15"),))
    )
    up = yen("10.4", carry="0.2")
    found = [
        *steps(mock(), document=document(mock(), JAPANESE), tax=JAPANESE),
        *steps(price("2025-12-01", "2025-12-01T08:00", component("i", "0", "1"))),
        *steps(price("2023-12-31", "2024-03-30", component("i", "0", "1"))),
        *steps(price("2025-05-15", "2025-12-01", component("i", "0", "1"))),
        *steps(price("2025-08-15", "2025-12-01", component("i", "9999", "0", reduced, None))),
        *steps(price("2025-08-15", "2025-12-01", component("i", "9999", "0", ()))),
        *steps(price("2025-08-15", "2025-12-01", component("i", "9999", "0"), credit="none")),
        *steps(
            price(
                "2025-08-15",
                "2025-12-01",
                component("i", "0", "1"),
                component("j", "0", "1", None, tiers((2, "0.20"))),
            )
        ),
        *steps(
            price(
                "2025-08-15",
                "2025-12-01",
                Component("i", Decimal(1), Decimal(2), tiers((3, "0.1")), PUBLISHED),
            )
        ),
        *steps(up, document=document(up, included), tax=included),
        *steps(down, document=document(down, JAPANESE), tax=JAPANESE),
        *steps(yen()),
        *steps(price("2025-08-15", "2025-12-01", Component("i", Decimal(0), Decimal(40), new_made="4 × 10"))),
        *(
            step
            for voucher in (Voucher("A", amount=900), Voucher("B", off=Decimal("0.5"), at_most=2))
            for paper in [document(yen("6"), JAPANESE, minimum=8, voucher=voucher)]
            for step in steps(yen("6"), document=paper, tax=JAPANESE)
        ),
        *(step for rule in RULES for days in (1, 40, 100) for step in steps(_for_days(rule, days))),
        *(
            step
            for found in (settled_by_days(), settled_by_hours(), settled_of_two())
            for step in steps(found)
        ),
        *(step for rule in RULES for months in (1, 6) for step in steps(_for_days(rule, 100, months))),
    ]
    assert all(isinstance(value, str) for step in found for value in step.params.values())
    return found
