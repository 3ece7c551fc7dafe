"""Money that goes back: refunded by staff, by hand at the processor, or taken by the customer's bank. 5,596 was paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from prorata import clock
from prorata.changes.models import Change
from prorata.credit.correct import correct_account
from prorata.notices.models import Mail
from prorata.payments.gateways.base import DisputeState, GatewayDispute, GatewayRefund, Happening
from prorata.payments.look import look, record
from prorata.payments.models import Capture, MoneyBack, PaymentAttempt, Refund
from prorata.payments.reconcile import reconcile
from prorata.payments.record_capture import Mismatch
from prorata.payments.refund import CannotRefund, left_of, refund, settle_refund
from prorata.payments.registry import gateway
from support.world import World

PAID = {"gateway/sandbox/clearing": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}


@pytest.fixture
def paid(world: World) -> PaymentAttempt:
    """Memory 4 to 8, paid by card and applied."""
    change = world.change(world.web_01("2026-08-15T14:02+09:00"), memory=8)
    attempt = world.pay(change)
    world.work()
    assert world.ledger() == PAID
    return attempt


def capture() -> Capture:
    return Capture.objects.get()


def give_back(world: World, amount: int) -> Refund:
    return refund(
        capture().pk, amount_minor=amount, reason="promised on the phone", actor=f"user:{world.owner.pk}"
    )


def given_back(paid: PaymentAttempt, world: World) -> int:
    return sum(row["amount_minor"] for row in world.gateway.effects(str(paid.pk))["refunds"])


# --- by staff -------------------------------------------------------------------------------------------------


def test_staff_refund_a_part_that_the_customer_then_owes(world: World, paid: PaymentAttempt) -> None:
    """Nothing is in the account credit: what went back to the card for a machine that stays big is owed."""
    made = give_back(world, 1_000)
    assert (made.state, made.amount_minor, given_back(paid, world)) == ("succeeded", 1_000, 1_000)
    assert world.ledger() == {**PAID, "gateway/sandbox/clearing": 4_596, "customer/1/owed": 1_000}
    assert (world.purses(), left_of(capture())) == ([], 4_596)


def test_a_refund_comes_from_the_account_credit_first(world: World, paid: PaymentAttempt) -> None:
    """Memory back to 4: the unused part is account credit, and goes to the card; the credit log says so."""
    world.change(Change.objects.get().service, memory=4)
    world.work()
    assert world.credit() == 5_544
    give_back(world, 1_000)
    assert world.log()[-1] == ("taken_back", -1_000, 4_544)
    correct_account(
        customer_id=world.customer.pk, amount_minor=-4_000, currency="JPY", reason="spent elsewhere", actor="user:1",
        key="k",
    )  # fmt: skip
    give_back(world, 1_000)
    assert world.log()[-1] == ("taken_back", -544, 0)
    assert [(row.credit_minor, row.owed_minor) for row in MoneyBack.objects.order_by("pk")] == [
        (1_000, 0),
        (544, 456),
    ]
    assert world.ledger()["customer/1/owed"] == 456
    assert world.ledger()["gateway/sandbox/clearing"] == 3_596


@pytest.mark.parametrize("amount", [0, -1, 5_597])
def test_never_more_than_was_captured(world: World, paid: PaymentAttempt, amount: int) -> None:
    with pytest.raises(CannotRefund, match="At most 5,596"):
        give_back(world, amount)
    give_back(world, 5_000)
    with pytest.raises(CannotRefund, match="At most 596"):
        give_back(world, 597)
    assert given_back(paid, world) == 5_000


def test_the_database_adds_up_by_itself(world: World, paid: PaymentAttempt) -> None:
    """From below the models: an intent, and a booking, of more than is left."""
    give_back(world, 5_000)
    old = MoneyBack.objects.get()
    with pytest.raises(IntegrityError, match="were taken"), transaction.atomic():
        Refund.objects.create(
            capture=capture(), amount_minor=597, currency="JPY", reason="x", made_by="x", created_at=paid.created_at,
            asked_at=paid.created_at,
        )  # fmt: skip
    with (
        pytest.raises(IntegrityError, match="were taken"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO payments_moneyback (gateway, kind, outside_id, way, capture_id, customer_id, amount_minor,"
            " currency, credit_minor, owed_minor, reason, recorded_at, transfer_id)"
            " SELECT gateway, kind, 'ref_other', way, capture_id, customer_id, 597, currency, 0, 597, '', recorded_at,"
            " (SELECT max(id) FROM ledger_transfer) + 1 FROM payments_moneyback WHERE id = %s",
            [old.pk],
        )
    for statement in ("UPDATE payments_moneyback SET amount_minor = 1", "DELETE FROM payments_refund"):
        with (
            pytest.raises(DatabaseError, match=r"permission|never deleted"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.parametrize("effect", ["before", "after"])
def test_an_unknown_refund_is_asked_for_until_it_is_known(
    world: World, paid: PaymentAttempt, effect: str
) -> None:
    """Call or answer lost: the same key is asked again, nothing goes back twice, and no second one is begun meanwhile."""
    world.gateway.fault(call="refund", effect=effect)
    made = give_back(world, 1_000)
    assert made.state == "unknown"
    with pytest.raises(CannotRefund, match="still being checked"):
        give_back(world, 500)
    assert settle_refund(made.pk).state == "succeeded"
    assert (given_back(paid, world), world.ledger()["customer/1/owed"]) == (1_000, 1_000)
    assert settle_refund(made.pk).state == "succeeded"
    assert given_back(paid, world) == 1_000


@pytest.mark.parametrize(("effect", "state"), [("before", "failed"), ("after", "succeeded")])
def test_an_unknown_refund_has_an_end_after_a_day(
    world: World, paid: PaymentAttempt, effect: str, state: str
) -> None:
    """2026-11-26: its key is forgotten, so it is not repeated; it stayed unknown for ever, and no other could be begun."""
    world.gateway.fault(call="refund", effect=effect)
    made = give_back(world, 1_000)
    assert made.state == "unknown"
    Refund.objects.filter(pk=made.pk).update(asked_at=F("asked_at") - timedelta(hours=21))
    ended = settle_refund(made.pk)
    assert (ended.state, given_back(paid, world)) == (state, 0 if effect == "before" else 1_000)
    if effect == "before":
        assert "never received" in ended.problem
        assert (left_of(capture()), give_back(world, 1_000).state) == (5_596, "succeeded")
    assert given_back(paid, world) == 1_000


def test_one_that_the_gateway_refuses_has_failed(world: World, paid: PaymentAttempt) -> None:
    """Somebody refunded by hand, and no news of it came: the gateway says how much is left."""
    world.gateway.settings(webhook_mode="never")
    world.gateway.refund_by_hand(paid.gateway_ref, 5_000)
    made = give_back(world, 1_000)
    assert made.state == "failed"
    assert "596" in made.problem
    look(paid.pk)
    assert world.ledger()["customer/1/owed"] == 5_000


def test_one_that_the_bank_sends_back(world: World, paid: PaymentAttempt) -> None:
    """Pending, booked, and then failed: the money is with us, and nobody owes anything."""
    world.gateway.settings(refund_mode="pending")
    made = give_back(world, 1_000)
    assert (made.state, world.ledger()["customer/1/owed"]) == ("pending", 1_000)
    world.gateway.end_refund(made.refund_id, "failed")
    look(paid.pk)
    assert (world.reread(made).state, world.ledger()) == ("failed", PAID)
    assert [(row.way, row.owed_minor) for row in MoneyBack.objects.order_by("pk")] == [
        ("out", 1_000),
        ("in", 1_000),
    ]
    assert left_of(capture()) == 5_596


@pytest.mark.parametrize(("ends", "state"), [("succeeded", "succeeded"), ("failed", "failed")])
def test_an_older_answer_that_is_read_last_moves_no_refund_back(
    world: World, paid: PaymentAttempt, ends: str, state: str
) -> None:
    """2026-11-26: two looks at once; the database refused the step back, and whoever looked got an error."""
    world.gateway.settings(refund_mode="pending")
    made = give_back(world, 1_000)
    adapter = gateway("sandbox")
    older = adapter.fetch(paid.gateway_ref)
    world.gateway.end_refund(made.refund_id, ends)
    look(paid.pk)
    record(paid, older, payee=adapter.payee)
    assert world.reread(made).state == state


def test_without_a_reason_nothing_is_begun(world: World, paid: PaymentAttempt) -> None:
    with pytest.raises(CannotRefund, match="Write the reason"):
        refund(capture().pk, amount_minor=1, reason="  ", actor="user:1")
    assert not Refund.objects.exists()


# --- by others ------------------------------------------------------------------------------------------------


def test_one_made_by_hand_is_booked_by_its_webhook(world: World, paid: PaymentAttempt) -> None:
    world.gateway.refund_by_hand(paid.gateway_ref, 2_000)
    look(paid.pk)
    look(paid.pk)
    assert world.ledger() == {**PAID, "gateway/sandbox/clearing": 3_596, "customer/1/owed": 2_000}
    assert MoneyBack.objects.get().kind == "refund"
    assert not Refund.objects.exists()


def test_one_that_no_webhook_told_is_found_by_the_daily_comparison(
    world: World, paid: PaymentAttempt
) -> None:
    """And so is its end: the bank sent it back."""
    world.gateway.settings(webhook_mode="never")
    made = world.gateway.refund_by_hand(paid.gateway_ref, 2_000)
    run = reconcile("sandbox")
    assert run is not None
    assert run.booked == 1
    assert world.ledger()["customer/1/owed"] == 2_000
    world.gateway.end_refund(made, "failed")
    run = reconcile("sandbox")
    assert run is not None
    assert not [one for one in run.differences if one["ref"] == paid.gateway_ref]
    assert world.ledger() == PAID
    assert MoneyBack.objects.count() == 2


def test_a_dispute_after_the_money_was_spent_is_owed(
    world: World, paid: PaymentAttempt, settings: Any
) -> None:
    """The bank takes all of it; the machine stays as it is, staff are told, and no purse goes below zero."""
    settings.PRORATA_STAFF_EMAIL = "desk@example.com"
    disputed = world.gateway.dispute(paid.gateway_ref)
    look(paid.pk)
    world.work()
    owed = {"revenue/deferred": -5_088, "tax/0.1": -508, "customer/1/owed": 5_596}
    assert world.ledger() == owed
    assert world.measured(Change.objects.get().service)["memory"] == 8
    assert "5,596" in Mail.objects.get(key__startswith="payment.taken_back:").body
    world.gateway.move_dispute(disputed, "lost")
    look(paid.pk)
    assert world.ledger() == owed


def test_a_dispute_that_is_won_leaves_nothing(world: World, paid: PaymentAttempt) -> None:
    disputed = world.gateway.dispute(paid.gateway_ref)
    look(paid.pk)
    world.gateway.move_dispute(disputed, "won")
    look(paid.pk)
    look(paid.pk)
    assert world.ledger() == PAID
    assert [(row.kind, row.way) for row in MoneyBack.objects.order_by("pk")] == [
        ("dispute", "out"),
        ("dispute", "in"),
    ]


def told(monkeypatch: pytest.MonkeyPatch, paid: PaymentAttempt, **more: Any) -> None:
    """From now on the gateway says this of the payment too."""
    seen = replace(gateway("sandbox").fetch(paid.gateway_ref), **more)
    monkeypatch.setattr(gateway("sandbox"), "fetch", lambda ref: seen)


def dispute(amount: int, *, state: DisputeState = "open", currency: str = "JPY") -> GatewayDispute:
    return GatewayDispute(
        id="dp_1", capture_id=capture().capture_id, amount_minor=amount, currency=currency, state=state,
        opened_at=clock.machine_now(),
    )  # fmt: skip


@pytest.mark.parametrize(("refunded", "disputed"), [(1_000, 5_596), (0, 5_600), (5_596, 5_596)])
def test_a_dispute_over_more_than_is_left_is_booked_as_far_as_it_goes(
    world: World, paid: PaymentAttempt, monkeypatch: pytest.MonkeyPatch, refunded: int, disputed: int
) -> None:
    """2026-11-26: the exchange rate moved, or the payment had been refunded; the database refused it all, at each look."""
    if refunded:
        world.gateway.refund_by_hand(paid.gateway_ref, refunded)
        look(paid.pk)
    told(monkeypatch, paid, disputes=(dispute(disputed),))
    with pytest.raises(
        Mismatch, match=f"dispute dp_1 of {disputed} JPY .* more than the {5_596 - refunded} "
    ):
        look(paid.pk)
    assert world.ledger() == {"customer/1/owed": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}
    if refunded < 5_596:
        look(paid.pk)  # said once; the daily comparison names the amounts


def test_a_dispute_that_is_lost_in_part_leaves_that_part(
    world: World, paid: PaymentAttempt, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2026-11-27: 2,000 of 5,596 were lost, and all of it was booked. 4,000 of credit were there: the debt goes first."""
    settings.PRORATA_STAFF_EMAIL = "desk@example.com"
    correct_account(
        customer_id=world.customer.pk, amount_minor=4_000, currency="JPY", reason="sorry", actor="user:1", key="k"
    )  # fmt: skip
    told(monkeypatch, paid, disputes=(dispute(5_596),))
    look(paid.pk)
    assert (world.credit(), world.ledger()["customer/1/owed"]) == (0, 1_596)
    told(monkeypatch, paid, disputes=(replace(dispute(5_596, state="lost"), kept_minor=2_000),))
    look(paid.pk)
    look(paid.pk)
    assert (world.credit(), "customer/1/owed" in world.ledger()) == (2_000, False)
    assert world.ledger()["gateway/sandbox/clearing"] == 3_596
    world.work()
    assert "2,000 JPY of it are lost, and 3,596 JPY are back" in " ".join(
        Mail.objects.get(subject__startswith="3,596").body.split()
    )

    told(monkeypatch, paid, disputes=(dispute(5_596, state="won"),))
    with pytest.raises(Mismatch, match="lost in part, and more of it has returned"):
        look(paid.pk)
    told(monkeypatch, paid, disputes=(dispute(5_596, state="lost"),))
    with pytest.raises(Mismatch, match="the money left again"):
        look(paid.pk)
    assert world.ledger()["gateway/sandbox/clearing"] == 3_596


def test_a_dispute_that_is_first_heard_of_when_a_part_is_lost(
    world: World, paid: PaymentAttempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And of a payment of which 5,000 were refunded before: 500 of the 596 that are left."""
    world.gateway.refund_by_hand(paid.gateway_ref, 5_000)
    look(paid.pk)
    seen = gateway("sandbox").fetch(paid.gateway_ref)
    told(
        monkeypatch,
        paid,
        disputes=(replace(dispute(5_596, state="lost"), kept_minor=500),),
        refunds=seen.refunds,
    )
    look(paid.pk)
    assert world.ledger() == {**PAID, "gateway/sandbox/clearing": 96, "customer/1/owed": 5_500}


def test_a_dispute_that_was_booked_in_part_is_won_as_it_was_booked(
    world: World, paid: PaymentAttempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2026-11-26: and a refund made afterwards finds what returned with it."""
    told(monkeypatch, paid, disputes=(dispute(5_600),))
    with pytest.raises(Mismatch):
        look(paid.pk)
    again = GatewayRefund(
        id="re_1", key="", capture_id=capture().capture_id, amount_minor=5_000, currency="JPY", state="succeeded",
        created_at=clock.machine_now(),
    )  # fmt: skip
    told(monkeypatch, paid, disputes=(dispute(5_600, state="won"),), refunds=(again,))
    look(paid.pk)
    assert world.ledger() == {**PAID, "gateway/sandbox/clearing": 596, "customer/1/owed": 5_000}


def test_a_dispute_in_another_currency_is_told_and_never_converted(
    world: World, paid: PaymentAttempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2026-11-26: 33.12 dollars were booked as 3,312 yen."""
    told(monkeypatch, paid, disputes=(dispute(3_312, currency="USD"),))
    with pytest.raises(Mismatch, match="dispute dp_1 of 3312 USD"):
        look(paid.pk)
    assert (world.ledger(), MoneyBack.objects.count()) == (PAID, 0)


def test_a_dispute_that_is_lost_after_it_was_won_is_told_each_day(
    world: World, paid: PaymentAttempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2026-11-26: the bank took the money again in a second round, and nobody heard of it."""
    states: tuple[DisputeState, ...] = ("open", "won", "open")
    for state in states:
        told(monkeypatch, paid, disputes=(dispute(5_596, state=state),))
        look(paid.pk)
    told(monkeypatch, paid, disputes=(dispute(5_596, state="lost"),))
    with pytest.raises(Mismatch, match="lost after it was won"):
        look(paid.pk)
    assert world.ledger() == PAID
    listed = Happening(
        kind="dispute", id="dp_1", ref=paid.gateway_ref, capture_id=capture().capture_id, amount_minor=5_596,
        currency="JPY", at=clock.machine_now(),
    )  # fmt: skip
    monkeypatch.setattr(gateway("sandbox"), "happened_since", lambda since: (listed,))
    run = reconcile("sandbox")
    assert run is not None
    assert ["lost after it was won" in one["what"] for one in run.differences if one["id"] == "dp_1"] == [
        True
    ]


def test_a_question_of_the_bank_moves_nothing(world: World, paid: PaymentAttempt) -> None:
    world.gateway.dispute(paid.gateway_ref, inquiry=True)
    look(paid.pk)
    assert world.ledger() == PAID


def test_a_late_payment_goes_back_from_the_credit_it_became(world: World) -> None:
    change = world.change(world.web_01("2026-08-15T14:02+09:00"), memory=8)
    attempt = world.checkout(change)
    world.wait(minutes=80)
    world.gateway.add_capture(attempt.gateway_ref, 5_596)
    look(attempt.pk)
    assert world.log() == [("late", 5_596, 5_596)]
    give_back(world, 5_596)
    assert world.log()[-1] == ("taken_back", -5_596, 0)
    assert {name: minor for name, minor in world.ledger().items() if minor} == {}


def test_money_in_another_currency_goes_back_from_where_it_was_held(world: World) -> None:
    change = world.change(world.web_01("2026-08-15T14:02+09:00"), memory=8)
    attempt = world.checkout(change)
    world.gateway.add_capture(attempt.gateway_ref, 4_000, "USD")
    look(attempt.pk)
    assert world.ledger("USD") == {"gateway/sandbox/clearing": 4_000, "suspense": -4_000}
    give_back(world, 4_000)
    assert {name: minor for name, minor in world.ledger("USD").items() if minor} == {}
