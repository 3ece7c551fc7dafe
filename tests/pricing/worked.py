"""Short hands for worked examples."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from prorata.pricing.change import Component, Price, price_change
from prorata.pricing.instants import Instant
from prorata.pricing.layers import PaidShare
from prorata.pricing.rules import Term, rate_lost_at, time_left
from prorata.pricing.tiers import Schedule, Tier

SHANGHAI, TOKYO = ZoneInfo("Asia/Shanghai"), ZoneInfo("Asia/Tokyo")


def tiers(*steps: tuple[int, str]) -> Schedule:
    return Schedule(tuple(Tier(months, Decimal(off)) for months, off in steps))


PUBLISHED = tiers((1, "0"), (3, "0.20"), (6, "0.30"))


def component(
    name: str,
    old: str,
    new: str,
    layers: tuple[PaidShare, ...] | None = None,
    schedule: Schedule | None = PUBLISHED,
) -> Component:
    return Component(name, Decimal(old), Decimal(new), schedule, schedule, layers)


def layer(
    amount: str, starts: str, ends: str, share: str = "1", tax: str = "0", gifted: str = "0"
) -> PaidShare:
    return PaidShare(
        "layer",
        Decimal(amount),
        date.fromisoformat(starts),
        date.fromisoformat(ends),
        Fraction(share),
        Decimal(tax),
        Decimal(gifted),
    )


def price(
    at: str,
    ends_at: str,
    *components: Component,
    currency: str = "USD",
    zone: ZoneInfo = SHANGHAI,
    carry: str = "0",
    credit: str = "capped",
    rule: str = "calendar-months",
    starts_at: str | None = None,
    period_months: int | None = None,
    rule_version: int | None = None,
) -> Price:
    """A price with the instants read as local times of `zone`."""
    return price_change(
        at=datetime.fromisoformat(at).replace(tzinfo=zone),
        ends_at=datetime.fromisoformat(ends_at).replace(tzinfo=zone),
        zone=zone,
        currency=currency,
        components=components,
        carry=Decimal(carry),
        credit=credit,
        rule=rule,
        starts_at=datetime.fromisoformat(starts_at).replace(tzinfo=zone) if starts_at else None,
        period_months=period_months,
        rule_version=rule_version,
    )


def rate_steps_at(day: date, end: date, schedule: Schedule | None, zone: ZoneInfo) -> datetime | None:
    """When the discount of `day` is lost under the default rule, for a term that ends in the morning of `end`."""
    at, ends_at = datetime.combine(day, time(0), zone), datetime.combine(end, time(8), zone)
    term = Term(Instant.of(at), Instant.of(ends_at), zone)
    return rate_lost_at(time_left("calendar-months", term), schedule, term)


def yen(*amounts: str, carry: str = "0") -> Price:
    """A change whose lines are exactly these amounts of yen: a whole month is left, and layers cap
    nothing."""
    return price(
        "2025-09-15",
        "2025-10-15",
        *(
            component(
                f"line {number}",
                "0" if not amount.startswith("-") else amount[1:],
                amount if not amount.startswith("-") else "0",
                (layer(amount[1:], "2025-09-16", "2025-10-15"),) if amount.startswith("-") else (),
                None,
            )
            for number, amount in enumerate(amounts, start=1)
        ),
        currency="JPY",
        zone=TOKYO,
        carry=carry,
    )


def mock() -> Price:
    """The change of the sketch of the change page: CPU and memory up, backups down to what was paid for
    them."""
    return price(
        "2026-08-15T14:02",
        "2026-12-01",
        component("cpu", "1200", "2400", ()),
        component("memory", "1800", "3600", ()),
        component("backups", "2100", "1200", (layer("3780", "2026-06-01", "2026-12-01", tax="378"),)),
        currency="JPY",
        zone=TOKYO,
    )
