"""A running demo in whatever state a page is to be looked at: brought about in the database and at the sandboxes, by
the rooms' own doors. No worker runs beside it, so that what was brought about stands still until it was looked at."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import connections

from prorata import clock as business
from prorata.catalog.models import Product
from prorata.changes.adopt import adopt
from prorata.changes.models import Change
from prorata.changes.staff_actions import take_over
from prorata.clock import HandClock
from prorata.config.demo_data import INSTANCES
from prorata.customers import staff_view
from prorata.customers.models import Customer, Membership, User
from prorata.invoices.models import Seller
from prorata.pricing.terms import add_months
from prorata.services.models import Service
from support.installation import Installation
from support.world import WEB, ZONE, World

HOST = "osaka-2"
USED = {"memory": "2.9", "disk": "70.4"}


class Ahead:
    """The business clock of every process of an installation, as a world moves it."""

    def __init__(self, installed: Installation) -> None:
        self.installed = installed

    def forward(self, by: timedelta) -> None:
        self.installed.forward(by)

    def now(self) -> datetime:
        return business.now()


class Stage(World):
    """The demo's provider, its customer Aiko, a colleague who may not pay, and somebody who has nothing yet."""

    def __init__(self, installed: Installation) -> None:
        super().__init__(cast(HandClock, Ahead(installed)), installed.gateway, installed.hypervisor)
        self.seller = Seller.objects.get()
        self.cloud, self.vm = (Product.objects.get(code=code) for code in ("bestnet-cloud", "cloud-vm"))
        self.customer = Customer.objects.get(name="Tanaka Design")
        self.owner = User.objects.get(email="aiko@example.com")
        self.colleague = self.member("kenji@example.com", "山田 健二", "technical")
        self.reader = self.member("yuki@example.com", "佐藤 由紀", "reader")
        self.viewer = User.objects.get(email="staff@example.com")
        _, self.newcomer = self.new_customer("新田工房", "nitta@example.com")
        self.hypervisor.create_host(HOST)

    def member(self, email: str, name: str, role: str) -> User:
        person = User.objects.create_user(email, "a-long-password", name=name)
        Membership.objects.create(customer=self.customer, user=person, role=role)
        return person

    def viewed(self) -> int:
        """The number of a view of the customer's portal by `viewer`; the reason is of no language."""
        return staff_view.begin(self.viewer, self.customer, "S-3F8M-2KQA").pk

    def work(self, *, tried_again: bool = False, at_once: int = 1) -> None:
        """The browser's event loop belongs to this thread; a worker needs one of its own."""

        def elsewhere() -> None:
            try:
                World.work(self, tried_again=tried_again, at_once=at_once)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            pool.submit(elsewhere).result()

    # --- services -------------------------------------------------------------------------------------------

    def web(self, *, stored: bool = False, **machine: Any) -> Service:
        """A machine like the demo's web-01, sold 75 days ago for six months."""
        machine = {"usage": USED, **machine}
        external = self.machine(WEB, host=HOST, **machine)
        if stored:
            for n in (1, 2, 3):
                self.hypervisor.add_object(external, "backups", f"daily-{n}", "18.2")
            self.hypervisor.add_object(external, "snapshots", "before-php8", "4.1")
        return self.sold(f"web-{self.machines + 1:02}", external)

    def sold(self, name: str, external: str, **facts: Any) -> Service:
        today = business.now().astimezone(ZONE).date()
        starts = datetime(today.year, today.month, today.day, 8, tzinfo=ZONE) - timedelta(days=75)
        until = add_months(starts.date(), 6)
        bought = {
            "customer": self.customer, "product": self.cloud, "configuration": dict(WEB), "paid_minor": 34_188,
            "currency": "JPY", **facts,
        }  # fmt: skip
        return adopt(
            name=name, driver="sandbox", external_id=external, term_starts_at=starts,
            term_ends_at=datetime(until.year, until.month, until.day, 8, tzinfo=ZONE), term_months=6, staff=None, **bought,
        )  # fmt: skip

    def instance(self) -> Service:
        """A machine whose resource is an option, 1C1G, in dollars."""
        options = {"instance_type": {"grow": "restart", "shrink": "restart", "options": list(INSTANCES)}}
        external = self.machine({"instance_type": "1c1g"}, host=HOST, components=options, usage={})
        facts = {"product": self.vm, "configuration": {"instance_type": "1c1g"}, "paid_minor": 27_300}
        return self.sold(f"cvm-{self.machines + 1:02}", external, currency="USD", **facts)

    def silent(self) -> Service:
        """A machine that has not answered for longer than its last reading is believed."""
        web = self.web(stored=True)
        Service.objects.filter(pk=web.pk).update(external_id=f"unplugged-{web.pk}")
        self.clock.forward(timedelta(minutes=20))
        return web

    # --- changes --------------------------------------------------------------------------------------------

    def due(self, **wanted: int) -> Change:
        """Submitted, and to be paid by card."""
        return self.change(self.web(), use_gifted=False, **(wanted or {"memory": 8}))

    def change(self, service: Service, *, by: User | None = None, voucher: str = "", **wanted: Any) -> Change:
        """As a world does; `use_gifted=False` leaves the demo's gift for the pages that show it."""
        ticks = {
            "use_gifted": wanted.pop("use_gifted", False),
            "use_account": wanted.pop("use_account", False),
        }
        quote = self.quote(service, by=by, voucher=voucher, **wanted)
        return self.submit(quote, by=by, **ticks)

    def delivered(self, service: Service | None = None, **wanted: int) -> Change:
        """Paid by card, and the worker has done what it could."""
        change = self.change(service or self.web(), **(wanted or {"memory": 8, "cpu": 4}))
        self.pay(change)
        self.work()
        return cast(Change, self.reread(change))

    def parked(self) -> Change:
        web = self.web()
        self.hypervisor.busy(web.external_id)
        return self.delivered(web, memory=8)

    def attention(self) -> Change:
        change = self.due()
        self.pay(change)
        self.hypervisor.change_machine(change.service.external_id, configuration={"memory": 6})
        self.work()
        take_over(self.staff, change.reference, "午後に確認します。")
        return cast(Change, self.reread(change))

    def half_delivered(self) -> Change:
        """The machine takes the cores and refuses the memory."""
        return self.delivered(self.refusing_memory(), cpu=4, memory=8)

    def refusing_memory(self) -> Service:
        web = self.web()
        self.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
        return web

    def under_way(self) -> Change:
        """The machine works on the first of two steps and will not be done soon."""
        web = self.web()
        for code in ("cpu", "memory"):
            self.hypervisor.change_component(web.external_id, code, seconds=3_600)
        change = self.change(web, cpu=4, memory=8)
        self.pay(change)
        self.work()
        return cast(Change, self.reread(change))
