"""The page of payment methods: what is offered, what is chosen from the start, and who may change it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from prorata.customers.models import Customer, Membership, User
from prorata.payments import paper
from prorata.payments.models import SavedMethod
from prorata.payments.paper.words import WORDS, say
from prorata.services.models import Service
from prorata.trail.models import Deed
from rooms.test_paper_words import CHINESE_OR_JAPANESE, _fills
from support.portal import part, person, text
from support.world import World

TWO = [("card", "Credit card", "sandbox"), ("wallet", "Wallet", "sandbox")]


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


@pytest.fixture
def two(settings: Settings) -> None:
    settings.PRORATA_PAYMENT_METHODS = TWO


def methods(world: World, client: Client | None = None) -> str:
    return part((client or person(world.owner)).get("/payment-methods"), f"methods-{world.customer.pk}")


def set_(world: World, code: str, client: Client | None = None) -> str:
    address = f"/payment-methods/{world.customer.pk}"
    return text((client or person(world.owner)).post(address, {"remember": code}, follow=True))


def remembered(world: World) -> str:
    return str(world.reread(world.customer).preferred_method)


def test_each_way_to_pay_with_what_it_means(world: World, web: Service, two: None) -> None:
    said = methods(world)
    assert "Credit card You type your card on the payment service's own page and come back here." in said
    assert "Wallet You confirm on the payment service's own page and come back here." in said
    assert "chosen from the start" not in said, "nobody has paid yet"


def test_what_was_used_last_is_chosen_and_can_be_set_and_forgotten(
    world: World, web: Service, two: None
) -> None:
    world.pay(world.change(web, memory=8))
    assert "Credit card chosen from the start" in methods(world)
    assert "It is chosen from the start from now on." in set_(world, "wallet")
    assert "Wallet chosen from the start" in methods(world)
    assert "Nothing is chosen from the start any more." in set_(world, "")
    assert "chosen from the start" not in methods(world)
    assert [
        (deed.what, deed.changed) for deed in Deed.objects.filter(what__startswith="payment.").order_by("id")
    ][1:] == [
        ("payment.remembered", {"preferred_method": ["card", "wallet"]}),
        ("payment.forgotten", {"preferred_method": ["wallet", ""]}),
    ]
    set_(world, "")
    assert Deed.objects.filter(what="payment.forgotten").count() == 1, "forgotten already: nothing was done"


def test_only_one_way(world: World, web: Service) -> None:
    said = methods(world)
    assert "the only way, so it is chosen anyway" in said
    assert "Choose from the start" not in said


def test_no_way_at_all(world: World, web: Service, settings: Settings) -> None:
    settings.PRORATA_PAYMENT_METHODS = []
    assert "No way to pay is set up" in methods(world)


def test_what_is_remembered_is_offered_no_more(world: World, web: Service, two: None) -> None:
    Customer.objects.update(preferred_method="cheque")
    said = methods(world)
    assert "What you paid with last is not offered any more, so nothing is chosen from the start." in said
    assert "Choose another one below, or choose when you pay." in said


def test_what_is_not_offered_cannot_be_set(world: World, web: Service, two: None) -> None:
    assert "This payment method is not offered. Choose one of those shown." in set_(world, "cheque")
    assert remembered(world) == ""


@pytest.mark.parametrize("role", ["technical", "reader"])
def test_who_may_not_pay_reads_why_and_has_no_buttons(
    world: World, web: Service, two: None, role: str
) -> None:
    user = User.objects.create_user(f"{role}@example.com", "a-long-password")
    Membership.objects.create(customer=world.customer, user=user, role=role)
    client, why = person(user), "You may look at the payment methods, but not change them."
    assert why in methods(world, client)
    assert "Choose from the start" not in methods(world, client)
    assert why in set_(world, "wallet", client)
    assert remembered(world) == ""


def test_who_bills_may_set_it(world: World, web: Service, two: None) -> None:
    user = User.objects.create_user("billing@example.com", "a-long-password")
    Membership.objects.create(customer=world.customer, user=user, role="billing")
    set_(world, "wallet", person(user))
    assert remembered(world) == "wallet"


def test_of_several_customers_each_has_its_own(world: World, web: Service, two: None) -> None:
    other, _ = world.new_customer("Sato Works", "sato@example.com")
    Membership.objects.create(customer=other, user=world.owner, role="reader")
    page = person(world.owner).get("/payment-methods")
    assert "Ways to pay of Sato Works" in part(page, f"methods-{other.pk}")
    assert "Choose from the start" in part(page, f"methods-{world.customer.pk}")
    assert "Choose from the start" not in part(page, f"methods-{other.pk}")


def test_a_kept_card_is_shown_and_forgotten_by_who_may_pay(world: World, web: Service) -> None:
    assert "No card is saved." in cards(world)
    attempt = world.pay(world.change(web, memory=8))
    kept = SavedMethod.objects.create(
        customer=world.customer, gateway="sandbox", method="card", method_ref="pm_1", label="Visa •••• 4242",
        attempt=attempt, saved_at=world.clock.now(),
    )  # fmt: skip
    assert "Visa •••• 4242 kept since 15 Aug 2026; offered at Checkout Forget" in cards(world)
    address = f"/payment-methods/saved/{kept.pk}/forget"
    reader = User.objects.create_user("reader@example.com", "a-long-password")
    Membership.objects.create(customer=world.customer, user=reader, role="reader")
    assert "Forget" not in cards(world, person(reader))
    assert "You may look at the payment methods" in text(person(reader).post(address, follow=True))
    _, mallory = world.new_customer("Mallory & Co", "mallory@example.com")
    assert person(mallory).post(address).status_code == 404
    assert world.reread(kept).removed_at is None
    said = text(person(world.owner).post(address, follow=True))
    assert "Visa •••• 4242 is forgotten and will not be charged again." in said
    assert world.reread(kept).removed_at == world.clock.now()
    assert "No card is saved." in cards(world)


def cards(world: World, client: Client | None = None) -> str:
    return part((client or person(world.owner)).get("/payment-methods"), f"saved-{world.customer.pk}")


# --- the words of receipts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", WORDS)
def test_a_sentence_of_a_receipt_is_there_in_every_language(key: str) -> None:
    english, japanese, chinese = WORDS[key]
    assert _fills(english) == _fills(japanese) == _fills(chinese)
    assert not CHINESE_OR_JAPANESE.search(english)
    assert CHINESE_OR_JAPANESE.search(japanese)
    assert CHINESE_OR_JAPANESE.search(chinese)


def test_every_sentence_of_a_receipt_is_used() -> None:
    source = Path(str(paper.__file__)).with_name("of_receipt.py").read_text()
    assert [key for key in WORDS if f'"{key}"' not in source] == []
    with pytest.raises(KeyError):
        say("nothing of the kind", "en")
