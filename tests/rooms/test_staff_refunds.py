"""Refund to card, as staff see and do it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from prorata.customers.models import User
from prorata.payments.models import Capture, MoneyBack, Refund
from prorata.trail.models import Deed
from support.portal import text
from support.world import World


@pytest.fixture
def capture(world: World) -> Capture:
    """5,596 paid by card for web-01's memory."""
    change = world.change(world.web_01("2026-08-15T14:02+09:00"), memory=8)
    world.pay(change)
    world.work()
    return Capture.objects.get()


def page(capture: Capture) -> str:
    return reverse("admin:payments_capture_refund", args=[capture.pk])


def form(staff: Client, capture: Capture, **values: str) -> dict[str, str]:
    """What the page would send."""
    shown = staff.get(page(capture)).context["form"]
    return {
        "amount": shown["amount"].value(),
        "ticket": shown["ticket"].value(),
        "reason": "promised",
        **values,
    }


def test_the_page_says_what_will_happen(capture: Capture, staff: Client) -> None:
    first = text(staff.get(reverse("admin:payments_capture_change", args=[capture.pk])))
    assert "Refund to card" in first
    asked = text(staff.get(page(capture)))
    assert "Refund the payment of 5,596 JPY by Tanaka Design" in asked
    assert "At most 5,596 JPY can go back" in asked
    assert "the account credit, which holds 0 JPY; what is more the customer owes" in asked


def test_a_refund_with_a_reason_goes_back_once(world: World, capture: Capture, staff: Client) -> None:
    sent = form(staff, capture, amount="1000")
    answer = text(staff.post(page(capture), sent, follow=True))
    assert "1,000 JPY went back." in answer
    assert "promised" in answer
    again = text(staff.post(page(capture), sent, follow=True))
    assert "This form was sent before" in again
    made = Refund.objects.get()
    assert (made.amount_minor, made.state, made.reason) == (1_000, "succeeded", "promised")
    assert MoneyBack.objects.get().owed_minor == 1_000
    deed = Deed.objects.get(what="payment.refund_begun")
    assert (deed.reason, deed.changed["amount_minor"][1]) == ("promised", 1_000)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"amount": "5597"}, "At most 5,596 JPY of this payment can be given back"),
        ({"amount": "0"}, "At most 5,596 JPY of this payment can be given back"),
        ({"amount": "much"}, "amount"),
        ({"reason": " "}, "This field is required"),
    ],
)
def test_what_cannot_be_is_said_and_can_be_corrected(
    capture: Capture, staff: Client, changed: dict[str, str], said: str
) -> None:
    sent = form(staff, capture, **changed)
    assert said in text(staff.post(page(capture), sent))
    assert not Refund.objects.exists()
    staff.post(page(capture), {**sent, "amount": "1", "reason": "now it is right"})
    assert Refund.objects.get().amount_minor == 1


def test_no_answer_is_said_and_no_second_refund_begins(world: World, capture: Capture, staff: Client) -> None:
    world.gateway.fault(call="refund", effect="after")
    answer = text(staff.post(page(capture), form(staff, capture, amount="1000"), follow=True))
    assert "The gateway did not answer. The refund of 1,000 JPY is asked for until it is known" in answer
    assert "still being checked" in text(staff.post(page(capture), form(staff, capture, amount="1")))
    assert Refund.objects.get().state == "unknown"


def test_only_who_may_refund(capture: Capture) -> None:
    reader = User.objects.create_user("eri@example.com", "a-long-password", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename__in=["view_capture", "view_refund"]))
    client = Client()
    client.force_login(reader)
    assert "Refund to card" not in text(
        client.get(reverse("admin:payments_capture_change", args=[capture.pk]))
    )
    assert client.get(page(capture)).status_code == 403
    reader.user_permissions.add(Permission.objects.get(codename="add_refund"))
    assert client.get(page(capture)).status_code == 200
