"""A provider, a customer and a service that do not exist: made in memory for the catalogue, never stored.

Rows that other rows point to have the id 0, which no table uses, so that reading about them finds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Model

from prorata.catalog.models import LinkedLimit, Option, Product, ResourceType
from prorata.catalog.values import BookValues, ScheduleValues, Value
from prorata.changes.estimate import Estimate, estimate
from prorata.changes.figures import figures
from prorata.changes.limits import limits
from prorata.changes.models import Quote
from prorata.changes.policy import Allowance
from prorata.changes.situation import Situation
from prorata.changes.terms.running import Terms
from prorata.customers.models import Customer, User
from prorata.invoices.layers import Slice
from prorata.invoices.models import Layer, Seller
from prorata.pricing.layers import PaidShare, share_of
from prorata.pricing.rates import OptionPrices, Rate, UnitPrice
from prorata.pricing.tiers import Schedule, Tier
from prorata.provisioning.reserve import Taken
from prorata.services.models import Reading, Service

ZONE = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 8, 15, 14, 2, 11, tzinfo=ZONE)
BEGINS, ENDS = datetime(2026, 6, 1, tzinfo=ZONE), datetime(2026, 12, 1, tzinfo=ZONE)
RATES: dict[str, Rate] = {
    "cpu": UnitPrice(Decimal(600)), "memory": UnitPrice(Decimal(450)), "disk": UnitPrice(Decimal(20)),
    "backups": UnitPrice(Decimal(300)), "snapshots": UnitPrice(Decimal(150)), "addresses": UnitPrice(Decimal(200)),
    "traffic": UnitPrice(Decimal(80)),
    "support": OptionPrices({"basic": Decimal(0), "day": Decimal(1_500), "always": Decimal(6_000)}, {}),
}  # fmt: skip
HAS: dict[str, Value] = {
    "cpu": 2, "memory": 4, "disk": 100, "backups": 7, "snapshots": 2, "addresses": 2, "traffic": 3, "support": "day",
}  # fmt: skip
M = TypeVar("M", bound=Model)


def with_rows(row: M, **rows: list[Any]) -> M:
    """A row that was never stored, with what would point to it: `lines`, `attempts`."""
    row._prefetched_objects_cache = rows  # type: ignore[attr-defined]  # where prefetch_related puts them
    return row


def seller() -> Seller:
    address = "3-1-7 Kanda, Chiyoda-ku\nTokyo 101-0047"
    return Seller(
        pk=0,
        code="bestnet",
        name="Bestnet K.K.",
        address=address,
        tax_number="T1234567890123",
        zone=str(ZONE),
    )


def customer() -> Customer:
    return Customer(pk=0, name="Tanaka Design", email="billing@tanaka.example")


def aiko() -> User:
    return User(pk=0, email="aiko@tanaka.example", name="Aiko Tanaka")


def product() -> Product:
    return Product(
        pk=0,
        code="bestnet-cloud",
        name="BESTNET-CLOUD",
        tax_rate=Decimal("0.10"),
        tax_label="Consumption tax",
    )


def service(name: str = "web-01", **changed: Any) -> Service:
    facts: dict[str, Any] = {
        "pk": 0, "customer": customer(), "product": product(), "name": name, "currency": "JPY", "driver": "sandbox",
        "external_id": "vm-1042", "status": Service.Status.ACTIVE, "term_starts_at": BEGINS, "term_ends_at": ENDS,
        "term_months": 6, "configuration": dict(HAS), "differing": {}, "carry": Decimal(0),
    }  # fmt: skip
    return Service(**(facts | changed))


def types() -> tuple[ResourceType, ...]:
    """One resource for each way a card can stand."""

    def kind(code: str, name: str, *steps: int, **facts: Any) -> ResourceType:
        row = ResourceType(pk=0, code=code, name=name, steps=list(steps), **facts)
        return with_rows(row, options=[], links=[])

    cpu = kind("cpu", "CPU cores", 1, 2, 3, 4, 6, 8, 12, 16, unit_word="core")
    memory = kind(
        "memory", "Memory", 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, unit="GB", unit_word="GB", usage="amount", peak_days=7,
        grow_restarts=True,
    )  # fmt: skip
    link = LinkedLimit(resource_type=cpu, at_least=8, needs=memory, minimum=8)
    cpu = with_rows(cpu, options=[], links=[link])
    support = kind("support", "Support", kind="option")
    offered = (("basic", "By ticket"), ("day", "By phone on working days"), ("always", "Day and night"))
    options = [Option(resource_type=support, code=code, name=name) for code, name in offered]
    return (
        cpu,
        memory,
        kind(
            "disk", "NVMe SSD", 20, 40, 60, 80, 100, 120, 160, 200, 240, 320, 400, 480, 640, unit="GB", unit_word="GB",
            usage="amount", reserve_percent=10,
        ),
        kind("backups", "Backup generations", *range(15), unit_word="generation", usage="objects"),
        kind("snapshots", "Snapshot limit", *range(11), unit_word="snapshot", usage="objects"),
        kind("addresses", "IPv4 addresses", 1, 2, 3, 4, 5, 6, unit_word="address", may_shrink=False),
        kind("traffic", "Traffic", 1, 2, 3, 4, 5, unit="TB", unit_word="TB", usage="amount"),
        with_rows(support, options=options, links=[]),
    )  # fmt: skip


def reading(**changed: Any) -> Reading:
    """Memory has a peak, the disk is nearly full, snapshots are stored, and nobody knows the traffic."""
    stored = (("before-php8", "2026-08-02"), ("before-migration", "2026-08-11"))
    facts: dict[str, Any] = {
        "taken_at": NOW - timedelta(seconds=11), "state": "running", "host": "host-1", "configuration": dict(HAS),
        "usage": {"memory": "2.2", "disk": "72"}, "headroom": {"disk": 60}, "restart_pending": [], "fixed": {},
        "objects_stored": [
            {"id": f"snap-{n}", "kind": "snapshots", "name": name, "created_at": f"{day}T03:10:00+09:00", "size_gb": "6.4"}
            for n, (name, day) in enumerate(stored)
        ],
        "peaks": {"memory": {"amount": "2.9", "at": (NOW - timedelta(days=2)).isoformat()}},
    }  # fmt: skip
    return Reading(**(facts | changed))


class MadeUpSituation(Situation):
    """Its paid layers are made up too, so that a reduction brings what it would bring in a real change."""

    def taken_back(
        self, targets: Mapping[str, Value], day: date, *, tax_included: bool
    ) -> Mapping[str, tuple[Slice, ...]]:
        assert self.book is not None
        return {code: (_slice(self.book, code, value),) for code, value in targets.items()}


def _slice(book: BookValues, code: str, value: Value) -> Slice:
    """What was paid for `code` on 1 June, for six months at 30 % off and with 10 % tax, down to its new value."""
    had, wanted = book.monthly(code, HAS[code]), book.monthly(code, value)
    paid = had * 6 * Decimal("0.7")
    layer = Layer(
        pk=0, component=code, low=None, high=HAS[code], low_price=Decimal(0), high_price=had, starts=BEGINS.date(),
        ends=ENDS.date(), amount=paid, tax=paid / 10, origin="term:0", at=BEGINS,
    )  # fmt: skip
    share = share_of(layer.low_price, had, had, wanted)
    what = PaidShare(key=code, amount=paid, starts=layer.starts, ends=layer.ends, share=share, tax=layer.tax)
    return Slice(layer, had, wanted, what, tax_rate=Decimal("0.10"), tax_label="Consumption tax")


def situation(**changed: Any) -> Situation:
    """web-01 on 15 August at 14:02, bought for six months on 1 June."""
    of = changed.pop("service", None) or service()
    seen = changed.pop("reading", None) or reading()
    found = types()
    book = BookValues(
        id=0, product_code="bestnet-cloud", version=1, currency="JPY", tax_included=False,
        minimum_charge_minor=changed.pop("minimum_charge_minor", 0), rates=RATES,
    )  # fmt: skip
    tiers = Schedule((Tier(1, Decimal(0)), Tier(3, Decimal("0.20")), Tier(6, Decimal("0.30"))))
    whole = MadeUpSituation(
        service=of, types=found, book=book, schedule=ScheduleValues(id=0, version=1, schedule=tiers), seller=seller(),
        reading=seen, limits=limits(found, of.configuration, seen, Taken({}, {}), book, NOW), allowance=allowance(),
        obstacles=(), open_change=None, terms=Terms(BEGINS, ENDS, (), None), now=NOW,
    )  # fmt: skip
    return replace(whole, **changed)


def allowance(**changed: int) -> Allowance:
    """No limit, unless one is given."""
    none: dict[str, Any] = {
        "changes_a_day": None, "changes_left": None, "tomorrow": NOW, "reductions_a_term": None, "reductions_left": None,
        "term_ends_at": ENDS, "cooldown_hours": None, "ready_at": None,
    }  # fmt: skip
    return Allowance(**(none | changed))


def quote(wanted: Mapping[str, Value], *, at: Situation | None = None, **changed: Any) -> Quote:
    """What `wanted` costs, frozen as a quote is."""
    now = at or situation()
    priced: Estimate = estimate(now, wanted)
    facts: dict[str, Any] = {
        "pk": 0, "reference": "Q-7K2M-44QD", "service": now.service, "customer": now.service.customer, "made_by": aiko(),
        "made_at": NOW, "expires_at": NOW + timedelta(minutes=30), "service_version": 1,
        "from_configuration": dict(priced.before), "to_configuration": dict(priced.after), "figures": figures(priced, {}),
        "currency": "JPY", "net_minor": priced.document.net, "tax_minor": priced.document.tax,
        "gross_minor": priced.document.gross,
    }  # fmt: skip
    return Quote(**(facts | changed))
