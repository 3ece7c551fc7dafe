"""The main job on a real virtual machine: what is paid for is what the machine itself reports.

The hypervisor is a libvirt daemon of the tests' own, the machine a Linux kernel that runs in QEMU without KVM. Every
figure in money is held against the independent calculation, as in every story.
"""

from __future__ import annotations

import base64
import html
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from browser.oracle import Books, after_months
from browser.papers import Paid, Papers
from browser.walk import credit_of, have, pay_with
from browser.wording import Words
from prorata.catalog.models import (
    DiscountSchedule,
    DiscountTier,
    PriceBook,
    Product,
    Rate,
    ResourceType,
)
from prorata.changes.adopt import adopt
from prorata.config.environment import read_environment
from prorata.customers.models import Customer, Membership, User
from prorata.invoices.models import NumberSeries, Seller
from prorata.provisioning.registry import driver
from support.browser import NewVisitor, Visitor
from support.guest import ANSWER_SECONDS, Guest, LibvirtDaemon, Report, Size
from support.installation import Installation
from support.sandboxes import wait_until
from support.world import clear_caches

pytestmark = [pytest.mark.browser, pytest.mark.real_machine]
TOKYO = ZoneInfo("Asia/Tokyo")
MACHINE, PASSWORD = "vm-1042", "a-long-password"
MIB, GIB = 1024, 1024**3
HAS = {"cpu": 1, "memory": 1, "disk": 2}
RATES = {"cpu": 600, "memory": 450, "disk": 20}
WORDS = Words(
    names={"cpu": "CPU cores", "memory": "Memory", "disk": "Disk"}, units={"memory": "GiB", "disk": "GiB"},
    zone=TOKYO, tax_label="Consumption tax",
)  # fmt: skip
# A machine that is made smaller starts twice, and each start takes its time without KVM.
SLOW = 480_000


@dataclass
class Site:
    """An installation that keeps machines with libvirt, and the inside of the one it has sold."""

    installed: Installation
    libvirt: LibvirtDaemon
    guest: Guest


@pytest.fixture
def libvirt() -> Iterator[LibvirtDaemon]:
    with LibvirtDaemon() as found:
        yield found


@pytest.fixture
def site(libvirt: LibvirtDaemon, installed: Installation, settings: Settings) -> Site:
    """libvirt stands first: it ends last."""
    host = {
        "PRORATA_LIBVIRT_URI": libvirt.uri,
        "PRORATA_LIBVIRT_COMPONENTS": "cpu=cpu memory=memory:GiB disk=disk:vda:GiB",
        "PRORATA_LIBVIRT_MEMORY_RESERVE": "256MiB",
    }
    installed.environment |= host
    settings.PRORATA_LIBVIRT = read_environment({**os.environ, **host}).libvirt
    settings.PRORATA_DRIVERS = {"libvirt": "prorata.config.wiring.libvirt_driver"}
    clear_caches()
    guest = libvirt.start_guest(MACHINE, Size(1, 1024, 2), most=Size(4, 2048, 2))
    wait_until(
        lambda: "memory" in driver("libvirt").read(MACHINE).usage,
        "what the guest uses",
        seconds=ANSWER_SECONDS,
    )
    sell(today(installed))
    installed.start()
    return Site(installed, libvirt, guest)


def today(installed: Installation) -> date:
    return installed.now().astimezone(TOKYO).date()


def sell(day: date) -> None:
    """A provider, one product, and Aiko, who has bought the machine 75 days ago for six months."""
    seller = Seller.objects.create(code="bestnet", name="Bestnet K.K.", tax_rounding="down", zone=str(TOKYO))
    NumberSeries.objects.create(seller=seller, kind="invoice", prefix="INV-")
    NumberSeries.objects.create(seller=seller, kind="credit_note", prefix="CN-")
    long_ago = at_eight(day - timedelta(days=400))
    product = Product.objects.create(
        code="bestnet-vm", name="BESTNET-VM", tax_rate=Decimal("0.10"), tax_label="Consumption tax"
    )
    schedule = DiscountSchedule.objects.create(product=product, starts_at=long_ago)
    for months, off in ((1, "0"), (3, "0.20"), (6, "0.30")):
        DiscountTier.objects.create(schedule=schedule, months=months, off=Decimal(off))
    book = PriceBook.objects.create(product=product, currency="JPY", starts_at=long_ago)
    limits = {"cpu": (1, 4), "memory": (1, 2), "disk": (1, 8)}
    for position, (code, (least, most)) in enumerate(limits.items()):
        kind = ResourceType.objects.create(
            product=product, code=code, name=WORDS.names[code], unit=WORDS.units.get(code, ""), position=position,
            minimum=least, maximum=most, usage="amount" if code == "memory" else "none",
        )  # fmt: skip
        Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal(RATES[code]))
    customer = Customer.objects.create(name="Tanaka Design", email="aiko@example.com", country="JP")
    aiko = User.objects.create_user("aiko@example.com", PASSWORD, name="Aiko Tanaka")
    Membership.objects.create(customer=customer, user=aiko, role="owner")
    starts = day - timedelta(days=75)
    adopt(
        customer=customer, product=product, name="web-01", driver="libvirt", external_id=MACHINE,
        term_starts_at=at_eight(starts), term_ends_at=at_eight(after_months(starts, 6)), term_months=6,
        configuration=dict(HAS), paid_minor=5_035, currency="JPY", staff=None,
    )  # fmt: skip


def at_eight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 8, tzinfo=TOKYO)


@pytest.mark.timeout(1800)
def test_paid_for_is_what_the_machine_reports(site: Site, visitor: NewVisitor) -> None:
    aiko = visitor()
    aiko.sign_in("aiko@example.com", PASSWORD)
    starts = today(site.installed) - timedelta(days=75)
    books = Books(
        currency="JPY", rates=RATES, tiers=((1, 0), (3, "0.20"), (6, "0.30")), tax="0.10", rounding="down",
        ends=after_months(starts, 6), months=6, configuration=dict(HAS),
    )  # fmt: skip
    books.bought(5_035, starts=starts)  # 1,090 x 6 x 0.70 and 10 % tax
    page = Papers(aiko, books, WORDS)

    upgrade(site, aiko, books, page)
    downgrade(site, aiko, books, page)


def upgrade(site: Site, aiko: Visitor, books: Books, page: Papers) -> None:
    """CPU 1 to 3, memory 1 to 2 GiB, disk 2 to 4 GiB by the sliders: the machine grows while it runs."""
    first, shown_first = site.guest.report(), site.guest.show()
    assert (first.cpus, first.disk_bytes) == (1, 2 * GIB)
    aiko.click("link", "web-01")
    assert have(aiko) == ["1", "1 GiB", "2 GiB"]
    aiko.click("link", "Upgrade / Downgrade")
    for name, presses in (("CPU cores", 2), ("Memory", 1), ("Disk", 2)):
        slider = aiko.page.get_by_role("slider", name=name)
        slider.focus()
        for _ in range(presses):
            slider.press("ArrowRight")
    figures = books.price({"cpu": 3, "memory": 2, "disk": 4}, today(site.installed))
    page.expect_estimate(figures)
    aiko.page.locator("#continue").click()
    page.expect_review(figures)
    aiko.page.get_by_role("radio", name="Credit card").check()
    aiko.page.locator("#submit").click()
    paid = Paid(card=figures.gross)
    page.expect_invoice(figures, paid, open_=True)
    assert site.guest.report() == first, "nothing is given before it is paid"

    aiko.click("button", f"Pay Now! {page.money(paid.card)} with Credit card")
    aiko.page.wait_for_url(f"{site.installed.gateway.url}/**")
    page.expect_gateway(paid)
    pay_with(aiko)
    wait_until_changed(aiko)
    page.expect_lines(figures)
    page.expect_paid_change(figures, paid)
    wanted = Report(cpus=3, memory_kib=first.memory_kib + 1024 * MIB, disk_bytes=4 * GIB)
    site.guest.wait(lambda seen: seen == wanted, f"{wanted}")
    assert site.guest.console.count("guest ready") == 1, "it grew without a restart"
    beside(aiko, {"before": shown_first, "after": site.guest.show()}, "real-machine")
    aiko.click("link", "Services")
    aiko.click("link", "web-01")
    assert have(aiko) == ["3", "2 GiB", "4 GiB"]
    books.apply(figures)


def downgrade(site: Site, aiko: Visitor, books: Books, page: Papers) -> None:
    """CPU 3 to 2, memory 2 to 1 GiB. While a backup runs nothing shrinks and there is no credit."""
    before, shown_before = site.guest.report(), site.guest.show()
    aiko.click("link", "Upgrade / Downgrade")
    page.choose("cpu", 2)
    page.choose("memory", 1)
    figures = books.price({"cpu": 2, "memory": 1}, today(site.installed))
    assert figures.gross < 0
    page.expect_estimate(figures)
    aiko.page.locator("#continue").click()
    page.expect_review(figures)

    site.libvirt.begin_backup(MACHINE)
    aiko.page.locator("#submit").click()
    expect(aiko.page.locator("#headline")).to_have_text("Waiting for the machine")
    assert site.guest.report() == before
    assert credit_of(aiko) == 0
    site.libvirt.end_backup(MACHINE)
    wait_until_changed(aiko)
    page.expect_lines(figures)
    expect(aiko.page.locator("#returned")).to_have_text(page.money(-figures.gross))
    expect(aiko.page.locator("#available-credit b")).to_have_text(page.money(-figures.gross))

    site.guest.wait_until_booted()
    assert site.guest.console.count("guest ready") > 1, "it was restarted to become smaller"
    after = site.guest.report()
    assert (after.cpus, after.disk_bytes) == (2, 4 * GIB)
    assert 940 * MIB < after.memory_kib < 1024 * MIB
    beside(aiko, {"before": shown_before, "after": site.guest.show()}, "real-machine-smaller")


def wait_until_changed(aiko: Visitor) -> None:
    expect(aiko.page.locator("#headline")).to_have_text(re.compile("Changed at [0-9:]{8}"), timeout=SLOW)


def beside(aiko: Visitor, consoles: dict[str, str], name: str) -> None:
    """One picture: the change's page, and beside it the machine's own console before and after."""
    assert all(
        re.search(r"nproc\n\d+\n.*MemTotal:.*vda\n\d+$", text.strip(), re.S) for text in consoles.values()
    )
    folder = os.environ.get("PRORATA_SCREENSHOTS")
    if not folder:
        return
    shot = base64.b64encode(aiko.page.screenshot(animations="disabled")).decode()
    told = "".join(
        f"<p>The machine's own console, {when}<pre>{html.escape(text.strip())}</pre>"
        for when, text in consoles.items()
    )
    assert aiko.context.browser
    sheet = aiko.context.browser.new_page(viewport={"width": 1720, "height": 900})
    sheet.set_content(f"""
        <style>
          body {{margin: 0; display: flex; font: 15px/1.5 "Liberation Sans", sans-serif; background: #dfe3ea}}
          img {{width: 1280px; height: 900px}}
          section {{padding: 8px 24px; flex: 1}}
          p {{margin: 20px 0 8px}}
          pre {{margin: 0; background: #14171f; color: #d8dee9; padding: 14px; border-radius: 8px}}
        </style>
        <img src="data:image/png;base64,{shot}" alt=""><section>{told}</section>""")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    sheet.screenshot(path=str(target / f"{name}.png"))
    sheet.close()
