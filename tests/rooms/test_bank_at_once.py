"""Two of staff at the same money, two imports at once, an import beside an assignment: who comes second reads why."""

from __future__ import annotations

import pytest

from prorata.changes.models import Change
from prorata.changes.pay import start_paying
from prorata.payments.bank.allocate import CannotAssign, set_aside, to_credit, to_invoice
from prorata.payments.bank.match import match
from prorata.payments.bank.models import Allocation, StatementLine, Unallocation
from prorata.payments.bank.take_back import CannotTakeBack, take_back
from prorata.payments.bank.take_in import keep, take_in
from prorata.payments.models import Capture, PaymentAttempt
from support.at_once import no_deadlock
from support.bank import ACTOR, Entry, bank_account, camt, line, statement
from support.threads import Gate, all_at_once, gate
from support.world import World

__all__ = ["gate", "no_deadlock"]


@pytest.fixture
def change(world: World) -> Change:
    web = world.web_01("2026-08-15T14:02+09:00")
    bank_account(world.seller)
    change = world.submit(world.quote(web, memory=8), method="bank_transfer")
    start_paying(world.owner, change.invoice, "bank_transfer")
    return change


def reference() -> str:
    return PaymentAttempt.objects.get().gateway_ref


def test_of_two_who_assign_the_same_money_one_wins(world: World, change: Change, gate: Gate) -> None:
    """Both stand before the customer's row; the second sees what the first did."""
    statement(Entry(amount=5_596, text="thanks"))
    found = line()
    with gate.on("customers_customer", world.customer.pk) as held:
        first = held.let_in(lambda: to_invoice(found, change.invoice.pk, actor="user:1"))
        second = held.let_in(lambda: to_credit(found, world.customer, actor="user:2"))
    assert first.result().what == "invoice"
    assert isinstance(second.error(), CannotAssign)
    assert "assigned already, perhaps a moment ago by somebody else" in str(second.error())
    assert Allocation.objects.count() == 1


def test_of_many_at_once_with_different_customers_one_wins(world: World, change: Change) -> None:
    """No row of a customer holds them apart, only the line's own lock."""
    others = [world.new_customer(f"Customer {n}", f"c{n}@example.com")[0] for n in range(4)]
    statement(Entry(amount=5_596, text="thanks"))
    found = line()
    credits = [lambda one=one: to_credit(found, one, actor=ACTOR) for one in others]
    doing = all_at_once(
        [*credits, lambda: to_invoice(found, change.invoice.pk, actor=ACTOR),
         lambda: set_aside(found, "returned", reason="a mistake", actor=ACTOR)]
    )  # fmt: skip
    errors = [one.error() for one in doing if one.error() is not None]
    assert len(errors) == 5
    assert all(isinstance(error, CannotAssign) for error in errors), errors
    assert sum(Allocation.objects.values_list("amount_minor", flat=True)) == 5_596


def test_parts_at_once_are_never_more_than_the_whole(world: World, change: Change) -> None:
    others = [world.new_customer(f"Customer {n}", f"c{n}@example.com")[0] for n in range(5)]
    statement(Entry(amount=1_000, text="thanks"))
    found = line()
    doing = all_at_once(
        [lambda one=one: to_credit(found, one, amount_minor=400, actor=ACTOR) for one in others]
    )
    assert sum(one.error() is None for one in doing) == 2
    assert any("200 JPY of it are not assigned yet" in str(one.error()) for one in doing)


def test_the_same_file_imported_twice_at_once_adds_its_lines_once(world: World, change: Change) -> None:
    entries = [
        Entry(amount=5_596, text=reference()),
        Entry(amount=700, text="x"),
        Entry(amount=700, text="x"),
    ]
    file = keep(camt(*entries), "a.xml", None, ACTOR)
    doing = all_at_once([lambda: take_in(file, actor=ACTOR)] * 3)
    assert sorted(one.result().new for one in doing) == [0, 0, 3]
    assert StatementLine.objects.count() == 3
    assert Capture.objects.count() == 1


def test_overlapping_files_at_once_add_each_line_once(world: World, change: Change) -> None:
    a, b, c = (Entry(amount=100 + n, text=f"line {n}") for n in range(3))
    files = [
        keep(camt(*both, ref=str(n)), f"{n}.xml", None, ACTOR) for n, both in enumerate([(a, b), (b, c)])
    ]
    doing = all_at_once([lambda file=file: take_in(file, actor=ACTOR) for file in files])
    assert sum(one.result().new for one in doing) == 3
    assert StatementLine.objects.count() == 3


def test_an_import_beside_an_assignment(world: World, change: Change) -> None:
    """The next statement comes in while staff assign the line of the one before; the worker matches at the same time."""
    other = world.new_customer("Suzuki Works", "ken@example.com")[0]
    statement(Entry(amount=700, text="x"))
    first = line()
    file = keep(
        camt(Entry(amount=700, text="x"), Entry(amount=5_596, text=reference())), "b.xml", None, ACTOR
    )
    doing = all_at_once([lambda: take_in(file, actor=ACTOR), lambda: to_credit(first, other, actor=ACTOR)])
    assert [one.error() for one in doing] == [None, None]
    all_at_once([lambda: match(line().pk)] * 3)
    assert Allocation.objects.count() == 2
    assert Capture.objects.get().amount_minor == 5_596


def test_of_two_who_take_back_the_same_assignment_one_does(world: World, change: Change, gate: Gate) -> None:
    statement(Entry(amount=700, text="x"))
    given = to_credit(line(), world.customer, actor=ACTOR)
    with gate.on("customers_customer", world.customer.pk) as held:
        doing = [
            held.let_in(lambda: take_back(given.pk, shown_debt_minor=0, reason="not his", actor=ACTOR))
            for _ in range(2)
        ]
    assert doing[0].error() is None
    assert isinstance(doing[1].error(), CannotTakeBack)
    assert "taken back already" in str(doing[1].error())
    assert Unallocation.objects.count() == 1


def test_credit_that_is_spent_while_it_is_taken_back(world: World, change: Change, gate: Gate) -> None:
    """The purse is looked at under the lock: what was agreed to does not hold any more, and nothing happens."""
    statement(Entry(amount=7_000, text="x"))
    given = to_credit(line(), world.customer, actor=ACTOR)
    other = world.quote(world.service(paid=34_188, name="web-02"), memory=8)
    with gate.on("customers_customer", world.customer.pk) as held:
        spends = held.let_in(lambda: world.submit(other))
        takes = held.let_in(lambda: take_back(given.pk, shown_debt_minor=0, reason="not his", actor=ACTOR))
    assert spends.error() is None
    assert "Look at what would happen now" in str(takes.error())
    assert Unallocation.objects.count() == 0
