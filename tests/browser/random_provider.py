"""A provider nobody has thought of: names, units, steps, rates, discounts, tax, currency, zone and term by chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

from browser.oracle import DIGITS, Bands, Books, after_months
from browser.wording import Words

SYLLABLES = ("ka", "lo", "mi", "ren", "su", "tor", "va", "zen", "du", "pel", "qi", "bra")
UNITS = ("GB", "Mbit/s", "TB", "IOPS", "", "GiB")
ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "UTC")
TAXES = ("0", "5", "7.7", "8.5", "10", "19", "25")


@dataclass
class Resource:
    """A resource type as staff type it in. `stops` are the values sold; one is not the least and not the most."""

    code: str
    name: str
    unit: str
    rate: Decimal
    stops: list[int]
    typed: dict[str, str]
    current: int
    used: Decimal | None = None
    stored: int = 0
    above: tuple[int, Decimal] | None = None

    @property
    def prices(self) -> str:
        """As staff write them: one price, or a tiered one in two lines."""
        if self.above is None:
            return str(self.rate)
        return f"up to {self.above[0]} = {self.rate}\nabove = {self.above[1]}"

    @property
    def bands(self) -> str | Bands:
        return (
            str(self.rate)
            if self.above is None
            else [(self.above[0], str(self.rate)), (None, str(self.above[1]))]
        )

    @property
    def floor(self) -> int:
        """The lowest value that may be chosen with what is used now."""
        needed = Fraction(self.stored)
        if self.used is not None:
            # So many per cent of the size must stay free.
            needed = Fraction(self.used) * 100 / (100 - int(self.typed["reserve_percent"]))
        return min(next(stop for stop in self.stops if stop >= needed), self.current)


@dataclass
class Provider:
    """What staff will type. `story` is the seed that makes the very same one again."""

    story: int
    zone: ZoneInfo
    seller: str
    product: str
    code: str
    currency: str
    tax: str
    tax_label: str
    tax_included: bool
    rounding: str
    tiers: list[tuple[int, str]]
    resources: list[Resource]
    customer: str
    person: str
    email: str
    password: str
    machine: str
    service: str
    starts: date
    hour: int
    months: int
    paid: int
    gift: int
    reason: str
    books: Books = field(init=False)

    def __post_init__(self) -> None:
        self.books = Books(
            currency=self.currency, rates={one.code: one.bands for one in self.resources},
            tiers=[(months, str(Decimal(off) / 100)) for months, off in self.tiers], tax=str(Decimal(self.tax) / 100),
            rounding=self.rounding, included=self.tax_included, ends=after_months(self.starts, self.months),
            months=self.months, configuration={one.code: one.current for one in self.resources},
        )  # fmt: skip
        self.books.bought(self.paid, starts=self.starts)

    @property
    def words(self) -> Words:
        return Words(
            names={one.code: one.name for one in self.resources},
            units={one.code: one.unit for one in self.resources if one.unit},
            zone=self.zone, tax_label=self.tax_label,
        )  # fmt: skip

    def amount(self, minor: int) -> str:
        """As staff type it: 1234.50."""
        digits = DIGITS[self.currency]
        return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def provider(seed: int, today: Callable[[ZoneInfo], date]) -> Provider:
    """`today` tells the date in a zone."""
    chance = Random(seed)
    zone = chance.choice(ZONES)
    currency = chance.choice(sorted(DIGITS))
    resources = _resources(chance, currency)
    months = chance.choice((2, 3, 6, 12))
    starts = today(ZoneInfo(zone)) - timedelta(days=chance.randint(1, months * 28 - 20))
    monthly = sum((one.rate * one.current for one in resources), Decimal(0))
    list_price = Fraction(monthly) * months * 10 ** DIGITS[currency]
    first = chance.randint(0, 3)
    steps = sorted(chance.sample(range(first + 1, 12), chance.randint(1, 3)))
    offs = sorted(chance.sample(["5", "7.5", "10", "12", "20", "33.3", "40"], len(steps)), key=Decimal)
    person = word(chance).capitalize()
    return Provider(
        story=seed, zone=ZoneInfo(zone), seller=f"{word(chance).capitalize()} Hosting", currency=currency,
        product=f"{word(chance).upper()}-{chance.randint(2, 99)}", code=f"{word(chance)}-{chance.randint(2, 99)}",
        tax=chance.choice(TAXES), tax_label=f"{word(chance).capitalize()} tax", tax_included=chance.random() < 0.5,
        rounding=chance.choice(("half_up", "down", "up")), tiers=[(first, "0"), *zip(steps, offs, strict=True)],
        resources=resources, customer=f"{word(chance).capitalize()} & Co", person=f"{person} {word(chance).capitalize()}",
        email=f"{person.lower()}@example.net", password=f"{word(chance)}-{word(chance)}-{chance.randint(1000, 9999)}",
        machine=f"{word(chance)}-{chance.randint(100, 999)}", service=f"{word(chance)}-{chance.randint(1, 9)}",
        starts=starts, hour=chance.randint(0, 23), months=months, paid=int(list_price * chance.randint(50, 110) / 100),
        gift=int(list_price * chance.randint(2, 9) / 100) + 1, reason=f"Sorry for the {word(chance)}",
    )  # fmt: skip


def word(chance: Random) -> str:
    return "".join(chance.sample(SYLLABLES, 3))


def _resources(chance: Random, currency: str) -> list[Resource]:
    """One sold in a list of values, one in steps whose use is measured, one that counts what is stored."""
    codes = chance.sample(SYLLABLES, 3)
    listed = sorted(chance.sample(range(1, 80), 6))
    step = chance.choice((5, 10, 25))
    least = step * chance.randint(0, 2)
    measured = list(range(least, least + 9 * step, step))
    reserve = chance.choice((0, 5, 10, 20))
    counted = list(range(9))
    now = measured[chance.randint(4, 6)]
    # Leaves at least one value below the current one that may be chosen.
    used = (Decimal(measured[3]) * (100 - reserve) / 100).quantize(Decimal("0.1"), rounding="ROUND_DOWN")
    return [
        Resource(
            f"{codes[0]}_a", f"{codes[0].capitalize()} lanes", chance.choice(UNITS), _rate(chance, currency), listed,
            {"steps": ", ".join(map(str, listed)), "unit_word": "lane"}, chance.choice(listed[2:4]),
            above=(chance.choice(listed[1:5]), _rate(chance, currency)) if chance.random() < 0.6 else None,
        ),
        Resource(
            f"{codes[1]}_b", f"{codes[1].capitalize()} space", chance.choice(UNITS), _rate(chance, currency), measured,
            {
                "minimum": str(least), "maximum": str(measured[-1]), "step": str(step), "usage": "amount",
                "reserve_percent": str(reserve),
            },
            now, used=used,
        ),
        Resource(
            f"{codes[2]}_c", f"{codes[2].capitalize()} copies", "", _rate(chance, currency), counted,
            {"maximum": "8", "usage": "objects", "unit_word": "copy"}, chance.randint(4, 6), stored=chance.randint(1, 2),
        ),
    ]  # fmt: skip


def _rate(chance: Random, currency: str) -> Decimal:
    """A monthly price with more decimals than the currency has, as rates may have."""
    whole = chance.randint(40, 900) if DIGITS[currency] == 0 else chance.randint(1, 30)
    return Decimal(f"{whole}.{chance.randint(1, 999):03d}")
