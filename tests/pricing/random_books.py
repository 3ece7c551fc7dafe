"""Random price books, terms and services, drawn through `random.Random` so that hypothesis can shrink them
and a long run can do without it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

from pricing.paid_service import Book, PaidService
from prorata.pricing.rates import Band, Tiered, Volume, first_drop
from prorata.pricing.rules import RULES
from prorata.pricing.tax import TaxRule
from prorata.pricing.tiers import Schedule, Tier
from prorata.pricing.voucher import Voucher

NAMES = ("cpu", "memory", "nvme", "backups", "snapshots")
ZONES = ("UTC", "Asia/Tokyo", "America/New_York", "Pacific/Apia", "Europe/Berlin", "Australia/Lord_Howe")
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2030, 12, 31, tzinfo=UTC)


def schedule(rng: Random) -> Schedule | None:
    """None, or up to four tiers that need be neither contiguous nor generous."""
    if rng.random() < 0.15:
        return None
    months = rng.sample(range(13), rng.randint(1, 4))
    return Schedule(tuple(Tier(month, Decimal(rng.randint(0, 100)) / 100) for month in months))


def rising_schedule(rng: Random) -> Schedule:
    """What providers print: the longer, the cheaper."""
    months = sorted(rng.sample(range(1, 13), 3))
    offs = sorted(rng.randint(0, 60) for _ in months)
    return Schedule(tuple(Tier(m, Decimal(off) / 100) for m, off in zip(months, offs, strict=True)))


def rate(rng: Random, digits: int) -> Decimal:
    """A monthly rate, sometimes far below a minor unit, where rounding hurts most."""
    if rng.random() < 0.4:
        return Decimal(rng.randint(0, 40)).scaleb(-digits - 1)
    return Decimal(rng.randint(0, 500_000)).scaleb(-digits - 2)


def banded(rng: Random, digits: int) -> Tiered | Volume:
    """Prices in bands, with fees now and then; by volume only where more does not cost less."""
    ends = sorted(rng.sample(range(1, 9), rng.randint(0, 3)))
    fees = [rate(rng, digits) if rng.random() < 0.3 else Decimal(0) for _ in range(len(ends) + 1)]
    bands = tuple(Band(end, rate(rng, digits), fee) for end, fee in zip([*ends, None], fees, strict=True))
    by_volume = Volume(bands)
    return Tiered(bands) if rng.random() < 0.5 or first_drop(by_volume, range(12)) else by_volume


def book(rng: Random, digits: int, included: bool) -> Book:
    live = rising_schedule(rng) if rng.random() < 0.6 else schedule(rng)
    old = live if rng.random() < 0.8 else schedule(rng)
    tax = TaxRule(
        Decimal(rng.choice((0, 0, 5, 8, 10, 20, 77, 100))) / 100,
        included,
        rng.choice(("half_up", "down", "up")),
    )
    minimum = rng.choice((0, 0, 0, 1, 50, 3000))
    rates = {name: banded(rng, digits) if rng.random() < 0.3 else rate(rng, digits) for name in NAMES}
    return Book(rates, old, live, tax, minimum)


def gifted(rng: Random) -> Fraction:
    return Fraction(rng.choice((0, 0, 1, 2, 3, 4)), 4)


def voucher(rng: Random) -> Voucher | None:
    """None, an amount or a part, for some or all components, sometimes more than there is to pay."""
    dice = rng.random()
    if dice < 0.5:
        return None
    scope = frozenset(rng.sample(NAMES, rng.randint(1, 4))) if rng.random() < 0.4 else None
    least = rng.choice((0, 0, 0, 10, 1000))
    if dice < 0.75:
        return Voucher("V", amount=rng.choice((1, 2, 7, 500, 10**7)), minimum_spend=least, scope=scope)
    at_most = rng.choice((None, None, 1, 100))
    off = Decimal(rng.choice((1, 10, 33, 50, 100))) / 100
    return Voucher("V", off=off, at_most=at_most, minimum_spend=least, scope=scope)


def service(rng: Random) -> PaidService:
    """A service under any rule that has just been bought for up to a year."""
    currency, digits = rng.choice((("JPY", 0), ("USD", 2), ("KWD", 3)))
    included = rng.random() < 0.5
    at = FIRST + timedelta(minutes=rng.randint(0, 5 * 525_600))
    ends_at = at + timedelta(minutes=rng.randint(1, 400 * 1440))
    bought = PaidService(
        currency=currency,
        zone=ZoneInfo(rng.choice(ZONES)),
        book=book(rng, digits, included),
        ends_at=ends_at,
        values={name: rng.randint(0, 8) for name in rng.sample(NAMES, rng.randint(1, 5))},
        rule=rng.choice(list(RULES)),
        period_months=rng.choice((None, 1, 3, 12)),
        credit=rng.choice(("capped", "capped", "rebuy", "none")),
    )
    bought.prepay(at, ends_at, gifted(rng))
    bought.check()
    return bought


def play(rng: Random, events: int) -> PaidService:
    """A random life: changes up, down and mixed, partly delivered or not at all, renewals, new books; the
    promises are checked after each. Most changes follow one another closely, often within one day: that is
    where gain would be."""
    lived = service(rng)
    now = lived.ends_at - timedelta(minutes=rng.randint(1, 400 * 1440))
    for _ in range(events):
        now = min(now + _pause(rng), lived.ends_at - timedelta(minutes=1))
        dice = rng.random()
        if dice < 0.12:
            digits = {"JPY": 0, "USD": 2, "KWD": 3}[lived.currency]
            included = lived.book.tax.included
            lived.book = book(rng, digits, included if rng.random() < 0.7 else not included)
        elif dice < 0.22 and lived.ends_at < LAST and lived.by_the_month and rng.random() < 0.5:
            lived.renew(rng.choice((1, 3, 12)), gifted(rng))
        elif dice < 0.22 and lived.ends_at < LAST:
            lived.prepay(lived.ends_at, lived.ends_at + timedelta(days=rng.randint(1, 370)), gifted(rng))
        else:
            names = rng.sample(sorted(lived.values), rng.randint(1, len(lived.values)))
            failing = rng.sample(names, rng.randint(1, len(names))) if rng.random() < 0.3 else []
            values = {name: rng.randint(0, 8) for name in names}
            lived.change(now, values, failing, gifted(rng), voucher(rng))
        lived.check()
    return lived


def _pause(rng: Random) -> timedelta:
    return timedelta(minutes=rng.choice((0, 0, 1, 600, 1440, 1440, 30 * 1440)) * rng.randint(0, 3))
