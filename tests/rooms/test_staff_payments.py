"""What staff see and do about payments that differ or whose end nobody knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from prorata import clock
from prorata.changes import states
from prorata.changes.models import Change
from prorata.payments.checkout import PaymentRefused, PaymentUnknown, start_checkout
from prorata.payments.models import PaymentAttempt, Reconciliation
from prorata.payments.overdue import assign_overdue
from prorata.services.models import Service
from prorata.trail.models import Deed
from support.forms import problems, send, words
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def unanswered(world: World, web: Service) -> tuple[Change, PaymentAttempt]:
    """The gateway went down while the customer began to pay."""
    change = world.change(web, memory=8)
    world.gateway.settings(down=True)
    with pytest.raises(PaymentUnknown):
        start_checkout(world.owner, change.invoice, "card")
    return change, PaymentAttempt.objects.get()


def test_the_desk_shows_what_differs(world: World, web: Service, staff: Client) -> None:
    """One that fits, and then one that does not."""
    now = clock.machine_now()
    whole = {"gateway": "sandbox", "at": clock.now(), "since": now - timedelta(days=2), "until": now}
    Reconciliation.objects.create(**whole, listed=3, booked=0)
    page = words(staff.get(reverse("admin:payments_reconciliation_changelist")))
    assert "Everything fits" in page
    assert "differ from a gateway" not in words(staff.get(reverse("admin:index")))
    stranger = {
        "what": "no payment attempt of ours has this reference", "kind": "capture", "id": "cap_1", "ref": "pay_1",
        "amount_minor": 1_200, "currency": "JPY",
    }  # fmt: skip
    run = Reconciliation.objects.create(**whole, listed=4, booked=1, differences=[stranger])
    page = words(staff.get(reverse("admin:payments_reconciliation_change", args=[run.pk])))
    assert "1 difference" in page
    assert "capture 1,200 JPY" in page
    assert "1 Payments that differ from a gateway" in words(staff.get(reverse("admin:index")))
    failed = Reconciliation.objects.create(
        **whole, problem="The payment service could not be asked: it is down"
    )
    page = words(staff.get(reverse("admin:payments_reconciliation_change", args=[failed.pk])))
    assert "Not compared" in page
    assert "it is down" in page
    assert "1 Payments that differ from a gateway" in words(staff.get(reverse("admin:index"))), (
        "still to be looked at"
    )


def test_staff_close_it_and_the_customer_pays_again(world: World, web: Service, staff: Client) -> None:
    change, attempt = unanswered(world, web)
    page = reverse("admin:payments_paymentattempt_change", args=[attempt.pk])
    assert "Close: nothing was taken" not in words(staff.get(page)), "it is not overdue yet"
    world.at("2026-08-15T15:03+09:00")
    assign_overdue()
    assert "1 Payments whose end nobody knows" in words(staff.get(reverse("admin:index")))
    assert "Close: nothing was taken" in words(staff.get(page))

    answer = send(
        staff,
        reverse("admin:payments_paymentattempt_closing", args=[attempt.pk]),
        reason="Their support says so, case 81",
    )
    assert answer.status_code == 302, problems(answer)
    attempt = world.reread(attempt)
    assert (attempt.state, attempt.reason) == ("failed", "Nothing was taken. You can pay again.")
    deed = Deed.objects.get(what="payment.closed")
    assert (deed.reason, deed.changed["state"]) == ("Their support says so, case 81", ["unknown", "failed"])

    world.gateway.settings(down=False)
    with pytest.raises(PaymentRefused, match="The time to pay this invoice is over"):
        start_checkout(world.owner, change.invoice, "card")
    change = world.change(world.reread(world.service(name="web-02")), memory=8)
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.APPLIED
