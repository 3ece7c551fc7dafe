"""Several at once, on real connections: who comes second gets the same answer or a refusal, never half of anything."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from prorata import clock
from prorata.catalog.models import Product
from prorata.changes import staff_actions, states
from prorata.changes.apply import begin
from prorata.changes.cancel import cancel
from prorata.changes.models import Change, Quote, SoldTerm
from prorata.changes.refusals import Refused
from prorata.changes.terms import close
from prorata.changes.terms.refused import CannotSell
from prorata.changes.terms.renew import renew
from prorata.changes.terms.sell import Wanted, sell
from prorata.changes.terms.write import Payment
from prorata.credit.grant import grant_gifted
from prorata.credit.models import Pledge, VoucherUse
from prorata.credit.move import Movement, move
from prorata.customers.lock import lock_customer
from prorata.customers.models import Customer, User
from prorata.invoices.models import CreditNote, Invoice, NumberSeries
from prorata.invoices.numbers import take
from prorata.ledger import accounts
from prorata.ledger.accounts import AccountName
from prorata.ledger.models import Account, Transfer
from prorata.ledger.post import post
from prorata.payments.inbox import receive
from prorata.payments.look import look
from prorata.payments.models import Capture, InboxEvent, PaymentAttempt
from prorata.provisioning import run as runner
from prorata.provisioning.models import Host, Job, Reservation
from prorata.recognition.models import Day, Recognised
from prorata.recognition.recognise import recognise
from prorata.services.lock import lock_service
from prorata.services.models import Service
from support.sandboxes import WebhookReceiver
from support.threads import Doing, Gate, all_at_once, gate
from support.world import World

__all__ = ["gate"]
OPEN, LATER = "2026-06-01T08:00+09:00", "2026-08-15T14:02+09:00"


@pytest.fixture(autouse=True)
def no_deadlock(transactional_db: None) -> Iterator[None]:
    """PostgreSQL counts the deadlocks it had to end; there must be none, also where somebody caught the error."""
    before = _deadlocks()
    yield
    assert _deadlocks() == before


def _deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def refusal(doing: Doing) -> str:
    """The code of the refusal an action met."""
    error = doing.error()
    assert isinstance(error, Refused), repr(error)
    return error.refusals[0].code


@pytest.fixture
def web(world: World) -> Service:
    world.open(OPEN)
    service: Service = world.service(paid=34_188)
    world.at(LATER)
    return service


# --- submit -----------------------------------------------------------------------------------------------


def test_one_quote_submitted_five_times_at_once_is_one_change(world: World, web: Service, gate: Gate) -> None:
    world.gift(100, until="2026-12-31T00:00+09:00")
    quote = world.quote(web, memory=8)
    with gate.on("customers_customer", world.customer.pk) as held:
        clicks = [held.let_in(lambda: world.submit(quote)) for _ in range(5)]
    assert len({click.result().pk for click in clicks}) == 1
    assert (Change.objects.count(), Invoice.objects.count(), Pledge.objects.count()) == (1, 1, 1)
    assert world.credit() == 0


def test_two_quotes_of_one_service_make_one_change_and_one_refusal(
    world: World, web: Service, gate: Gate
) -> None:
    quotes = [world.quote(web, memory=8), world.quote(web, cpu=4)]
    with gate.on("customers_customer", world.customer.pk) as held:
        first, second = (held.let_in(lambda q=q: world.submit(q)) for q in quotes)
    assert first.result().quote == quotes[0]
    assert refusal(second) == "open_change"
    assert (Change.objects.count(), Invoice.objects.count()) == (1, 1)


def test_the_last_change_of_the_day_is_made_once(world: World, web: Service, gate: Gate) -> None:
    """Two members submit at the same instant: the second meets the open change, and then the limit."""
    Product.objects.filter(pk=world.cloud.pk).update(changes_a_day=1)
    world.gift(100_000, until="2026-12-31T00:00+09:00")
    quotes = [world.quote(web, memory=8), world.quote(web, cpu=4)]
    with gate.on("customers_customer", world.customer.pk) as held:
        first, second = (held.let_in(lambda q=q: world.submit(q)) for q in quotes)
    assert first.result().quote == quotes[0]
    assert refusal(second) == "open_change"
    world.work()
    with world.refusing("This service can be changed once a day"):
        world.submit(quotes[1])
    assert (Change.objects.count(), Invoice.objects.count()) == (1, 1)


def test_a_change_that_is_cancelled_gives_its_place_to_one_only(
    world: World, web: Service, gate: Gate
) -> None:
    """The one change of the day is unpaid. It is cancelled, and two others are submitted, all at the same instant."""
    Product.objects.filter(pk=world.cloud.pk).update(changes_a_day=1)
    quotes = [world.quote(web, **wanted) for wanted in ({"memory": 8}, {"cpu": 4}, {"disk": 160})]
    unpaid = world.submit(quotes[0])
    with gate.on("customers_customer", world.customer.pk) as held:
        gone = held.let_in(lambda: cancel(world.owner, unpaid.reference))
        first, second = (held.let_in(lambda q=q: world.submit(q)) for q in quotes[1:])
    assert gone.result().status == states.CANCELLED
    assert first.result().quote == quotes[1]
    assert refusal(second) == "open_change"
    assert Change.objects.exclude(status=states.CANCELLED).count() == 1


def test_two_changes_cannot_spend_the_same_credit(world: World, web: Service, gate: Gate) -> None:
    """10,000 are there; the changes take 5,596 and 8,316: the second is told so instead of going below zero."""
    db = world.service(paid=34_188, name="db-01")
    world.gift(10_000, until="2026-12-31T00:00+09:00")
    quotes = [world.quote(web, memory=8), world.quote(db, memory=8)]
    assert [q.gross_minor for q in quotes] == [5_596, 8_316]
    with gate.on("customers_customer", world.customer.pk) as held:
        first, second = (held.let_in(lambda q=q: world.submit(q)) for q in quotes)
    assert first.result().status == states.APPLYING
    assert refusal(second) == "credit_changed"
    assert world.credit() == 4_404
    assert Invoice.objects.filter(status="paid").count() == 1


def test_two_customers_compete_for_the_last_room_of_a_host(world: World, gate: Gate) -> None:
    """The host can give 4 GB more; two customers have each been quoted 4 GB more."""
    (first, one), (second, two) = _neighbours(world, capacity={"memory": 12})
    Host.objects.create(driver="sandbox", name="tokyo-1")
    with gate.on("provisioning_host", Host.objects.get().pk) as held:
        doing = [
            held.let_in(lambda q=q, who=who: world.submit(q, by=who))
            for q, who in ((first, one), (second, two))
        ]
    assert doing[0].result().status == states.AWAITING_PAYMENT
    assert refusal(doing[1]) == "no_room"
    assert [r.amount for r in Reservation.objects.all()] == [4]
    assert Change.objects.count() == 1


def test_two_customers_compete_for_the_last_use_of_a_voucher(world: World, gate: Gate) -> None:
    (first, one), (second, two) = _neighbours(world, capacity={})
    voucher = world.voucher(max_uses=1)
    quotes = [
        world.quote(quote.service, by=who, voucher="SUMMER", memory=8)
        for quote, who in ((first, one), (second, two))
    ]
    with gate.on("credit_voucher", voucher.pk) as held:
        doing = [
            held.let_in(lambda q=q, who=who: world.submit(q, by=who))
            for q, who in zip(quotes, (one, two), strict=True)
        ]
    assert doing[0].result().status == states.AWAITING_PAYMENT
    assert refusal(doing[1]) == "voucher_used_up"
    assert (VoucherUse.objects.count(), Change.objects.count()) == (1, 1)


def test_the_first_two_reservations_of_a_host_compete_too(world: World) -> None:
    """Nobody has reserved on this host yet, so there is no row to wait for; still only one gets the room."""
    pairs = _neighbours(world, capacity={"memory": 12})
    doing = all_at_once([lambda q=q, who=who: world.submit(q, by=who) for q, who in pairs])
    assert sorted(type(d.error()) for d in doing if d.error()) == [Refused]
    assert [r.amount for r in Reservation.objects.all()] == [4]


def _neighbours(world: World, capacity: dict[str, int]) -> list[tuple[Quote, User]]:
    world.open(OPEN)
    other, ryo = world.new_customer("Sato Print", "ryo@example.com")
    web = world.service(paid=34_188, capacity=capacity)
    shop = world.service(paid=34_188, name="shop-01", customer=other)
    world.at(LATER)
    return [(world.quote(web, memory=8), world.owner), (world.quote(shop, by=ryo, memory=8), ryo)]


def test_twenty_customers_at_once_leave_no_gap_in_the_numbers(world: World) -> None:
    """Every third submit is rolled back after it had taken its number; the rest count from 1 without a hole."""
    world.open(OPEN)
    people = []
    for n in range(20):
        customer, person = world.new_customer(f"Customer {n}", f"c{n}@example.com")
        service = world.service(paid=34_188, customer=customer, name=f"s{n}")
        people.append((n, customer, person, service))
    world.at(LATER)
    quotes = []
    for n, customer, person, service in people:
        grant_gifted(
            customer_id=customer.pk, amount_minor=6_000, currency="JPY", reason="Welcome", actor="staff:test",
            expires_at=clock.now() + timedelta(days=90),
        )  # fmt: skip
        quotes.append((n, person, world.quote(service, by=person, memory=8)))

    class ChangedMind(Exception):
        pass

    def go(n: int, person: User, quote: Quote) -> Change:
        with transaction.atomic():
            change = world.submit(quote, by=person)
            if n % 3 == 0:
                raise ChangedMind
        return change

    doing = all_at_once([lambda a=args: go(*a) for args in quotes])

    gave_up = [d for d in doing if d.error() is not None]
    assert {type(d.error()) for d in gave_up} == {ChangedMind}
    assert len(gave_up) == 7
    numbers = sorted(Invoice.objects.filter(status="paid").values_list("number", flat=True))
    assert numbers == [f"INV-{n:06d}" for n in range(1, 14)]
    assert NumberSeries.objects.get(kind="invoice").next_number == 14
    assert Invoice.objects.count() == Change.objects.count() == 13


@pytest.mark.timeout(600)
def test_fifty_submits_at_once_leave_books_that_are_exactly_right(world: World) -> None:
    """Ten customers submit five changes of 5,596 each, all at the same instant, and have credit for three of them: thirty
    are paid, twenty are told that the credit has changed, and not a unit is anywhere else."""
    world.open(OPEN)
    people = []
    for n in range(10):
        customer, person = world.new_customer(f"Customer {n}", f"c{n}@example.com")
        # A host holds the room of its customers' changes; ten of them are not what this is about.
        services = [
            world.service(
                paid=34_188,
                customer=customer,
                name=f"s{n}-{m}",
                host=f"tokyo-{n}",
                capacity={} if not m else None,
            )
            for m in range(5)
        ]
        people.append((customer, person, services))
    world.at(LATER)
    quotes = []
    for customer, person, services in people:
        world.gift(3 * 5_596 + 12, until="2026-12-31T00:00+09:00", customer=customer)
        quotes += [(person, world.quote(service, by=person, memory=8)) for service in services]

    doing = all_at_once(
        [lambda p=person, q=quote: world.submit(q, by=p, shown_due_minor=0) for person, quote in quotes]
    )

    assert {refusal(one) for one in doing if one.error() is not None} == {"credit_changed"}
    assert sum(one.error() is None for one in doing) == Change.objects.count() == 30
    for customer, _person, _services in people:
        assert world.credit(customer=customer) == 12
        assert Change.objects.filter(customer=customer).count() == 3
    ledger = world.ledger()
    purses = {code: minor for code, minor in ledger.items() if code.startswith("purse/")}
    assert set(purses.values()) == {-12}
    assert {code: minor for code, minor in ledger.items() if code not in purses} == {
        "expense/gifts": 10 * 16_800, "revenue/deferred": -30 * 5_088, "tax/0.1": -30 * 508,
    }  # fmt: skip
    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    assert numbers == [f"INV-{n:06d}" for n in range(1, 31)]


def test_first_postings_to_new_accounts_do_not_block_each_other_for_ever(world: World) -> None:
    """A new currency's shared accounts are made by whoever comes first; all of them come at once, many times over."""
    names = [AccountName(f"shared/{n}/JPY", "asset", "JPY") for n in range(12)]
    world.breaking("accounts-fit-codes", "transfers-have-causes", "transfers-move-what-was-caused")

    def go(turn: int) -> int:
        legs = [(name, 1 if n % 2 else -1) for n, name in enumerate(names)]
        with transaction.atomic():
            return post(
                key=f"first:{turn}",
                kind="test",
                origin="test",
                legs=legs[turn:] + legs[:turn],
                at=clock.now(),
            )

    doing = all_at_once([lambda n=n: go(n) for n in range(8)])
    assert len({d.result() for d in doing}) == 8
    assert Account.objects.filter(code__startswith="shared/").count() == 12


# --- days that are earned -----------------------------------------------------------------------------------


def test_four_workers_recognise_each_day_once(world: World, web: Service) -> None:
    """Eight days were missed; four workers begin at the same instant."""
    world.gift(6_000, until="2026-12-31T00:00+09:00")
    world.change(web, memory=8)
    world.at("2026-08-23T00:17+09:00")

    doing = all_at_once([recognise] * 4)

    assert sum(one.result() for one in doing) == Day.objects.count() == 22
    assert Transfer.objects.filter(kind="recognised").count() == Recognised.objects.count() == 22
    # 31,080 over 183 days, 83 of them over, and 5,088 over 108, 8 of them over.
    assert sum(Recognised.objects.values_list("amount_minor", flat=True)) == 14_096 + 377


def test_nobody_who_buys_is_waited_for_by_a_day(world: World, web: Service) -> None:
    """Somebody holds a customer, a service and the number series, as a submit does: the day is recognised all the same."""
    world.at("2026-08-16T00:17+09:00")
    with transaction.atomic():
        lock_customer(world.customer.pk)
        lock_service(web.pk, world.customer.pk)
        take(world.seller.pk, "invoice")
        assert Doing(recognise).result() == 15
        transaction.set_rollback(True)


# --- money ------------------------------------------------------------------------------------------------


def _paid_at_the_gateway(world: World, web: Service) -> tuple[Change, PaymentAttempt]:
    """The gateway has the money; we have not heard of it yet."""
    change = world.change(web, memory=8)
    attempt = world.checkout(change)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    return change, attempt


def test_a_capture_recorded_five_times_at_once_is_booked_once(world: World, web: Service, gate: Gate) -> None:
    change, attempt = _paid_at_the_gateway(world, web)
    with gate.on("customers_customer", world.customer.pk) as held:
        looks = [held.let_in(lambda: look(attempt.pk)) for _ in range(5)]
    assert {one.result().state for one in looks} == {"succeeded"}
    assert Capture.objects.count() == 1
    assert Transfer.objects.filter(kind="captured").count() == 1
    assert world.ledger() == {"gateway/sandbox/clearing": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}
    assert world.credit() == 0
    assert world.reread(change.invoice).number == "INV-000001"


def test_capture_first_then_cancel(world: World, web: Service, gate: Gate) -> None:
    change, attempt = _paid_at_the_gateway(world, web)
    with gate.on("customers_customer", world.customer.pk) as held:
        paid = held.let_in(lambda: look(attempt.pk))
        given_up = held.let_in(lambda: cancel(world.owner, change.reference))
    assert paid.result().state == "succeeded"
    # The worker has not heard of the money yet, but the invoice is paid: too late to cancel.
    assert refusal(given_up) == "not_cancellable"
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["memory"] == 8
    assert world.credit() == 0


def test_cancel_first_then_capture(world: World, web: Service, gate: Gate) -> None:
    """The change is cancelled; the money is there all the same, and becomes account credit by itself, once."""
    change, attempt = _paid_at_the_gateway(world, web)
    with gate.on("customers_customer", world.customer.pk) as held:
        given_up = held.let_in(lambda: cancel(world.owner, change.reference))
        paid = held.let_in(lambda: look(attempt.pk))
    assert given_up.result().status == states.CANCELLED
    assert paid.result().state == "succeeded"
    world.work()
    assert world.reread(change).status == states.CANCELLED
    assert world.measured(web)["memory"] == 4
    assert world.credit() == 5_596
    assert Capture.objects.get().outcome == "credit"


def test_one_webhook_delivered_eight_times_at_once_is_kept_once(world: World, web: Service) -> None:
    with WebhookReceiver() as receiver:
        world.gateway.settings(webhook_url=receiver.url)
        change = world.change(web, memory=8)
        attempt = world.checkout(change)
        world.gateway.pay(attempt.gateway_ref, mode="before")
        receiver.wait(attempt.gateway_ref)
        # The gateway may still be sending what an earlier story left behind.
        headers, body = next(one for one in receiver.received if attempt.gateway_ref.encode() in one[1])
    doing = all_at_once([lambda: receive("sandbox", body=body, headers=headers) for _ in range(8)])
    assert sorted(d.result() for d in doing) == [False] * 7 + [True]
    assert InboxEvent.objects.count() == 1
    world.work()
    assert Capture.objects.count() == 1
    assert world.reread(change).status == states.APPLIED


def test_one_machine_job_run_four_times_at_once_has_one_effect(world: World, web: Service) -> None:
    change = world.change(web, backups=4)
    begin(change.pk)
    job = Job.objects.get()
    doing = all_at_once([lambda: runner.run(job.pk) for _ in range(4)])
    assert [d.error() for d in doing] == [None] * 4
    assert world.hypervisor.effects(web.external_id) == 1
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert CreditNote.objects.count() == 1


# --- locks ------------------------------------------------------------------------------------------------


def test_a_worker_that_ends_a_job_and_staff_who_retry_it_do_not_block_each_other(
    world: World, web: Service, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker holds the job and writes a reading of the service; staff hold the service and want the job."""
    staff = User.objects.create_superuser("ken@example.com", "a-long-password")
    world.hypervisor.busy(web.external_id)
    change = world.change(web, backups=4)
    world.work()
    assert world.reread(change).status == states.PARKED
    world.hypervisor.not_busy(web.external_id)
    job = Job.objects.get()
    Job.objects.filter(pk=job.pk).update(retry_at=clock.now())
    at_the_end, go_on, publish = threading.Event(), threading.Event(), runner.publish

    def slowly(event: str, **more: Any) -> None:
        publish(event, **more)
        if web.readings.filter(configuration__backups=4).exists():
            at_the_end.set()
            assert go_on.wait(20)

    monkeypatch.setattr(runner, "publish", slowly)
    worker = Doing(lambda: runner.run(job.pk))
    assert at_the_end.wait(20)
    desk = gate.let_in(lambda: staff_actions.retry(staff, change.reference, "try again"))
    go_on.set()

    assert worker.error() is None
    assert isinstance(desk.error(), staff_actions.NotPossible)
    world.work()
    assert world.reread(change).status == states.APPLIED


LOCKED = re.compile(r'FROM "(\w+)".* FOR (?:NO KEY )?UPDATE', re.DOTALL)
ORDER = [
    "customers_customer", "services_service", "changes_change", "invoices_invoice", "payments_paymentattempt",
    "credit_voucher", "provisioning_job", "provisioning_host", "invoices_numberseries",
]  # fmt: skip


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The tables each transaction locked a row of, in the order it did, in all threads of this process."""
    found: list[list[str]] = []
    here = threading.local()
    execute, commit, rollback = (
        CursorWrapper.execute,
        BaseDatabaseWrapper._commit,
        BaseDatabaseWrapper._rollback,
    )

    def note(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        text = str(sql)
        table = LOCKED.search(text)
        held = here.__dict__.setdefault("held", [])
        if table:
            held.append(table[1])
        if "prorata_reserve" in text:
            held.append("provisioning_host")
        if "UPDATE invoices_numberseries" in text:
            held.append("invoices_numberseries")
        return execute(self, sql, params)

    def ends(how: Callable[[BaseDatabaseWrapper], None]) -> Callable[[BaseDatabaseWrapper], None]:
        def end(self: BaseDatabaseWrapper) -> None:
            if held := here.__dict__.pop("held", None):
                found.append(held)
            how(self)

        return end

    monkeypatch.setattr(CursorWrapper, "execute", note)
    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", ends(commit))
    monkeypatch.setattr(BaseDatabaseWrapper, "_rollback", ends(rollback))
    return found


def test_every_action_locks_in_the_one_order(world: World, web: Service, locks: list[list[str]]) -> None:
    """Paid by card, by credit, cancelled, expired, down to credit, parked and retried, partly delivered: all the actions."""
    staff = User.objects.create_superuser("ken@example.com", "a-long-password")
    world.hypervisor.create_host("tokyo-1", memory=64, cpu=64)
    world.measure(web)
    cancelled = world.change(web, memory=6)
    world.checkout(cancelled)
    cancel(world.owner, cancelled.reference)
    expired = world.change(web, memory=6)
    world.wait(hours=2)
    assert world.reread(expired).status == states.EXPIRED
    world.voucher()
    bought = world.change(web, voucher="SUMMER", memory=8)
    world.pay(bought)
    world.work()
    world.hypervisor.busy(web.external_id)
    down = world.change(web, backups=4)
    world.work()
    world.hypervisor.not_busy(web.external_id)
    staff_actions.take_over(staff, down.reference, "mine")
    staff_actions.retry(staff, down.reference, "free again")
    world.work()
    assert world.reread(down).status == states.APPLIED
    world.gift(50_000, until="2026-12-31T00:00+09:00")
    world.hypervisor.change_component(web.external_id, "cpu", refuses="no such core")
    world.change(web, cpu=4, disk=120)
    world.work()
    assert Change.objects.filter(status=states.PARTLY_APPLIED).exists()

    seen = {tuple(held) for held in locks}
    assert {table for held in seen for table in held} >= set(ORDER)
    for held in seen:
        ranks = [ORDER.index(table) for table in held if table in ORDER]
        assert ranks == sorted(ranks), held


def test_customers_are_locked_before_money_moves(world: World, web: Service) -> None:
    """A forgotten lock fails at once, not once a year."""
    world.gift(100, until="2026-12-31T00:00+09:00")
    purse = Customer.objects.get(pk=world.customer.pk).purses.get()
    with transaction.atomic(), pytest.raises(AssertionError, match="must be locked"):
        move(
            customer_id=world.customer.pk, currency="JPY", movements=[Movement(purse.pk, 1)], key="x", what="granted",
            against=[(accounts.gifts("JPY"), 1)], origin="x", at=clock.now(),
        )  # fmt: skip


# --- terms ------------------------------------------------------------------------------------------------


def test_one_form_pressed_five_times_at_once_sells_one_service(world: World, gate: Gate) -> None:
    world.open(OPEN)
    wanted = world.wanted(months=12)
    staff = world.staff
    with gate.on("customers_customer", world.customer.pk) as held:
        clicks = [held.let_in(lambda: sell_once(wanted, staff)) for _ in range(5)]
    assert len({click.result().pk for click in clicks}) == 1
    assert (SoldTerm.objects.count(), Invoice.objects.count(), Service.objects.count()) == (1, 1, 1)


def sell_once(wanted: Wanted, staff: User) -> SoldTerm:
    return sell(wanted, shown_minor=68_376, key="one form", staff=staff, payment=Payment())


def renew_once(service: Service, staff: User, key: str) -> SoldTerm:
    return renew(
        service, 6, shown_minor=34_188, shown_version=service.version, key=key, staff=staff, payment=Payment()
    )


def test_two_of_staff_renew_a_service_once(world: World, web: Service, gate: Gate) -> None:
    staff = world.staff
    with gate.on("customers_customer", world.customer.pk) as held:
        first, second = (held.let_in(lambda k=key: renew_once(web, staff, k)) for key in ("mine", "yours"))
    assert first.result().kind == "renewal"
    assert isinstance(second.error(), CannotSell)
    assert (SoldTerm.objects.count(), Invoice.objects.count()) == (1, 1)


@pytest.mark.parametrize("first", ["change", "renewal"])
def test_a_change_and_a_renewal_at_once_are_one_of_them(
    world: World, web: Service, gate: Gate, first: str
) -> None:
    """Both were shown as possible; whoever comes second is refused, whichever that is."""
    quote, staff = world.quote(web, memory=8), world.staff
    doing: dict[str, Callable[[], Any]] = {
        "change": lambda: world.submit(quote), "renewal": lambda: renew_once(web, staff, "k"),
    }  # fmt: skip
    order = sorted(doing, key=lambda what: what != first)
    with gate.on("customers_customer", world.customer.pk) as held:
        done, late = (held.let_in(doing[what]) for what in order)
    assert done.result() is not None
    assert isinstance(late.error(), CannotSell if first == "change" else Refused)
    assert (Change.objects.count(), SoldTerm.objects.count()) == ((1, 0) if first == "change" else (0, 1))
    assert Invoice.objects.count() == 1


def test_the_money_and_the_sweep_meet_at_the_deadline_of_a_term(
    world: World, web: Service, gate: Gate
) -> None:
    """Whichever comes first has the invoice; the other finds it so, and no money is lost."""
    term = renew_once(web, world.staff, "k")
    attempt = world.checkout(term)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    world.clock.forward(timedelta(days=8))
    with gate.on("customers_customer", world.customer.pk) as held:
        money = held.let_in(lambda: look(attempt.pk))
        sweep = held.let_in(lambda: close.expire(term.pk))
    money.result()
    assert isinstance(sweep.error(), CannotSell)
    world.work()
    assert (world.reread(term).status, world.credit()) == ("paid", 0)
