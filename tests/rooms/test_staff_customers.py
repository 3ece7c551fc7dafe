"""Staff make a customer with somebody who can sign in, and give credit as a gift."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from prorata.clock import HandClock
from prorata.credit.available import available
from prorata.credit.models import LogLine, Purse
from prorata.customers import people
from prorata.customers.models import Customer, Membership, User
from prorata.notices.models import Mail
from prorata.notices.tasks import person_let_in
from support.forms import problems, send, words
from support.world import World

NEW = {
    "name": "Tanaka Design", "email": "office@example.com", "country": "jp", "person_name": "Aiko Tanaka",
    "person_email": "Aiko@Example.com", "role": "owner", "sign_in": "password", "first_password": "blue-heron-42",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _now(clock: HandClock) -> None:
    clock.move_to(datetime.fromisoformat("2026-06-01T08:00+09:00"))


def made(staff: Client, **typed: Any) -> Customer:
    answer = send(staff, reverse("admin:customers_customer_add"), **(NEW | typed))
    assert answer.status_code == 302, problems(answer)
    return Customer.objects.latest("pk")


def test_a_customer_with_a_person_who_can_sign_in_at_once(staff: Client) -> None:
    customer = made(staff)
    assert (customer.name, customer.email, customer.country) == ("Tanaka Design", "office@example.com", "JP")
    membership = Membership.objects.get(customer=customer)
    assert (membership.role, membership.user.email, membership.user.name) == (
        "owner",
        "aiko@example.com",
        "Aiko Tanaka",
    )
    assert not membership.user.is_staff
    signed_in = Client().post(
        reverse("account_login"), {"login": "aiko@example.com", "password": "blue-heron-42"}
    )
    assert signed_in.status_code == 302


def test_an_invited_person_chooses_a_password_by_the_mailed_link(
    staff: Client, transactional_db: None
) -> None:
    made(staff, sign_in="invitation", first_password=None)
    person = User.objects.get(email="aiko@example.com")
    assert not person.has_usable_password()
    membership = Membership.objects.get(user=person)
    person_let_in(id=membership.pk)
    person_let_in(id=membership.pk)
    mail = Mail.objects.get()
    assert (mail.to, mail.subject) == ("aiko@example.com", "Your sign-in to the client portal")
    assert "sign in to the client portal for Tanaka Design." in mail.body
    link = next(line for line in mail.body.splitlines() if "/password/reset/key/" in line)
    browser = Client()
    shown = browser.get("/accounts/" + link.partition("/accounts/")[2], follow=True)
    form_at = shown.redirect_chain[-1][0]
    browser.post(form_at, {"password1": "green-heron-43", "password2": "green-heron-43"})
    person.refresh_from_db()
    assert person.check_password("green-heron-43")
    used = Client().get("/accounts/" + link.partition("/accounts/")[2], follow=True)
    assert "password1" not in used.content.decode()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"country": "Japan"}, "at most 2 characters"),
        ({"country": "J1"}, "Use the two letters of the country"),
        ({"person_email": "aiko"}, "Enter a valid email address."),
        ({"first_password": None}, "Write the first password, or choose the invitation."),
        ({"first_password": "aiko@example"}, "too similar to the email"),
        ({"first_password": "12345678"}, "too common"),
        ({"sign_in": "invitation"}, "Empty this, or choose to set a first password."),
        ({"person_name": None}, "This field is required."),
    ],
)
def test_a_mistake_is_one_clear_line_and_nothing_is_made(
    wrong: dict[str, Any], says: str, staff: Client
) -> None:
    answer = send(staff, reverse("admin:customers_customer_add"), **(NEW | wrong))
    assert answer.status_code == 200
    assert says in words(answer)
    assert not Customer.objects.exists()
    assert User.objects.count() == 1  # staff


def test_somebody_known_acts_for_a_second_customer_and_keeps_the_password(staff: Client) -> None:
    made(staff)
    made(staff, name="Tanaka Garden", first_password="another-word-77")
    assert Membership.objects.filter(user__email="aiko@example.com").count() == 2
    assert User.objects.get(email="aiko@example.com").check_password("blue-heron-42")


def test_who_would_be_one_too_many_is_refused_in_words(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = made(staff)
    monkeypatch.setattr(people, "MOST", 1)
    address = reverse("admin:customers_customer_person", args=[customer.pk])
    answer = send(staff, address, person_name="Ben", person_email="ben@example.com", sign_in="invitation")
    assert (answer.status_code, "1 people act for" in words(answer)) == (200, True)


def test_a_person_is_added_once(staff: Client) -> None:
    customer = made(staff)
    address = reverse("admin:customers_customer_person", args=[customer.pk])
    typed = {
        "person_name": "Ben",
        "person_email": "ben@example.com",
        "role": "billing",
        "sign_in": "invitation",
    }
    assert send(staff, address, **typed).status_code == 302
    assert Membership.objects.get(user__email="ben@example.com").role == "billing"
    assert f"ben@example.com acts for {customer} already." in words(send(staff, address, **typed))


def granted(staff: Client, customer: Customer, **typed: Any) -> Any:
    given = {
        "currency": "JPY",
        "amount": "1,500",
        "expires_at": "2026-09-30T00:00:00",
        "reason": "Sorry for the wait",
    }
    return send(staff, reverse("admin:customers_customer_grant", args=[customer.pk]), **(given | typed))


def test_a_gift_is_credit_with_an_end_and_a_reason_the_customer_reads(staff: Client, world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    answer = granted(staff, world.customer)
    assert answer.status_code == 302, problems(answer)
    purse = Purse.objects.get()
    assert (purse.kind, purse.balance_minor, purse.currency, purse.reason) == (
        "gifted",
        1_500,
        "JPY",
        "Sorry for the wait",
    )
    assert purse.expires_at == datetime.fromisoformat("2026-09-30T00:00+09:00")
    line = LogLine.objects.get()
    assert (line.what, line.amount_minor, line.reason) == ("granted", 1_500, "Sorry for the wait")
    assert line.actor.startswith("user:")
    assert world.ledger() == {f"purse/{purse.pk}": -1_500, "expense/gifts": 1_500}
    page = words(staff.get(reverse("admin:customers_customer_change", args=[world.customer.pk])))
    assert "1,500 JPY of gifted credit granted to Tanaka Design." in page


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"amount": "1500.50"}, "JPY has no decimals: write 1500."),
        ({"amount": "15.001", "currency": "USD"}, "USD has 2 decimals: '15.001' has 3."),
        ({"amount": "1,50"}, "'1,50' is not an amount: write it like 1,500."),
        ({"amount": "1e3"}, "is not an amount"),
        ({"amount": "１５００"}, "is not an amount"),
        ({"amount": "-5"}, "The gift must be more than zero."),
        ({"amount": "0"}, "The gift must be more than zero."),
        ({"amount": "9" * 17}, "too large"),
        ({"currency": "XXQ"}, "Unknown currency 'XXQ'"),
        ({"expires_at": "2026-05-31T00:00:00"}, "The gift must end in the future."),
        ({"expires_at": "soon"}, "Write a date and a time"),
        ({"reason": "  "}, "This field is required."),
    ],
)
def test_a_gift_with_a_mistake_gives_nothing(
    wrong: dict[str, str], says: str, staff: Client, world: World
) -> None:
    world.open("2026-06-01T08:00+09:00")
    answer = granted(staff, world.customer, **wrong)
    assert answer.status_code == 200
    assert says in words(answer)
    assert not Purse.objects.exists()
    assert granted(staff, world.customer).status_code == 302


def test_a_button_pressed_twice_gives_once(staff: Client, world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    address = reverse("admin:customers_customer_grant", args=[world.customer.pk])
    ticket = staff.get(address).context["form"]["ticket"].value()
    typed = {
        "currency": "USD",
        "amount": "15",
        "expires_at": "2026-09-30T00:00",
        "reason": "Welcome",
        "ticket": ticket,
    }
    assert staff.post(address, typed).status_code == 302
    assert "This form was sent before." in words(staff.post(address, typed))
    assert available(world.customer.pk) == {"USD": 1_500}
