"""Staff issue vouchers, see who used them, and withdraw them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from prorata.changes.models import Change
from prorata.credit.models import Voucher
from support.forms import problems, send, words
from support.world import World

ISSUE = "admin:credit_voucher_issue"
NEW: dict[str, Any] = {
    "name": "Summer offer", "code": "summer-2026", "currency": "jpy", "amount": "1,000",
    "starts_at": "2026-06-01T08:00:00", "expires_at": "2026-09-01T00:00:00",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _provider(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")


def issued(staff: Client, **typed: Any) -> Voucher:
    answer = send(staff, reverse(ISSUE), **(NEW | typed))
    assert answer.status_code == 302, problems(answer) or words(answer)
    return Voucher.objects.latest("pk")


def test_an_amount_by_code(staff: Client) -> None:
    voucher = issued(staff, minimum_spend="5,000", max_uses="3")
    assert (voucher.code, voucher.amount_minor, voucher.currency) == ("SUMMER-2026", 1_000, "JPY")
    assert (voucher.minimum_spend_minor, voucher.max_uses, voucher.max_uses_per_customer) == (5_000, 3, 1)
    assert voucher.customer is None
    assert voucher.issued_by.startswith("user:")
    page = words(staff.get(reverse("admin:credit_voucher_change", args=[voucher.pk])))
    assert "Takes off 1,000 JPY" in page
    assert "in all: 3; per customer: 1" in page


def test_a_percentage_for_one_customer_product_and_resource(world: World, staff: Client) -> None:
    voucher = issued(
        staff, code=None, currency="USD", amount=None, kind="percent", off="12.5", at_most="9.99",
        customer=world.customer.pk, products=world.vm.pk, resources="instance_type",
    )  # fmt: skip
    assert (voucher.off, voucher.amount_minor, voucher.at_most_minor) == (Decimal("0.125"), None, 999)
    assert (voucher.customer, list(voucher.products.all())) == (world.customer, [world.vm])
    assert voucher.components == ["instance_type"]
    assert len(voucher.code) == 14, "a code of its own that cannot be guessed"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"amount": None}, "Say how much the voucher takes off."),
        ({"kind": "percent"}, "Say how much the voucher takes off."),
        ({"currency": None}, "Choose the currency of the amounts."),
        ({"amount": "10.5"}, "JPY has no decimals"),
        ({"currency": "XYZ"}, "Unknown currency"),
        ({"code": "a b!"}, "A code has 3 to 40 letters"),
        ({"expires_at": "2026-05-01T00:00:00"}, "must start before it ends"),
        ({"starts_at": "2026-04-01T00:00:00", "expires_at": "2026-05-01T00:00:00"}, "must end in the future"),
        ({"resources": "cpu, wheels"}, "No product has a resource wheels."),
        ({"max_uses": "0"}, "greater than or equal to 1"),
        ({"name": None}, "This field is required"),
    ],
)
def test_what_makes_no_sense_is_said_at_the_form(staff: Client, wrong: dict[str, Any], says: str) -> None:
    answer = send(staff, reverse(ISSUE), **(NEW | wrong))
    assert answer.status_code == 200
    assert says in words(answer)
    assert not Voucher.objects.exists()


def test_a_code_is_there_once(staff: Client) -> None:
    issued(staff)
    answer = send(staff, reverse(ISSUE), **NEW)
    assert "There is a voucher SUMMER-2026 already." in words(answer)
    assert Voucher.objects.count() == 1


def test_one_press_is_one_voucher(staff: Client) -> None:
    page = staff.get(reverse(ISSUE))
    ticket = page.context["form"]["ticket"].value()
    typed = NEW | {"code": "", "kind": "amount", "ticket": ticket}
    assert staff.post(reverse(ISSUE), typed).status_code == 302
    assert "was sent before" in words(staff.post(reverse(ISSUE), typed))
    assert Voucher.objects.count() == 1


def test_who_used_it_and_withdrawing(world: World, staff: Client) -> None:
    web = world.service(paid=34_188)
    voucher = issued(staff, max_uses_per_customer=None)
    world.at("2026-08-15T14:02+09:00")
    change: Change = world.change(web, voucher="SUMMER-2026", memory=8)
    at = reverse("admin:credit_voucher_change", args=[voucher.pk])
    assert change.reference in words(staff.get(at))
    assert "in force" in words(staff.get(reverse("admin:credit_voucher_changelist")))

    page = staff.get(reverse("admin:credit_voucher_withdraw", args=[voucher.pk]))
    assert "keep their price" in words(page)
    assert world.reread(voucher).withdrawn_at is None, "looking at the page withdraws nothing"
    assert staff.post(reverse("admin:credit_voucher_withdraw", args=[voucher.pk])).status_code == 302
    first = world.reread(voucher).withdrawn_at
    world.at("2026-08-15T15:00+09:00")
    staff.post(reverse("admin:credit_voucher_withdraw", args=[voucher.pk]))
    assert world.reread(voucher).withdrawn_at == first


def test_without_the_right_there_is_no_form(client: Client, world: World) -> None:
    from prorata.customers.models import User

    client.force_login(User.objects.create_user("new@example.com", "a-long-password", is_staff=True))
    assert client.get(reverse(ISSUE)).status_code == 403
