"""A card kept with the customer's consent, charged later, confirmed with the bank, and forgotten. Each change is real."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from prorata.changes import states
from prorata.changes.models import Change
from prorata.payments.charge_saved import pay_with_saved
from prorata.payments.checkout import PaymentRefused, PaymentUnknown, start_checkout
from prorata.payments.look import look
from prorata.payments.models import Capture, PaymentAttempt, SavedMethod
from prorata.payments.registry import gateway
from prorata.payments.saved_methods import forget, offered
from prorata.services.models import Service
from support.sandboxes import ACCEPTED, ASKS_ALWAYS, DECLINES_LATER
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def bought(world: World, web: Service, *, save: bool, card: str = ACCEPTED) -> Change:
    """Memory 4 to 8 on the gateway's page, with or without consent to keep the card."""
    change = world.change(web, memory=8)
    assert change.invoice is not None
    start_checkout(world.owner, change.invoice, "card", save=save)
    attempt = PaymentAttempt.objects.get(state="redirected")
    world.gateway.pay(attempt.gateway_ref, card, mode="never", confirm=True)
    look(attempt.pk)
    world.work()
    assert world.reread(change).status == states.APPLIED
    return change


def due(world: World, web: Service) -> Change:
    """CPU 2 to 4, waiting for its money."""
    web.refresh_from_db()
    return world.change(web, cpu=4)


def test_without_consent_nothing_is_kept(world: World, web: Service) -> None:
    bought(world, web, save=False)
    assert not SavedMethod.objects.exists()


def test_with_consent_the_next_change_is_one_press(world: World, web: Service) -> None:
    bought(world, web, save=True)
    saved = SavedMethod.objects.get()
    assert saved.label == "Visa ···· 4242"
    change = due(world, web)
    assert pay_with_saved(world.owner, change.invoice, saved.pk) == ""
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["cpu"] == 4
    assert Capture.objects.count() == 2
    with pytest.raises(PaymentRefused, match="nothing to pay"):
        pay_with_saved(world.owner, change.invoice, saved.pk)


def test_a_bank_that_wants_a_confirmation_leads_to_the_page(world: World, web: Service) -> None:
    """Nothing was taken alone; on the gateway's page the customer confirms, and only that is taken."""
    bought(world, web, save=True, card=ASKS_ALWAYS)
    change = due(world, web)
    address = pay_with_saved(world.owner, change.invoice, SavedMethod.objects.get().pk)
    assert address.startswith(world.gateway.url)
    assert Capture.objects.count() == 1
    attempt = PaymentAttempt.objects.get(state="redirected")
    assert attempt.redirect_url == address
    world.gateway.pay(attempt.gateway_ref, ASKS_ALWAYS, mode="never", confirm=True)
    look(attempt.pk)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert Capture.objects.count() == 2


def test_an_expired_card_is_named_and_not_offered(world: World, web: Service) -> None:
    """Kept with the month that is printed on it; good to the end of that month where the seller is."""
    bought(world, web, save=True)
    saved = SavedMethod.objects.get()
    assert saved.last_day == date(2034, 12, 31)
    SavedMethod.objects.update(last_day="2026-08-31")
    client = Client()
    client.force_login(world.owner)

    world.at("2026-08-31T23:59:59+09:00")
    change = due(world, web)
    assert change.invoice is not None
    assert list(offered(world.owner, change.invoice)) == [saved]
    assert "valid to the end of August 2026; offered at Checkout" in said(client)

    world.at("2026-09-01T00:00+09:00")
    assert not offered(world.owner, change.invoice)
    assert (
        "Visa" not in client.get(reverse("portal:checkout", args=[change.invoice.reference])).content.decode()
    )
    assert "It was valid to the end of August 2026 and is not offered any more." in said(client)
    with pytest.raises(Http404):
        pay_with_saved(world.owner, change.invoice, saved.pk)


def said(client: Client) -> str:
    """The words of the page of payment methods."""
    page = client.get(reverse("portal:payment_methods")).content.decode()
    return " ".join(strip_tags(page).split())


def test_a_card_that_is_declined_says_so_and_another_way_is_open(world: World, web: Service) -> None:
    bought(world, web, save=True, card=DECLINES_LATER)
    change = due(world, web)
    with pytest.raises(PaymentRefused, match=r"declined\. Nothing was taken\. Choose another way"):
        pay_with_saved(world.owner, change.invoice, SavedMethod.objects.get().pk)
    assert not PaymentAttempt.objects.filter(state__in=PaymentAttempt.OPEN).exists()
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.APPLIED


@pytest.mark.parametrize("effect", ["before", "after"])
def test_a_charge_without_an_answer_is_found_and_never_repeated(
    world: World, web: Service, effect: str
) -> None:
    bought(world, web, save=True)
    saved, change = SavedMethod.objects.get(), due(world, web)
    world.gateway.fault(call="charge", effect=effect)
    with pytest.raises(PaymentUnknown):
        pay_with_saved(world.owner, change.invoice, saved.pk)
    attempt = PaymentAttempt.objects.get(state="unknown")
    with pytest.raises(PaymentUnknown):
        pay_with_saved(world.owner, change.invoice, saved.pk)
    world.wait(minutes=2)
    world.work()
    assert len(world.gateway.captures(str(attempt.pk))) == (1 if effect == "after" else 0)
    assert world.reread(attempt).state == ("succeeded" if effect == "after" else "failed")


def pressed_meanwhile(monkeypatch: pytest.MonkeyPatch, call: str, press: Callable[[], object]) -> None:
    """While the gateway has answered this call and we have not read it yet, somebody presses in another window."""
    adapter = gateway("sandbox")
    real = getattr(adapter, call)

    def answered(request: Any) -> Any:
        monkeypatch.setattr(adapter, call, real)
        answer = real(request)
        with pytest.raises(PaymentUnknown):
            press()
        return answer

    monkeypatch.setattr(adapter, call, answered)


def test_a_card_pressed_while_the_page_is_being_opened_is_not_charged(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2026-11-26: the attempt had failed then, its page was open, and the next press charged the card all the same."""
    bought(world, web, save=True)
    saved, change = SavedMethod.objects.get(), due(world, web)
    pressed_meanwhile(
        monkeypatch, "create_checkout", lambda: pay_with_saved(world.owner, change.invoice, saved.pk)
    )
    start_checkout(world.owner, change.invoice, "card")
    attempt = PaymentAttempt.objects.get(invoice=change.invoice)
    assert attempt.state == "redirected"
    assert pay_with_saved(world.owner, change.invoice, saved.pk) == ""  # closes the page first
    assert world.gateway.pay(attempt.gateway_ref) == "closed"
    assert Capture.objects.filter(attempt__invoice=change.invoice).count() == 1


def test_a_page_asked_for_while_the_card_is_charged_does_not_make_the_charge_a_failure(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2026-11-26: it read "Nothing was taken", and paying again was open until the charge's answer was recorded."""
    bought(world, web, save=True)
    saved, change = SavedMethod.objects.get(), due(world, web)
    pressed_meanwhile(
        monkeypatch, "charge_saved", lambda: start_checkout(world.owner, change.invoice, "card")
    )
    assert pay_with_saved(world.owner, change.invoice, saved.pk) == ""
    assert PaymentAttempt.objects.get(invoice=change.invoice).state == "succeeded"


def test_a_page_that_is_opened_before_the_card_is_charged_stays_the_one_payment(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2026-11-26: the page's id was used for the charge, whose refusal ended the attempt that the page belonged to."""
    bought(world, web, save=True)
    saved, change = SavedMethod.objects.get(), due(world, web)
    adapter = gateway("sandbox")
    real = adapter.charge_saved  # type: ignore[attr-defined]

    def late(request: Any) -> Any:
        start_checkout(world.owner, change.invoice, "card")
        return real(request)

    monkeypatch.setattr(adapter, "charge_saved", late)
    with pytest.raises(PaymentUnknown):
        pay_with_saved(world.owner, change.invoice, saved.pk)
    attempt = PaymentAttempt.objects.get(invoice=change.invoice)
    assert (attempt.state, attempt.redirect_url != "") == ("redirected", True)


def test_nobody_is_sent_to_a_page_whose_payment_was_given_up_meanwhile(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2026-11-26: the call was held up for minutes, and the sweep had ended the attempt; he could pay there, and anew."""
    change, adapter = world.change(web, memory=8), gateway("sandbox")
    real = adapter.create_checkout

    def held_up(request: Any) -> Any:
        world.wait(minutes=2)
        return real(request)

    monkeypatch.setattr(adapter, "create_checkout", held_up)
    with pytest.raises(PaymentUnknown):
        start_checkout(world.owner, change.invoice, "card")
    assert PaymentAttempt.objects.get().state == "failed"


def test_a_forgotten_card_is_never_charged(world: World, web: Service) -> None:
    """Removed at once, also while the gateway is silent; the sweep tells it later."""
    bought(world, web, save=True)
    saved, change = SavedMethod.objects.get(), due(world, web)
    world.gateway.fault(call="detach")
    forget(world.owner, saved.pk)
    assert world.reread(saved).forgotten_at is None
    assert change.invoice is not None
    with pytest.raises(Exception, match="nothing here"):
        pay_with_saved(world.owner, change.invoice, saved.pk)
    world.sweep()
    assert world.reread(saved).forgotten_at is not None


def test_consent_taken_back_before_paying_closes_the_page_that_would_keep_it(
    world: World, web: Service
) -> None:
    change = world.change(web, memory=8)
    assert change.invoice is not None
    start_checkout(world.owner, change.invoice, "card", save=True)
    first = PaymentAttempt.objects.get()
    start_checkout(world.owner, change.invoice, "card")
    second = PaymentAttempt.objects.get(state="redirected")
    assert (world.reread(first).state, second.save_method) == ("cancelled", False)
    world.gateway.pay(second.gateway_ref, mode="never")
    look(second.pk)
    assert not SavedMethod.objects.exists()


def test_the_page_offers_charges_and_forgets(world: World, web: Service) -> None:
    bought(world, web, save=True)
    saved, change = SavedMethod.objects.get(), due(world, web)
    assert change.invoice is not None
    client = Client()
    client.force_login(world.owner)
    address = reverse("portal:checkout", args=[change.invoice.reference])
    page = client.get(address).content.decode()
    assert "Visa ···· 4242" in page
    assert "Keep the card for my later payments" in page
    answer = client.post(address, {"method": f"saved:{saved.pk}"})
    assert answer.url == reverse("portal:show_change", args=[change.reference])  # type: ignore[attr-defined]
    world.work()
    assert world.reread(change).status == states.APPLIED
    for nonsense in ("saved:", "saved:x", f"saved:{change.invoice.pk}"):
        web.refresh_from_db()
        assert client.post(address, {"method": nonsense}).status_code in (302, 404)


def test_another_customer_sees_and_charges_none_of_it(world: World, web: Service) -> None:
    bought(world, web, save=True)
    saved, change = SavedMethod.objects.get(), due(world, web)
    _, stranger = world.new_customer("Other Ltd", "other@example.com")
    client = Client()
    client.force_login(stranger)
    assert change.invoice is not None
    address = reverse("portal:checkout", args=[change.invoice.reference])
    assert client.post(address, {"method": f"saved:{saved.pk}"}).status_code == 404
    for act in (
        lambda: pay_with_saved(stranger, change.invoice, saved.pk),
        lambda: forget(stranger, saved.pk),
    ):
        with pytest.raises(Exception, match="nothing here"):
            act()
    assert world.reread(saved).removed_at is None
