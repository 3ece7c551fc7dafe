"""A random moment in the life of a service, and prices of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

from pricing.random_books import FIRST, ZONES, book, rate, schedule
from prorata.pricing.change import Component, Price, price_change
from prorata.pricing.layers import PaidShare
from prorata.pricing.money import minor_digits
from prorata.pricing.rules import RULES


class Drawn:
    """A moment in the life of some service: everything a price needs but the components and the carry."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.currency = rng.choice(("JPY", "USD", "KWD", "CLF"))  # 0, 2, 3 and 4 digits
        self.digits = minor_digits(self.currency)
        self.zone = ZoneInfo(rng.choice(ZONES))
        self.at = FIRST + timedelta(minutes=rng.randint(0, 6 * 525_600))
        self.ends_at = self.at + timedelta(minutes=rng.randint(1, 500 * 1440))
        self.rule = rng.choice(list(RULES))
        self.starts_at = self.ends_at - timedelta(minutes=rng.randint(1, 500 * 1440))
        self.carry = (
            Decimal(rng.randint(-5 * 10**7, 5 * 10**7)).scaleb(-8 - self.digits).quantize(Decimal("1e-8"))
        )
        self.book = book(rng, self.digits, rng.random() < 0.5)

    def component(self, name: str) -> Component:
        old, new = (rate(self.rng, self.digits) * self.rng.randint(0, 8) for _ in range(2))
        return Component(name, old, new, schedule(self.rng), schedule(self.rng), self._layers())

    def growing(self, name: str) -> Component:
        old, more = (rate(self.rng, self.digits) * self.rng.randint(0, 8) for _ in range(2))
        return Component(name, old, old + more, self.book.new_schedule, self.book.new_schedule, ())

    def _layers(self) -> tuple[PaidShare, ...]:
        starts = self.at.date() - timedelta(days=self.rng.randint(-30, 300))
        return tuple(
            PaidShare(
                str(number),
                amount := rate(self.rng, self.digits) * 9,
                starts,
                starts + timedelta(days=self.rng.randint(1, 600)),
                Fraction(self.rng.randint(0, 6), 6),
                amount * self.rng.randint(0, 20) / 100,
                amount * self.rng.randint(0, 100) / 100,
            )
            for number in range(self.rng.randint(0, 3))
        )

    def price(self, components: list[Component], carry: Decimal | None = None) -> Price:
        return price_change(
            at=self.at,
            ends_at=self.ends_at,
            zone=self.zone,
            currency=self.currency,
            components=components,
            carry=self.carry if carry is None else carry,
            rule=self.rule,
            starts_at=self.starts_at,
        )
