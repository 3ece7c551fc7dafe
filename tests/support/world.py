"""A small provider for stories: one seller, two products, one customer, machines on a real sandbox hypervisor.

world.open("2026-06-01T08:00+09:00")       the business clock stands there
web = world.service(WEB, paid=34_188)      a machine is made and adopted for six months
world.at("2026-08-15T14:02+09:00")
change = world.change(web, memory=8)       quote and submit, as the owner
world.pay(change)                          on the sandbox gateway's own page
world.work()                               real jobs, run by a real worker until none is left
world.wait(minutes=5)                      business time passes, with the sweeps that belong to it
with world.refusing("The term"): ...       refused with these words, and nothing changed
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django import app
from procrastinate.periodic import PeriodicRegistry

from prorata import clock as business
from prorata.catalog.models import (
    DiscountSchedule,
    DiscountTier,
    Option,
    PriceBook,
    Product,
    Rate,
    ResourceType,
)
from prorata.catalog.values import forget
from prorata.changes import tasks as change_tasks
from prorata.changes.adopt import adopt
from prorata.changes.models import Change, Quote, SoldTerm
from prorata.changes.quote import make_quote
from prorata.changes.refusals import Refused, words
from prorata.changes.split import split
from prorata.changes.submit import submit
from prorata.changes.terms.renew import renew, renewal_offer
from prorata.changes.terms.sell import Wanted, offer, sell
from prorata.changes.terms.write import Payment
from prorata.clock import HandClock
from prorata.config import demo_data
from prorata.credit import tasks as credit_tasks
from prorata.credit.available import available, purses
from prorata.credit.grant import grant_gifted
from prorata.credit.issue_voucher import Draft, issue_voucher
from prorata.credit.models import LogLine, Purse, Voucher
from prorata.customers.models import Customer, Membership, User
from prorata.invoices.models import NumberSeries, Seller
from prorata.payments import sweep as payment_sweep
from prorata.payments.checkout import start_checkout
from prorata.payments.look import look
from prorata.payments.models import PaymentAttempt
from prorata.payments.registry import gateway
from prorata.pricing.terms import add_months
from prorata.provisioning import tasks as machine_tasks
from prorata.provisioning import usual
from prorata.provisioning.measure import measure
from prorata.provisioning.registry import driver
from prorata.recognition import tasks as recognition_tasks
from prorata.services.models import Service
from support.sandboxes import GatewayProcess, HypervisorProcess

ZONE = ZoneInfo("Asia/Tokyo")
WEB: dict[str, int | str] = dict(demo_data.WEB)
SECRET = "whsec-stories"
# What must stand still when something is refused; readings, webhooks and security events may be added.
FACTS = (
    "changes_quote", "changes_change", "changes_changeline", "changes_intervention", "changes_soldterm",
    "credit_purse", "credit_pledge",
    "credit_logline", "credit_voucher", "credit_voucheruse",
    "invoices_invoice", "invoices_invoiceline", "invoices_creditnote", "invoices_layer",
    "invoices_unwinding", "invoices_numberseries", "ledger_transfer", "ledger_entry", "payments_capture",
    "payments_refund", "payments_moneyback",
    "payments_paymentattempt", "provisioning_job", "provisioning_jobstep", "provisioning_jobevent",
    "provisioning_reservation",
    "services_service", "support_ticket", "support_message", "support_attachment", "support_content",
    "notices_mail", "notices_turnedoff", "recognition_day", "recognition_recognised", "recognition_opening",
    "bank_bankaccount", "bank_statement", "bank_statementline", "bank_allocation", "bank_unallocation",
    "drift_decision", "customers_staffview", "customers_staffviewend",
)  # fmt: skip


class World:
    """The provider and its surroundings. `gateway` and `hypervisor` are the sandbox processes."""

    def __init__(self, clock: HandClock, gateway: GatewayProcess, hypervisor: HypervisorProcess) -> None:
        self.clock, self.gateway, self.hypervisor = clock, gateway, hypervisor
        self.machines = self.forms = 0
        self.breaks: frozenset[str] = frozenset()

    # --- setting up -----------------------------------------------------------------------------------------

    def open(self, at: str, *, rounding: str = "down", tax: str = "0.10") -> None:
        """The provider, its catalog of the demo, and one customer with an owner, from this instant on."""
        self.clock.move_to(datetime.fromisoformat(at))
        self.seller = Seller.objects.create(
            code="bestnet", name="Bestnet K.K.", tax_rounding=rounding, zone=str(ZONE)
        )
        NumberSeries.objects.create(seller=self.seller, kind="invoice", prefix="INV-")
        NumberSeries.objects.create(seller=self.seller, kind="credit_note", prefix="CN-")
        begin = business.now() - timedelta(days=30)
        self.cloud = self.product("bestnet-cloud", "BESTNET-CLOUD", begin, Decimal(tax))
        book = PriceBook.objects.create(product=self.cloud, currency="JPY", starts_at=begin)
        for position, (code, facts) in enumerate(demo_data.CLOUD.items()):
            values: dict[str, Any] = {k: v for k, v in facts.items() if k != "rate"}
            if "steps" in values:
                values |= {"minimum": values["steps"][0], "maximum": values["steps"][-1]}
            kind = ResourceType.objects.create(product=self.cloud, code=code, position=position, **values)
            Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal(str(facts["rate"])))
        self.vm = self.product("cloud-vm", "CLOUD-VM", begin, Decimal(0))
        book = PriceBook.objects.create(product=self.vm, currency="USD", starts_at=begin)
        kind = ResourceType.objects.create(
            product=self.vm, code="instance_type", name="Instance type", kind="option", grow_restarts=True
        )
        for position, (code, (name, monthly)) in enumerate(demo_data.INSTANCES.items()):
            option = Option.objects.create(resource_type=kind, code=code, name=name, position=position)
            Rate.objects.create(price_book=book, resource_type=kind, option=option, monthly=Decimal(monthly))
        self.customer, self.owner = self.new_customer("Tanaka Design", "aiko@example.com")

    def product(self, code: str, name: str, begin: datetime, tax: Decimal) -> Product:
        product = Product.objects.create(
            code=code, name=name, tax_rate=tax, tax_label="Consumption tax" if tax else ""
        )
        schedule = DiscountSchedule.objects.create(product=product, starts_at=begin)
        for months, off in demo_data.TIERS:
            DiscountTier.objects.create(schedule=schedule, months=months, off=Decimal(off))
        return product

    def new_customer(self, name: str, email: str, role: str = "owner") -> tuple[Customer, User]:
        customer = Customer.objects.create(name=name, email=email)
        person = User.objects.create_user(email, "a-long-password", name=name)
        Membership.objects.create(customer=customer, user=person, role=role)
        return customer, person

    def service(
        self,
        configuration: dict[str, int | str] = WEB,
        *,
        paid: int = 34_188,
        months: int = 6,
        name: str = "web-01",
        customer: Customer | None = None,
        currency: str = "JPY",
        product: Product | None = None,
        host: str = "tokyo-1",
        capacity: dict[str, int] | None = None,
        **machine: Any,
    ) -> Service:
        """A machine is made on the hypervisor and adopted now, for `months` from today at 08:00."""
        external = self.machine(configuration, host=host, capacity=capacity, **machine)
        today = business.now().astimezone(ZONE).date()
        sold = Product.objects.get(pk=(product or self.cloud).pk)  # with the revision of now
        return adopt(
            customer=customer or self.customer, product=sold, name=name, driver="sandbox",
            external_id=external, term_starts_at=_eight(today), term_ends_at=_eight(add_months(today, months)),
            term_months=months, configuration=configuration, paid_minor=paid, currency=currency, staff=None,
        )  # fmt: skip

    def machine(
        self,
        configuration: dict[str, int | str],
        *,
        host: str = "tokyo-1",
        capacity: dict[str, int] | None = None,
        **machine: Any,
    ) -> str:
        """A machine is made on the hypervisor; its id there."""
        self.machines += 1
        # Nothing of it is used, unless the story says so: of what nobody knows, nothing may be given back.
        machine.setdefault("usage", {code: "0" for code in ("memory", "disk") if code in configuration})
        if capacity is not None or self.machines == 1:
            self.hypervisor.create_host(host, **(capacity or {}))
        return self.hypervisor.create_machine(
            dict(configuration), id=f"vm-{self.machines}", host=host, **machine
        )

    def web_01(self, at: str, **machine: Any) -> Service:
        """The usual beginning: on 1 June 2026 web-01 is adopted for six months at 34,188 JPY; then it is `at`."""
        self.open("2026-06-01T08:00+09:00")
        web = self.service(paid=34_188, **machine)
        self.at(at)
        return web

    def cvm_01(self, months: int = 6, paid: int = 27_300) -> Service:
        """A machine of the instance product, 1C1G at 65 USD a month, from now on."""
        options = {
            "instance_type": {"grow": "restart", "shrink": "restart", "options": list(demo_data.INSTANCES)}
        }
        return self.service(
            {"instance_type": "1c1g"}, paid=paid, months=months, name="cvm-01", currency="USD", product=self.vm,
            components=options,
        )  # fmt: skip

    def gift(
        self, amount: int, *, until: str, currency: str = "JPY", customer: Customer | None = None
    ) -> None:
        grant_gifted(
            customer_id=(customer or self.customer).pk, amount_minor=amount, currency=currency,
            expires_at=datetime.fromisoformat(until), reason="Welcome", actor="staff:test",
        )  # fmt: skip

    def voucher(
        self, code: str = "SUMMER", *, until: str = "2026-12-31T00:00+09:00", **terms: Any
    ) -> Voucher:
        """Staff issue a voucher: `amount_minor` in JPY, or `off`."""
        if "off" not in terms:
            terms = {"currency": "JPY", "amount_minor": 1_000} | terms
        draft = Draft(
            code=code,
            name="Summer offer",
            starts_at=business.now(),
            expires_at=datetime.fromisoformat(until),
            **terms,
        )
        return issue_voucher(draft, actor="staff:test")

    def breaking(self, *promises: str) -> None:
        """This story breaks these promises of the books on purpose; at its end one of them at least must be named."""
        self.breaks = frozenset(promises)

    # --- acting ---------------------------------------------------------------------------------------------

    def at(self, instant: str) -> None:
        """Move the business clock; nothing happens by itself."""
        self.clock.move_to(datetime.fromisoformat(instant))

    def quote(
        self, service: Service, *, by: User | None = None, voucher: str = "", **wanted: int | str
    ) -> Quote:
        return make_quote(by or self.owner, service, wanted, voucher_code=voucher)

    def submit(self, quote: Quote, *, by: User | None = None, **choice: Any) -> Change:
        """Submit as the review page would: the amount on the button is the split's."""
        ticks = {"use_gifted": choice.pop("use_gifted", True), "use_account": choice.pop("use_account", True)}
        due = split(quote.gross_minor, purses(quote.customer_id, quote.currency), **ticks).due_minor
        given = {"method": "card", "shown_due_minor": due, **ticks, **choice}
        return submit(by or self.owner, quote.reference, **given)

    def change(
        self, service: Service, *, by: User | None = None, voucher: str = "", **wanted: int | str
    ) -> Change:
        return self.submit(self.quote(service, by=by, voucher=voucher, **wanted), by=by)

    def wanted(
        self, *, months: int, starts: str = "", configuration: dict[str, int | str] = WEB, **what: Any
    ) -> Wanted:
        """What a customer buys on a machine that is made for it: from this instant on, or from `starts`."""
        external = what.pop("external_id", None) or self.machine(configuration, **what.pop("machine", {}))
        bought = {
            "customer": self.customer,
            "product": self.cloud,
            "name": "web-01",
            "currency": "JPY",
            **what,
        }
        return Wanted(
            months=months, starts_at=datetime.fromisoformat(starts) if starts else business.now(), driver="sandbox",
            external_id=external, configuration=configuration, **bought,
        )  # fmt: skip

    def sell(self, wanted: Wanted, *, key: str = "", **payment: Any) -> SoldTerm:
        """Staff sell it at the price the page shows."""
        return sell(
            wanted, shown_minor=offer(wanted).gross_minor, key=key or self._key(), staff=self.staff,
            payment=Payment(**payment),
        )  # fmt: skip

    def renew(self, service: Service, months: int, *, key: str = "", **payment: Any) -> SoldTerm:
        """Staff renew it at the price the page shows."""
        now = self.reread(service)
        return renew(
            now, months, shown_minor=renewal_offer(now, months).gross_minor, shown_version=now.version,
            key=key or self._key(), staff=self.staff, payment=Payment(**payment),
        )  # fmt: skip

    def renew_again(self, key: str, service: Service) -> SoldTerm:
        """The button of a form pressed again: the figures of then, whatever has become of them."""
        return renew(service, 1, shown_minor=0, shown_version=0, key=key, staff=self.staff, payment=Payment())

    @property
    def staff(self) -> User:
        found = User.objects.filter(email="staff@example.com").first()
        return found or User.objects.create_user("staff@example.com", "a-long-password", is_staff=True)

    def _key(self) -> str:
        self.forms += 1
        return f"form-{self.forms}"

    def checkout(self, change: Change | SoldTerm) -> PaymentAttempt:
        """Pay Now! and Checkout: the customer stands on the gateway's page."""
        assert change.invoice is not None
        start_checkout(self.owner, change.invoice, "card")
        return PaymentAttempt.objects.get(invoice=change.invoice, state__in=PaymentAttempt.OPEN)

    def pay(self, change: Change | SoldTerm, card: str = "4242 4242 4242 4242", **how: Any) -> PaymentAttempt:
        """Checkout, the card on the gateway's page, and the way back, which only triggers a look."""
        attempt = self.checkout(change)
        self.gateway.pay(attempt.gateway_ref, card, **{"mode": "never", **how})
        return look(attempt.pk)

    def work(self, *, tried_again: bool = False, at_once: int = 1) -> None:
        """Run the deferred jobs with a real worker until none is left that can run now.

        A job that broke fails the story, unless jobs are expected to be `tried_again` later.
        """

        async def once() -> None:
            async with app.with_connector(app.connector.get_worker_connector()).open_async() as open_app:  # type: ignore[attr-defined]
                # Sweeps run when the story says so (see sweep), not when the machine's second hand does.
                open_app.periodic_registry = PeriodicRegistry()
                await open_app.run_worker_async(
                    wait=False, install_signal_handlers=False, listen_notify=False, concurrency=at_once
                )

        asyncio.run(once())
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT task_name, args, status, attempts FROM procrastinate_jobs "
                "WHERE status IN ('failed', 'doing') OR (status = 'todo' AND attempts > 0)"
            )
            broken = cursor.fetchall()
        assert bool(broken) == tried_again, f"jobs that broke: {broken}"

    def sweep(self) -> None:
        """What looks around every few seconds, once: open payments, unpaid changes, waiting machines, gifts that end."""
        for code in payment_sweep.codes():
            payment_sweep.sweep_gateway(code)
        for task in (change_tasks.sweep, machine_tasks.sweep, credit_tasks.sweep):
            task(timestamp=0)

    def recognise(self) -> None:
        """The job that comes every ten minutes: days that are over are earned, with those that were missed."""
        recognition_tasks.days(timestamp=0)

    def wait(self, **span: float) -> None:
        """Business time passes; then the sweeps look around, and the worker does what they found."""
        self.clock.forward(timedelta(**span))
        self.sweep()
        self.work()

    def measure(self, service: Service) -> None:
        """The minute's measuring of one machine."""
        measure(service)

    # --- refusing -------------------------------------------------------------------------------------------

    @contextmanager
    def refusing(self, said: str) -> Iterator[None]:
        """The block is refused, its first refusal beginning with these words, and nothing changes."""
        with self.unchanged():
            try:
                yield
            except Refused as refused:
                heard = words(refused.refusals[0])
            else:
                raise AssertionError("it was not refused")
        assert heard.startswith(said), heard

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Whatever happens in the block: no money, no document, no service, no job and no machine changes."""
        before = self._facts()
        yield
        after = self._facts()
        assert after == before, {
            what: (before[what], after[what]) for what in after if after[what] != before[what]
        }

    def _facts(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        with connection.cursor() as cursor:
            for table in FACTS:
                row = "(to_jsonb(t) - 'checks' - 'checked_at')::text"  # looking at a payment changes nothing
                cursor.execute(f"SELECT count(*), md5(string_agg({row}, ',' ORDER BY {row})) FROM {table} t")
                found[table] = cursor.fetchone()
        for service in Service.objects.all():
            found[service.external_id] = self.measured(service)
        return found

    # --- looking --------------------------------------------------------------------------------------------

    def measured(self, service: Service) -> dict[str, int | str]:
        """What the machine really has, asked there."""
        return dict(driver(service.driver).read(service.external_id).configuration)

    def done(self, service: Service) -> list[tuple[str, Any]]:
        """What really happened to the machine, oldest first, as its hypervisor noted it: (component, value)."""
        lines = self.hypervisor.operations(service.external_id)
        return [(line["component"], line["target"]) for line in reversed(lines) if line["effect"]]

    def log(self) -> list[tuple[str, int, int]]:
        """The credit log, oldest first: (what, amount, balance of that purse after it)."""
        return list(LogLine.objects.order_by("id").values_list("what", "amount_minor", "balance_after_minor"))

    def purses(self) -> list[tuple[str, int, str | None]]:
        """Purses with something in them, soonest to expire first: (kind, balance, last day in Tokyo)."""
        rows = Purse.objects.filter(balance_minor__gt=0).order_by("expires_at", "id")
        return [
            (p.kind, p.balance_minor, p.expires_at and f"{p.expires_at.astimezone(ZONE):%Y-%m-%d}")
            for p in rows
        ]

    def credit(self, currency: str = "JPY", customer: Customer | None = None) -> int:
        return available((customer or self.customer).pk).get(currency, 0)

    def reread(self, row: Any) -> Any:
        return type(row)._default_manager.get(pk=row.pk)

    def ledger(self, currency: str = "JPY") -> dict[str, int]:
        """Balances by account, debit positive; purses and customers by their kind of account."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT a.code, sum(e.amount_minor) FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id "
                "WHERE e.currency = %s GROUP BY a.code HAVING sum(e.amount_minor) <> 0",
                [currency],
            )
            return {re.sub(r"/[A-Z]{3}$", "", code): int(total) for code, total in cursor.fetchall()}


def _eight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 8, tzinfo=ZONE)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL statements from the first lock to the commit, without BEGIN, COMMIT and savepoints."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    sqls = [q["sql"] for q in captured.captured_queries]
    first = next((n for n, sql in enumerate(sqls) if re.search(r"FOR (NO KEY )?UPDATE", sql)), len(sqls))
    end = next((n for n, sql in enumerate(sqls) if n > first and sql == "COMMIT"), len(sqls))
    found += [sql for sql in sqls[first:end] if not re.match(r"BEGIN|COMMIT|SAVEPOINT|RELEASE", sql)]


def clear_caches() -> None:
    """What a process keeps about gateways, drivers, price books and usual times belongs to one test."""
    forget()
    usual.forget()
    gateway.cache_clear()
    driver.cache_clear()
