"""The demo's provider, products, customer and machines: small, true, and the same on every start."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from django.conf import settings
from django.db import transaction

from prorata import clock
from prorata.catalog.models import (
    DiscountSchedule,
    DiscountTier,
    NameInLanguage,
    Option,
    PriceBook,
    Product,
    Rate,
    ResourceType,
)
from prorata.changes.adopt import adopt
from prorata.credit.grant import grant_gifted
from prorata.credit.issue_voucher import Draft, issue_voucher
from prorata.customers.models import Customer, Membership, User
from prorata.invoices.models import NumberSeries, Seller
from prorata.payments.bank.models import BankAccount
from prorata.pricing.terms import add_months
from prorata.services.models import Service
from prorata.support.models import CannedAnswer

ZONE = ZoneInfo("Asia/Tokyo")
PASSWORD = "prorata-demo"  # noqa: S105 - printed on the screen; the demo has no real money
TIERS = ((1, "0"), (3, "0.20"), (6, "0.30"))
CLOUD: dict[str, dict[str, Any]] = {
    "cpu": {"name": "CPU cores", "unit_word": "core", "steps": [1, 2, 3, 4, 6, 8, 12, 16], "rate": "600"},
    "memory": {
        "name": "Memory", "unit": "GB", "unit_word": "GB", "steps": [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64],
        "rate": "450", "usage": "amount", "peak_days": 7,
    },
    "disk": {
        "name": "NVMe SSD", "unit": "GB", "unit_word": "GB", "reserve_percent": 10, "rate": "20", "usage": "amount",
        "steps": [20, 40, 60, 80, 100, 120, 160, 200, 240, 320, 400, 480, 640],
    },
    "backups": {
        "name": "Backup generations", "unit_word": "generation", "minimum": 0, "maximum": 14, "rate": "300",
        "usage": "objects", "shrink_restarts": False,
    },
    "snapshots": {
        "name": "Snapshot limit", "unit_word": "snapshot", "minimum": 0, "maximum": 10, "rate": "150",
        "usage": "objects", "shrink_restarts": False,
    },
}  # fmt: skip
# What customers who read Japanese or Chinese see for a name above.
NAMES = {
    "CPU cores": ("CPUコア数", "CPU 核数"), "core": ("コア", "核"), "Memory": ("メモリ", "内存"),
    "Backup generations": ("バックアップ保持世代数", "备份保留份数"), "generation": ("世代", "备份"),
    "Snapshot limit": ("スナップショット上限", "快照上限"), "snapshot": ("スナップショット", "快照"),
    "Instance type": ("インスタンスタイプ", "实例规格"), "Consumption tax": ("消費税", "消费税"),
    "Welcome to the demo": ("デモへようこそ", "欢迎使用演示环境"),
    "An older invoice is overdue.": ("以前の請求書のお支払い期限が過ぎています。", "有较早的账单逾期未付。"),
    "Welcome offer": ("ご利用開始特典", "迎新优惠"), "Cloud server": ("クラウドサーバー", "云服务器"),
}  # fmt: skip
INSTANCES = {"1c1g": ("1C1G", "65"), "2c4g": ("2C4G", "218"), "4c8g": ("4C8G", "420")}
WEB: dict[str, int | str] = {"cpu": 2, "memory": 4, "disk": 100, "backups": 7, "snapshots": 2}
SMALL: dict[str, int | str] = {"cpu": 1, "memory": 2, "disk": 40, "backups": 1, "snapshots": 0}


def load() -> dict[str, str]:
    """Make what is missing, and return what to print. Repeatable: a second start changes nothing."""
    if not Seller.objects.exists():
        _machines()
        with transaction.atomic():  # all or nothing: the next start looks for the seller only
            _provider()
            _names()
            _customer()
    return {
        "Customer": f"aiko@example.com   password {PASSWORD}",
        "Staff": f"staff@example.com   password {PASSWORD}   at {settings.PRORATA_BASE_URL}/staff/",
        "Mails": f"{settings.PRORATA_BASE_URL}/demo/mails",
        "Machines": settings.PRORATA_SANDBOX_HYPERVISOR_URL,
    }


def _provider() -> None:
    seller = Seller.objects.create(
        code="bestnet", name="Bestnet K.K.", address="1-1 Marunouchi, Chiyoda-ku, Tokyo", country="JP",
        tax_number="T9234567890123", tax_rounding=Seller.Rounding.DOWN, zone=str(ZONE),
    )  # fmt: skip
    NumberSeries.objects.create(seller=seller, kind="invoice", prefix="INV-")
    NumberSeries.objects.create(seller=seller, kind="credit_note", prefix="CN-")
    BankAccount.objects.create(
        seller=seller, currency="JPY", holder="Bestnet K.K.", number="0001-110-1234567",
        bic="MHCBJPJT", bank_name="Mizuho Bank (0001), Marunouchi branch (110), ordinary account",
    )  # fmt: skip
    begin = clock.now() - timedelta(days=400)
    _cloud(begin)
    _instances(begin)
    _canned_answers()
    staff = User.objects.create_superuser("staff@example.com", PASSWORD, name="Ken Sato")
    staff.save()


def _product(code: str, name: str, begin: datetime, **tax: object) -> Product:
    product = Product.objects.create(code=code, name=name, **tax)
    schedule = DiscountSchedule.objects.create(product=product, starts_at=begin)
    DiscountTier.objects.bulk_create(
        DiscountTier(schedule=schedule, months=m, off=Decimal(off)) for m, off in TIERS
    )
    return product


def _cloud(begin: datetime) -> None:
    product = _product(
        "bestnet-cloud", "BESTNET-CLOUD", begin, tax_rate=Decimal("0.10"), tax_label="Consumption tax"
    )
    book = PriceBook.objects.create(product=product, currency="JPY", starts_at=begin)
    for position, (code, facts) in enumerate(CLOUD.items()):
        values = {k: v for k, v in facts.items() if k != "rate"}
        steps = values.get("steps")
        if isinstance(steps, list):
            values |= {"minimum": steps[0], "maximum": steps[-1]}
        kind = ResourceType.objects.create(product=product, code=code, position=position, **values)
        Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal(str(facts["rate"])))


def _instances(begin: datetime) -> None:
    product = _product("cloud-vm", "CLOUD-VM", begin)
    book = PriceBook.objects.create(product=product, currency="USD", starts_at=begin)
    kind = ResourceType.objects.create(
        product=product, code="instance_type", name="Instance type", kind="option", grow_restarts=True
    )
    for position, (code, (name, monthly)) in enumerate(INSTANCES.items()):
        option = Option.objects.create(resource_type=kind, code=code, name=name, position=position)
        Rate.objects.create(price_book=book, resource_type=kind, option=option, monthly=Decimal(monthly))


def _canned_answers() -> None:
    CannedAnswer.objects.create(
        title="How far a resource can go down",
        body_en="Dear {person},\n\nthis is what keeps {service} from going lower now:\n\n{floor_reasons}",
        body_ja="{person} 様\n\n{service} を今これ以上減らせない理由は次のとおりです。\n\n{floor_reasons}",
        body_zh_hans="{person}，您好：\n\n{service} 目前不能再降低的原因如下：\n\n{floor_reasons}",
    )
    CannedAnswer.objects.create(
        title="Where a change stands",
        body_en="Dear {person},\n\nchange {change} ({change.lines}) is: {change.state}. {change.reason}\n\n"
        "It ends by {deadline} at the latest; money for what is not done comes back by itself.",
        body_ja="{person} 様\n\n変更 {change}（{change.lines}）の現在の状態は「{change.state}」です。{change.reason}\n\n"
        "遅くとも {deadline} までに終わります。実行できなかった分の金額は自動的に戻ります。",
        body_zh_hans="{person}，您好：\n\n变更 {change}（{change.lines}）目前的状态：{change.state}。{change.reason}\n\n"
        "最迟在 {deadline} 结束；未能完成的部分，款项会自动退回。",
    )


def _machines() -> None:
    """Hosts and machines on the sandbox hypervisor, as a provider would already have them."""
    made = clock.machine_now()
    live = {"grow": "live", "shrink": "restart"}
    quotas = {"grow": "live", "shrink": "live"}
    behaviour = {"cpu": live, "memory": live, "disk": live, "backups": quotas, "snapshots": quotas}
    stored = [
        *(
            {"kind": "backups", "name": f"daily-{n}", "size_gb": "18.2", "created_at": _ago(made, n)}
            for n in (1, 2, 3)
        ),
        {"kind": "snapshots", "name": "before-php8", "size_gb": "4.1", "created_at": _ago(made, 40)},
    ]
    _control("hosts", {"id": "tokyo-1", "capacity": {"cpu": 22, "memory": 54, "disk": 2000}})
    _control("hosts", {"id": "frankfurt-1", "capacity": {}})
    used = {"memory": "2.9", "disk": "88.4"}
    _machine("vm-1042", "tokyo-1", WEB, components=behaviour, usage=used, objects=stored)
    _machine("vm-1043", "tokyo-1", SMALL, components=behaviour, usage={"memory": "0.8", "disk": "12.5"})
    # Nobody's yet: staff can sell it, or adopt it.
    _control("hosts", {"id": "osaka-1", "capacity": {}})
    _machine("vm-2001", "osaka-1", SMALL, components=behaviour, usage={"memory": "0.5", "disk": "6.0"})
    options = {"instance_type": {"grow": "restart", "shrink": "restart", "options": list(INSTANCES)}}
    _machine("ins-7f3k", "frankfurt-1", {"instance_type": "1c1g"}, components=options)


def _ago(now: datetime, days: int) -> str:
    return (now - timedelta(days=days)).isoformat()


def _machine(id: str, host: str, configuration: dict[str, int | str], **more: object) -> None:
    _control(
        "machines", {"id": id, "host": host, "configuration": configuration, "restart_seconds": 4, **more}
    )


def _control(what: str, body: dict[str, object]) -> None:
    answer = httpx.post(
        f"{settings.PRORATA_SANDBOX_HYPERVISOR_URL}/_control/{what}", json=body, timeout=10, trust_env=False,
        headers={"Authorization": f"Bearer {settings.PRORATA_SANDBOX_HYPERVISOR_TOKEN}"},
    )  # fmt: skip
    if answer.status_code != httpx.codes.CONFLICT:  # a machine that exists already stays as it is
        answer.raise_for_status()


def _names() -> None:
    NameInLanguage.objects.bulk_create(
        NameInLanguage(name=name, language=language, said=said)
        for name, both in NAMES.items()
        for language, said in zip(("ja", "zh-hans"), both, strict=True)
    )


def _customer() -> None:
    aiko = User.objects.create_user("aiko@example.com", PASSWORD, name="Aiko Tanaka")
    customer = Customer.objects.create(name="Tanaka Design", email="aiko@example.com", country="JP")
    Membership.objects.create(customer=customer, user=aiko, role=Membership.Role.OWNER)
    today = clock.now().astimezone(ZONE).date()
    starts = _at_eight(today - timedelta(days=75))
    ends = _at_eight(add_months(starts.astimezone(ZONE).date(), 6))
    cloud, vm = Product.objects.get(code="bestnet-cloud"), Product.objects.get(code="cloud-vm")

    def sell(
        name: str, product: Product, machine: str, has: dict[str, int | str], paid: int, currency: str
    ) -> Service:
        return adopt(
            customer=customer, product=product, name=name, driver="sandbox", external_id=machine, term_starts_at=starts,
            term_ends_at=ends, term_months=6, configuration=has, paid_minor=paid, currency=currency, staff=None,
        )  # fmt: skip

    sell("web-01", cloud, "vm-1042", dict(WEB), 34_188, "JPY")  # 7,400 x 6 x 0.70 + 10 % tax
    sell("cvm-01", vm, "ins-7f3k", {"instance_type": "1c1g"}, 27_300, "USD")  # 65 x 6 x 0.70
    suspended = sell("db-01", cloud, "vm-1043", dict(SMALL), 11_088, "JPY")
    suspended.status, suspended.status_reason = Service.Status.SUSPENDED, "An older invoice is overdue."
    suspended.save(update_fields=["status", "status_reason"])
    grant_gifted(
        customer_id=customer.pk, amount_minor=1_500, currency="JPY", expires_at=clock.now() + timedelta(days=45),
        reason="Welcome to the demo", actor="staff:demo",
    )  # fmt: skip
    issue_voucher(
        Draft(
            code="WELCOME-10", name="Welcome offer", customer=customer, currency="JPY", off=Decimal("0.10"),
            at_most_minor=2_000, minimum_spend_minor=1_000, starts_at=clock.now(),
            expires_at=clock.now() + timedelta(days=60),
        ),
        actor="staff:demo",
    )  # fmt: skip


def _at_eight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 8, tzinfo=ZONE)
