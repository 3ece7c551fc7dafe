"""What was assigned is taken back: from an open invoice, from credit, or as a debt."""

from __future__ import annotations

import pytest

from prorata.changes import states
from prorata.changes.models import Change
from prorata.customers.models import Customer
from prorata.invoices.models import Invoice
from prorata.notices.models import Mail
from prorata.payments.bank.allocate import CannotAssign, set_aside, to_credit, to_debt, to_invoice
from prorata.payments.bank.debts import debt
from prorata.payments.bank.match import match
from prorata.payments.bank.models import Allocation, StatementLine
from prorata.payments.bank.take_back import CannotTakeBack, take_back, way_back
from prorata.payments.look import look
from prorata.services.models import Service
from support.bank import ACTOR, Entry, line, statement
from support.transfers import BOUGHT, change, choose, owed, web
from support.world import World

__all__ = ["change", "web"]


def somebody(world: World) -> Customer:
    return world.new_customer("Suzuki Works", "ken@example.com")[0]


def test_a_part_on_an_open_invoice_is_taken_back_and_given_to_whom_it_belongs(
    world: World, change: Change
) -> None:
    choose(world, change)
    statement(Entry(amount=5_000, text="server", name="Suzuki Works"))
    first = to_invoice(line(), change.invoice.pk, actor=ACTOR)
    assert world.reread(change.invoice).received_minor == 5_000

    take_back(first.pk, shown_debt_minor=0, reason="It was from Suzuki Works.", actor=ACTOR)
    assert world.reread(change.invoice).due_minor == 5_596
    assert world.ledger() == {"gateway/bank/clearing": 5_000, "suspense": -5_000}
    with world.unchanged(), pytest.raises(CannotTakeBack, match="already"):
        take_back(first.pk, shown_debt_minor=0, reason="again", actor=ACTOR)

    second = to_credit(line(), somebody(world), actor=ACTOR)
    assert (second.position, str(second)) == (2, f"{line().pk}-2")
    assert world.credit() == 0
    assert world.ledger() == {"gateway/bank/clearing": 5_000, "purse/1": -5_000}


def test_credit_that_is_still_there_is_taken_back(world: World, web: Service) -> None:
    statement(Entry(amount=3_000, text="for later"))
    first = to_credit(line(), world.customer, actor=ACTOR)
    take_back(first.pk, shown_debt_minor=0, reason="It was from Suzuki Works.", actor=ACTOR)
    world.work()
    assert world.log() == [("transferred", 3_000, 3_000), ("unassigned", -3_000, 0)]
    assert debt(world.customer.pk, "JPY") == 0
    assert "3,000" in Mail.objects.get(key__startswith="transfer.taken_back:").body


def test_credit_that_was_spent_becomes_a_debt_which_a_transfer_pays(world: World, web: Service) -> None:
    """7,000 are credited by mistake, 5,596 are spent on a change: 1,404 come back, the rest is owed, later paid."""
    statement(Entry(amount=7_000, text="server", name="Suzuki Works"))
    first = to_credit(line(), world.customer, actor=ACTOR)
    change = world.change(web, memory=8)
    world.work()
    assert world.reread(change).status == states.APPLIED

    way = way_back(first)
    assert (way.from_invoice_minor, way.from_purse_minor, way.debt_minor) == (0, 1_404, 5_596)
    with world.unchanged(), pytest.raises(CannotTakeBack, match="Look at what would happen now"):
        take_back(first.pk, shown_debt_minor=0, reason="Suzuki's", actor=ACTOR)
    take_back(first.pk, shown_debt_minor=5_596, reason="It was from Suzuki Works.", actor=ACTOR)
    world.work()

    assert (world.credit(), debt(world.customer.pk, "JPY")) == (0, 5_596)
    assert world.ledger() == {
        "gateway/bank/clearing": 7_000, "suspense": -7_000, owed(world): 5_596, **BOUGHT,
    }  # fmt: skip
    assert world.measured(web)["memory"] == 8
    assert "5,596" in Mail.objects.get(key__startswith="transfer.taken_back:").body

    statement(Entry(amount=6_000, text="what I owe", on="2026-08-19"), ref="2026-163")
    with world.unchanged(), pytest.raises(CannotAssign, match="owes 5,596 JPY"):
        to_debt(line(), world.customer, actor=ACTOR)
    to_debt(line(), world.customer, amount_minor=5_596, actor=ACTOR)
    assert debt(world.customer.pk, "JPY") == 0
    assert world.ledger() == {"gateway/bank/clearing": 13_000, "suspense": -7_404, **BOUGHT}


def test_money_that_paid_an_applied_change_becomes_a_debt(world: World, change: Change) -> None:
    """What was bought stays: the invoice stays paid, and the customer owes what was not his."""
    choose(world, change)
    statement(Entry(amount=6_000, text="server", name="Suzuki Works"))
    first = to_invoice(line(), change.invoice.pk, actor=ACTOR)
    world.work()
    assert world.reread(change).status == states.APPLIED

    take_back(first.pk, shown_debt_minor=5_596, reason="It was from Suzuki Works.", actor=ACTOR)
    world.work()

    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.received_minor) == ("paid", 5_596)
    assert world.log() == [("surplus", 404, 404), ("unassigned", -404, 0)]
    assert world.ledger() == {
        "gateway/bank/clearing": 6_000, "suspense": -6_000, owed(world): 5_596, **BOUGHT,
    }  # fmt: skip
    to_credit(line(), somebody(world), actor=ACTOR)
    assert world.ledger()["purse/2"] == -6_000


def test_a_part_that_became_credit_when_the_invoice_expired_is_taken_back_from_there(
    world: World, change: Change
) -> None:
    statement(Entry(amount=5_000, text=choose(world, change).gateway_ref))
    world.wait(days=7, minutes=10)
    first = Allocation.objects.get()
    take_back(first.pk, shown_debt_minor=0, reason="It was from Suzuki Works.", actor=ACTOR)
    assert world.log() == [("returned", 5_000, 5_000), ("unassigned", -5_000, 0)]
    assert match(first.line_id) is None, "what staff took back is not assigned by itself again"
    assert world.ledger() == {"gateway/bank/clearing": 5_000, "suspense": -5_000}


def test_what_was_set_aside_is_taken_back(world: World, web: Service) -> None:
    statement(Entry(amount=9_000, text="rent"))
    first = set_aside(line(), "not_ours", reason="A deposit of the owner.", actor=ACTOR)
    take_back(first.pk, shown_debt_minor=0, reason="It was a customer's after all.", actor=ACTOR)
    assert world.ledger() == {"gateway/bank/clearing": 9_000, "suspense": -9_000}


def test_a_debt_that_was_paid_by_mistake_is_owed_again(world: World, web: Service) -> None:
    statement(Entry(amount=5_596, text="server", name="Suzuki Works"))
    first = to_credit(line(), world.customer, actor=ACTOR)
    world.change(web, memory=8)
    take_back(first.pk, shown_debt_minor=5_596, reason="Suzuki's", actor=ACTOR)
    paid = to_debt(line(), world.customer, actor=ACTOR)
    assert debt(world.customer.pk, "JPY") == 0
    take_back(paid.pk, shown_debt_minor=5_596, reason="Not his either.", actor=ACTOR)
    assert debt(world.customer.pk, "JPY") == 5_596
    assert StatementLine.objects.count() == 1


def test_what_a_dispute_left_owed_is_paid_by_transfer(world: World, change: Change) -> None:
    """The bank took the card's 5,596 back after they had bought the memory: all of it is owed, and one transfer pays it."""
    paid = world.pay(change)
    world.work()
    world.gateway.dispute(paid.gateway_ref)
    look(paid.pk)
    assert debt(world.customer.pk, "JPY") == world.ledger()[owed(world)] == 5_596

    statement(Entry(amount=5_596, text="what I owe", name="Tanaka Design"))
    to_debt(line(), world.customer, actor=ACTOR)
    assert debt(world.customer.pk, "JPY") == 0
    assert world.ledger() == {"gateway/bank/clearing": 5_596, **BOUGHT}


@pytest.mark.parametrize(("transferred", "credit"), [(5_596, 5_596), (2_000, 2_000), (0, 0)])
def test_a_dispute_won_after_its_debt_was_paid_gives_the_customer_his_transfer_as_credit(
    world: World, change: Change, transferred: int, credit: int
) -> None:
    """2026-11-26: the debt fell below zero, where nobody saw it: we had the card's money and the transfer."""
    paid = world.pay(change)
    world.work()
    disputed = world.gateway.dispute(paid.gateway_ref)
    look(paid.pk)
    if transferred:
        statement(Entry(amount=transferred, text="what I owe", name="Tanaka Design"))
        to_debt(line(), world.customer, actor=ACTOR)
    world.gateway.move_dispute(disputed, "won")
    look(paid.pk)
    assert (debt(world.customer.pk, "JPY"), world.credit()) == (0, credit)
    assert owed(world) not in world.ledger()
