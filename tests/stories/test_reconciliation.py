"""Nothing stays unknown: the gateway's own list against our books each day, and what nobody can tell before staff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from prorata import clock
from prorata.changes import states
from prorata.changes.models import Change
from prorata.config.wiring import SANDBOX_PAYEE
from prorata.notices.models import Mail
from prorata.payments import reconcile as reconciling
from prorata.payments.checkout import PaymentUnknown, start_checkout
from prorata.payments.gateways.base import CheckoutRequest
from prorata.payments.look import look_now
from prorata.payments.models import Capture, MoneyBack, PaymentAttempt, Reconciliation
from prorata.payments.overdue import CannotClose, assign_overdue, close_by_hand
from prorata.payments.reconcile import reconcile
from prorata.payments.registry import gateway
from prorata.payments.tasks import reconcile_all
from prorata.services.models import Service
from support.sandboxes import SETTLES_LATER, GatewayProcess, start_gateway
from support.world import SECRET, World, clear_caches

STAFF = "desk@example.com"


@pytest.fixture
def gateway_process(tmp_path: Path) -> Iterator[GatewayProcess]:
    """A gateway of this story's own, whose list holds nobody else's payments."""
    with start_gateway(tmp_path, secret=SECRET, payee=SANDBOX_PAYEE) as found:
        yield found


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


@pytest.fixture(autouse=True)
def staff_mail(settings: Settings) -> None:
    settings.PRORATA_STAFF_EMAIL = STAFF


def compared() -> Reconciliation:
    found = reconcile("sandbox")
    assert found is not None
    return found


def test_a_payment_of_which_nobody_told_is_found_and_booked(world: World, web: Service) -> None:
    """No webhook, no way back, and no sweep: the list of the day has it."""
    change = world.change(web, memory=8)
    attempt = world.checkout(change)
    world.gateway.pay(attempt.gateway_ref, mode="never")

    run = compared()
    assert (run.listed, run.booked, run.differences, run.problem) == (1, 1, [], "")
    world.work()
    assert world.reread(change).status == states.APPLIED

    again = compared()
    assert (again.listed, again.booked, again.differences) == (1, 0, [])
    assert not Mail.objects.filter(to=STAFF).exists()


def test_a_run_reaches_back_over_the_last_that_could_compare(world: World, web: Service) -> None:
    first = compared()
    assert first.until - first.since == timedelta(days=30)
    world.gateway.settings(down=True)
    failed = compared()
    assert "could not be asked" in failed.problem
    world.gateway.settings(down=False)
    assert first.until - compared().since == timedelta(days=2)
    world.work()
    mail = Mail.objects.get(to=STAFF)
    assert mail.subject == "Needs you: the payments of sandbox could not be compared"


def test_what_was_refunded_in_the_gateways_own_pages_is_found_and_booked(world: World, web: Service) -> None:
    """Nobody told of it: 300 of the 5,596 went back, and a second one that failed took nothing."""
    change = world.change(web, memory=8)
    attempt = world.pay(change)
    world.work()
    world.gateway.refund_by_hand(attempt.gateway_ref, 300)
    failed = world.gateway.refund_by_hand(attempt.gateway_ref, 200)
    world.gateway.end_refund(failed, "failed")

    run = compared()
    assert (run.listed, run.booked, run.differences) == (3, 1, [])
    back = MoneyBack.objects.get()
    assert (back.kind, back.way, back.amount_minor) == ("refund", "out", 300)
    assert compared().booked == 0


def test_money_of_somebody_else_is_named_and_not_booked(world: World, web: Service) -> None:
    """A payment that another shop began on the same account."""
    theirs = gateway("sandbox").create_checkout(
        CheckoutRequest(
            attempt_id="order-77", amount_minor=1_200, currency="JPY", description="x", return_url="http://127.0.0.1:1/r",
            cancel_url="http://127.0.0.1:1/c", customer_ref="c",
        )
    )  # fmt: skip
    world.gateway.pay(theirs.ref, mode="never")

    run = compared()
    (difference,) = run.differences
    assert (difference["kind"], difference["ref"], difference["amount_minor"]) == (
        "capture",
        theirs.ref,
        1_200,
    )
    assert "not ours" in difference["what"]
    assert not Capture.objects.exists()
    world.work()
    mail = Mail.objects.get(to=STAFF)
    assert mail.subject == "Needs you: 1 payment differs from what sandbox says"
    assert "1,200 JPY" in mail.body


def test_a_capture_that_the_gateway_does_not_know_is_named(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = world.change(web, memory=8)
    world.pay(change)
    monkeypatch.setattr(type(gateway("sandbox")), "happened_since", lambda self, since: ())

    (difference,) = compared().differences
    assert difference["id"] == Capture.objects.get().capture_id
    assert difference["what"] == "our books have it, the payment service does not list it"


def test_another_amount_than_ours_is_named(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = world.change(web, memory=8)
    world.pay(change)
    kind = type(gateway("sandbox"))
    listed = gateway("sandbox").happened_since(clock.machine_now() - timedelta(hours=1))  # type: ignore[attr-defined]
    dearer = [_with(one, amount_minor=one.amount_minor + 1) for one in listed]
    monkeypatch.setattr(kind, "happened_since", lambda self, since: tuple(dearer))

    (difference,) = compared().differences
    assert (difference["what"], difference["amount_minor"]) == (
        "our books have 5596 JPY in minor units",
        5_597,
    )


def test_one_payment_that_cannot_be_looked_at_does_not_keep_the_others_from_being_compared(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2026-11-26: whatever it was, it ended the comparison of every gateway, each day again."""
    theirs, ours = world.checkout(world.change(web, memory=8)), look_now
    world.gateway.pay(theirs.gateway_ref, mode="never")

    def bad(attempt_id: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(reconciling, "look_now", bad)
    (difference,) = compared().differences
    assert (difference["ref"], difference["what"]) == (
        theirs.gateway_ref,
        "it could not be looked at (ZeroDivisionError)",
    )
    monkeypatch.setattr(reconciling, "look_now", ours)
    assert (compared().booked, Capture.objects.count()) == (1, 1)


def _with(one: Any, **changes: Any) -> Any:
    return type(one)(**{**{name: getattr(one, name) for name in one.__dataclass_fields__}, **changes})


# --- what nobody can tell ------------------------------------------------------------------------------------


def unanswered(world: World, web: Service) -> tuple[Change, PaymentAttempt]:
    """The gateway went down while the customer began to pay."""
    change = world.change(web, memory=8)
    world.gateway.settings(down=True)
    with pytest.raises(PaymentUnknown):
        start_checkout(world.owner, change.invoice, "card")
    return change, PaymentAttempt.objects.get()


def test_a_payment_that_stays_unknown_becomes_somebodys_task_after_an_hour(
    world: World, web: Service
) -> None:
    _, attempt = unanswered(world, web)
    world.at("2026-08-15T15:02+09:00")
    assert assign_overdue() == 0
    world.at("2026-08-15T15:03+09:00")
    assert (assign_overdue(), assign_overdue()) == (1, 0)
    world.work()
    mail = Mail.objects.get(to=STAFF)
    assert mail.subject.startswith("Needs you: nobody knows how the payment of PF-")
    assert "still unknown" in mail.body
    assert f"/payments/paymentattempt/{attempt.pk}/" in mail.body


def test_the_gateway_is_asked_once_more_before_it_is_closed(world: World, web: Service) -> None:
    """It is back, and has the money: the attempt succeeds instead, and the money is the customer's."""
    change = world.change(web, memory=8)
    world.gateway.fault(call="create", effect="after")
    with pytest.raises(PaymentUnknown):
        start_checkout(world.owner, change.invoice, "card")
    attempt = PaymentAttempt.objects.get()
    world.at("2026-08-15T15:03+09:00")
    assign_overdue()
    world.gateway.pay(world.gateway.effects(str(attempt.pk))["ref"], mode="never")

    with pytest.raises(CannotClose, match="It ended meanwhile: succeeded"):
        close_by_hand(world.reread(attempt), reason="x", actor="user:1", actor_name="")
    assert Capture.objects.get().amount_minor == 5_596


def test_one_whose_gateway_was_taken_out_can_be_closed(
    world: World, web: Service, settings: Settings
) -> None:
    """Nobody can be asked any more; whoever closes it has looked at the processor's own pages."""
    _, attempt = unanswered(world, web)
    world.at("2026-08-15T15:03+09:00")
    assign_overdue()
    settings.PRORATA_GATEWAYS = {}
    clear_caches()
    closed = close_by_hand(world.reread(attempt), reason="no such account", actor="user:1", actor_name="")
    assert closed.state == "failed"


def test_what_is_not_overdue_is_not_closed_by_hand(world: World, web: Service) -> None:
    _, attempt = unanswered(world, web)
    with pytest.raises(CannotClose, match="It is not overdue"):
        close_by_hand(attempt, reason="x", actor="user:1", actor_name="")
    assert world.reread(attempt).state == "unknown"


def test_money_that_shows_after_closing_is_credit(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    world.gateway.fault(call="create", effect="after")
    with pytest.raises(PaymentUnknown):
        start_checkout(world.owner, change.invoice, "card")
    attempt = PaymentAttempt.objects.get()
    ref = world.gateway.effects(str(attempt.pk))["ref"]
    world.at("2026-08-15T15:03+09:00")
    assign_overdue()
    world.gateway.settings(down=True)
    close_by_hand(world.reread(attempt), reason="No answer for days", actor="user:1", actor_name="")
    world.gateway.settings(down=False)
    world.at("2026-08-15T15:10+09:00")
    world.sweep()  # the change's own time to be paid is over
    world.gateway.pay(ref, mode="never")

    assert compared().booked == 1
    world.work()
    assert world.credit() == 5_596
    assert Capture.objects.get().outcome == "credit"


def test_money_on_its_way_is_waited_for_two_weeks(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    attempt = world.pay(change, SETTLES_LATER)
    assert attempt.state == "processing"
    world.at("2026-08-29T14:02+09:00")
    assert assign_overdue() == 0
    world.at("2026-08-29T14:03+09:00")
    assert assign_overdue() == 1
    with pytest.raises(CannotClose, match="money is on its way"):
        close_by_hand(world.reread(attempt), reason="x", actor="user:1", actor_name="")


def test_every_gateway_that_lists_is_compared_by_the_daily_job(world: World, web: Service) -> None:
    reconcile_all(0)
    world.work()
    assert set(Reconciliation.objects.values_list("gateway", flat=True)) == set(
        django_settings.PRORATA_GATEWAYS
    )
