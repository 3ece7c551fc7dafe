"""The published example, priced by the very code that prices changes, touching nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from prorata.pricing.change import Component, Price, price_change
from prorata.pricing.explain import Step, steps
from prorata.pricing.tax import Document, TaxRule, document
from prorata.pricing.tiers import Schedule, Tier

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class Example:
    """An upgrade from 65 to 218 USD a month on 15 August 2025, for a term that ends on 1 December 2025."""

    price: Price
    document: Document
    steps: tuple[Step, ...]
    before: str = "1C1G"
    after: str = "2C4G"


def published_example() -> Example:
    """A large cloud's published upgrade: 3 + 16/30 months at 20 % off, USD 432.48."""
    tiers = Schedule((Tier(1, Decimal(0)), Tier(3, Decimal("0.20")), Tier(6, Decimal("0.30"))))
    price = price_change(
        at=datetime(2025, 8, 15, 10, tzinfo=ZONE), ends_at=datetime(2025, 12, 1, 8, tzinfo=ZONE), zone=ZONE, currency="USD",
        components=[Component("instance_type", Decimal(65), Decimal(218), tiers, tiers)],
    )  # fmt: skip
    untaxed = TaxRule(rate=Decimal(0))
    paper = document(price, untaxed)
    return Example(price=price, document=paper, steps=steps(price, tax=untaxed, document=paper))
