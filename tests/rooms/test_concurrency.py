"""Several at once, on real connections: who comes second gets the same answer or a refusal, never half of anything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from prorata import clock
from prorata.catalog.models import Product
from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change, Quote
from prorata.changes.refusals import Refused
from prorata.credit.grant import grant_gifted
from prorata.credit.models import Pledge, VoucherUse
from prorata.customers.lock import lock_customer
from prorata.customers.models import User
from prorata.invoices.models import Invoice, NumberSeries
from prorata.invoices.numbers import take
from prorata.ledger.accounts import AccountName
from prorata.ledger.models import Account, Transfer
from prorata.ledger.post import post
from prorata.provisioning.models import Host, Reservation
from prorata.recognition.models import Day, Recognised
from prorata.recognition.recognise import recognise
from prorata.services.lock import lock_service
from prorata.services.models import Service
from support.at_once import LATER, OPEN, no_deadlock, refusal, web
from support.threads import Doing, Gate, all_at_once, gate
from support.world import World

__all__ = ["gate", "no_deadlock", "web"]


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


@pytest.mark.timeout(1_800)
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
