"""Money that came without a reference that tells whose it is: staff assign it, or set it aside."""

from __future__ import annotations

from typing import Any

import pytest

from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.notices.models import Mail
from prorata.payments.bank import match as matching
from prorata.payments.bank.allocate import CannotAssign, set_aside, to_credit, to_invoice
from prorata.payments.bank.match import match
from prorata.payments.bank.propose import proposals
from prorata.payments.bank.take_in import keep, preview, take_in
from prorata.payments.models import PaymentAttempt
from prorata.services.models import Service
from support.bank import ACTOR, Entry, bank_account, camt, line, statement
from support.transfers import PAID, change, choose, web
from support.world import World

__all__ = ["change", "web"]


def test_money_without_a_reference_waits_for_staff(world: World, change: Change) -> None:
    choose(world, change)
    statement(Entry(amount=5_596, text="web server, thank you"))
    world.work()
    assert world.reread(change).status == states.AWAITING_PAYMENT
    assert world.ledger() == {"gateway/bank/clearing": 5_596, "suspense": -5_596}

    to_invoice(line(), change.invoice.pk, actor=ACTOR, reason="the amount and the name")
    world.work()

    assert world.reread(change).status == states.APPLIED
    assert world.ledger() == PAID


def test_staff_assign_to_an_invoice_that_was_to_be_paid_by_card(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    card = choose(world, change, "card")
    statement(Entry(amount=5_596, text="web-01"))
    to_invoice(line(), change.invoice.pk, actor=ACTOR)
    world.wait(minutes=2)

    assert world.reread(change).status == states.APPLIED
    assert world.reread(card).state == "cancelled"
    made = PaymentAttempt.objects.get(gateway="bank")
    assert (made.state, made.amount_minor, made.made_by) == ("succeeded", 5_596, ACTOR)


def test_staff_assign_to_account_credit_and_the_customer_is_told(world: World, web: Service) -> None:
    statement(Entry(amount=3_000, text="for later"))
    to_credit(line(), world.customer, actor=ACTOR, reason="Prepaid, as agreed.")
    world.work()
    assert world.log() == [("transferred", 3_000, 3_000)]
    assert world.ledger() == {"gateway/bank/clearing": 3_000, "purse/1": -3_000}
    mail = Mail.objects.get(key__startswith="transfer.credited:")
    assert (mail.to, mail.state) == (world.customer.email, "sent")
    assert "3,000" in mail.subject
    assert "Prepaid, as agreed." in mail.body


def test_one_transfer_for_two_invoices_is_assigned_in_two_parts(world: World, change: Change) -> None:
    other = world.change(world.service(paid=34_188, name="web-02"), memory=8)
    both = 5_596 + other.invoice.due_minor
    statement(Entry(amount=both, text="both servers"))
    to_invoice(line(), change.invoice.pk, amount_minor=5_596, actor=ACTOR)
    to_invoice(line(), other.invoice.pk, actor=ACTOR)
    world.work()
    assert {world.reread(one).status for one in (change, other)} == {states.APPLIED}
    assert world.ledger()["gateway/bank/clearing"] == both
    with world.unchanged(), pytest.raises(CannotAssign, match="assigned already"):
        to_credit(line(), world.customer, actor=ACTOR)


def test_money_that_is_not_ours_is_set_aside_with_a_reason(world: World, web: Service) -> None:
    statement(Entry(amount=9_000, text="rent", name="Somebody Else"))
    with world.unchanged(), pytest.raises(CannotAssign, match="Write the reason"):
        set_aside(line(), "returned", reason=" ", actor=ACTOR)
    set_aside(line(), "returned", reason="Sent to us by mistake.", actor=ACTOR)
    assert world.ledger() == {"gateway/bank/clearing": 9_000, "outside": -9_000}

    statement(Entry(amount=-9_000, text="rent back", name="Somebody Else", on="2026-08-19"), ref="2026-163")
    assert world.ledger() == {}


def test_money_that_goes_out_is_listed_and_cannot_be_assigned(world: World, web: Service) -> None:
    statement(Entry(amount=-250, text="account fee", name=""))
    assert line().amount_minor == -250
    assert world.ledger() == {"gateway/bank/clearing": -250, "outside": 250}
    with world.unchanged(), pytest.raises(CannotAssign, match="went out"):
        to_credit(line(), world.customer, actor=ACTOR)


def test_a_closed_invoice_that_never_awaited_a_transfer_takes_none(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    cancel(world.owner, change.reference)
    statement(Entry(amount=5_596, text="web-01"))
    with world.unchanged(), pytest.raises(CannotAssign, match=r"is cancelled .* account credit of Tanaka"):
        to_invoice(line(), change.invoice.pk, actor=ACTOR)


def test_another_currency_is_never_converted(world: World, change: Change) -> None:
    """The reference is right, and the money is in euro: it waits, in euro."""
    attempt = choose(world, change)
    bank_account(world.seller, "EUR")
    euro = Entry(amount=5_596, text=attempt.gateway_ref)
    file = keep(camt(euro, currency="EUR"), "euro.xml", None, ACTOR)
    assert [one.attempt for one in preview(file)] == [None]
    take_in(file, actor=ACTOR)
    world.work()
    assert world.ledger("EUR") == {"gateway/bank/clearing": 5_596, "suspense": -5_596}
    with world.unchanged(), pytest.raises(CannotAssign, match="is in JPY, the money is EUR"):
        to_invoice(line(), change.invoice.pk, actor=ACTOR)
    to_credit(line(), world.customer, actor=ACTOR)
    assert world.credit("EUR") == 5_596


def test_two_references_in_one_text_are_left_to_staff(world: World, change: Change) -> None:
    other = world.submit(
        world.quote(world.service(paid=34_188, name="web-02"), memory=8), method="bank_transfer"
    )
    text = f"{choose(world, change).gateway_ref} and {choose(world, other).gateway_ref}"
    assert statement(Entry(amount=11_192, text=text)).matched == 0
    assert world.ledger() == {"gateway/bank/clearing": 11_192, "suspense": -11_192}


def test_a_sum_of_several_payments_is_not_given_to_the_one_that_names_its_invoice(
    world: World, change: Change
) -> None:
    """2026-11-26: the bank gives 15,596 in one, of three payments without their amounts; all of it was one customer's."""
    reference = choose(world, change).gateway_ref
    parts = [(5_596, reference, "Tanaka Design"), (4_000, "invoice 7", "Suzuki"), (1, "thank you", "Sato")]
    assert statement(Entry(amount=15_596, parts=parts)).matched == 0
    world.work()
    assert match(line().pk) is None
    assert world.ledger() == {"gateway/bank/clearing": 15_596, "suspense": -15_596}
    assert proposals(line())[0].invoice == change.invoice
    to_invoice(line(), change.invoice.pk, amount_minor=5_596, actor=ACTOR)
    assert (world.ledger()["suspense"], world.reread(change.invoice).status) == (-10_000, "paid")


def test_what_staff_begin_to_assign_is_not_finished_by_the_worker(
    world: World, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2026-11-26: between the worker's look and its lock staff gave a part to somebody else; it took the rest."""
    statement(Entry(amount=5_596, text="no reference"))
    attempt, real = choose(world, change), matching.attempt_of

    def slow(text: str, account: Any) -> Any:
        to_credit(line(), world.customer, amount_minor=3_000, actor=ACTOR)
        monkeypatch.setattr(matching, "attempt_of", real)
        return attempt

    monkeypatch.setattr(matching, "attempt_of", slow)
    assert match(line().pk) is None
    assert (world.ledger()["suspense"], world.credit()) == (-2_596, 3_000)
