"""Where a payment stands, in words, on the invoice and on the change's page; what was chosen once is not asked again."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.changes.pay import start_paying
from prorata.credit.models import LogLine
from prorata.customers.models import Customer
from prorata.payments.bank.allocate import to_invoice
from prorata.payments.look import look
from prorata.payments.models import PaymentAttempt
from prorata.services.models import Service
from support.bank import ACTOR, Entry, bank_account, line, statement
from support.portal import hidden, part, person, text
from support.sandboxes import DECLINED, FAILS_LATER, SETTLES_LATER
from support.world import World

UNTIL = "15 Aug 2026, 15:02 JST"
TWICE = "A second payment is not possible meanwhile, so that you are not charged twice."


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


@pytest.fixture
def change(world: World, web: Service) -> Change:
    """Memory 4 to 8, submitted: 5,596 is due within the hour."""
    return world.change(web, memory=8)


def address(change: Change) -> str:
    assert change.invoice is not None
    return f"/invoices/{change.invoice.reference}"


def both(world: World, change: Change) -> tuple[HttpResponse, HttpResponse]:
    """The invoice and the change's page, which say the same of the payment."""
    aiko = person(world.owner)
    invoice, page = aiko.get(address(change)), aiko.get(f"/changes/{change.reference}")
    assert part(invoice, "payment") == part(page, "payment")
    return invoice, page


def said(world: World, change: Change) -> str:
    return plain(both(world, change)[0], "payment")


def plain(page: HttpResponse, id: str) -> str:
    return part(page, id).replace(" .", ".").replace(" ,", ",")


# --- the states ---------------------------------------------------------------------------------------------


def test_not_begun(world: World, change: Change) -> None:
    told = said(world, change)
    assert told.startswith("Waiting for your payment Resources change after payment.")
    assert f"Pay until {UNTIL}." in told
    assert "Pay Now! ¥5,596 with Credit card" in told
    assert "Cancel this change" in told
    assert "Look again" not in told, "nothing can have changed"


def test_waiting_on_the_payment_page(world: World, change: Change) -> None:
    attempt = world.checkout(change)
    told = said(world, change)
    assert told.startswith(
        "Your payment waits on the payment page You began to pay with Credit card on 15 Aug 2026, 14:02 JST."
    )
    assert f"Nothing was taken yet. You can go on there until {UNTIL}." in told
    assert "Continue paying ¥5,596 with Credit card" in told
    again = person(world.owner).post(f"{address(change)}/checkout", {"method": "card"})
    assert again["Location"] == attempt.redirect_url, "the same page is taken up again"


def test_refused_on_the_payment_page(world: World, change: Change) -> None:
    world.pay(change, DECLINED)
    told = said(world, change)
    assert told.startswith("The payment page refused it The card was declined. Nothing was taken.")
    assert f"The payment page is still open: use another card there until {UNTIL}." in told
    assert "Continue paying ¥5,596" in told


def test_the_bank_is_working_on_it(world: World, change: Change) -> None:
    world.pay(change, SETTLES_LATER)
    told = said(world, change)
    assert told.startswith("Your bank is working on it You began to pay with Credit card")
    assert TWICE in told
    assert f"Money that arrives after {UNTIL} becomes account credit." in told
    assert "Pay Now!" not in told
    assert "Continue paying" not in told
    assert "Cancel this change" not in told
    assert "The change can be cancelled when the answer is known." in told


def test_being_checked(world: World, change: Change) -> None:
    world.gateway.fault(call="create")
    aiko = person(world.owner)
    sent = aiko.post(f"{address(change)}/checkout", {"method": "card"}, follow=True)
    assert "The payment service does not answer." in text(sent)
    told = said(world, change)
    assert told.startswith("Your payment is being checked You began to pay with Credit card")
    assert TWICE in told
    assert "Pay Now!" not in told
    assert "Being checked" in text(aiko.get("/invoices"))
    with world.unchanged():
        second = aiko.post(f"{address(change)}/checkout", {"method": "card"})
    assert second["Location"] == address(change)


def test_failed(world: World, change: Change) -> None:
    attempt = world.pay(change, FAILS_LATER)
    world.gateway.settle(attempt.gateway_ref)
    look(attempt.pk)
    told = said(world, change)
    assert told.startswith("Your last payment failed The bank sent the payment back. Nothing was taken.")
    assert f"Pay again, in the same way or another, until {UNTIL}." in told
    assert "Pay Now! ¥5,596 with Credit card" in told


def test_a_reason_that_says_that_nothing_was_taken_is_not_said_twice(world: World, change: Change) -> None:
    attempt = world.checkout(change)
    PaymentAttempt.objects.filter(pk=attempt.pk).update(
        state="failed",
        ended_at=world.clock.now(),
        reason="The payment service never received it; nothing was taken.",
    )
    assert said(world, change).lower().count("nothing was taken") == 1


def test_a_part_was_received(world: World, change: Change) -> None:
    world.gateway.settings(capture_amount_minor=3_000)
    world.pay(change)
    told = said(world, change)
    assert told.startswith(
        f"A part of it was received ¥3,000 was received, ¥2,596 is still to be paid until {UNTIL}."
    )
    assert "If the rest does not come by then, what was received becomes account credit." in told
    assert "Pay Now! ¥2,596 with Credit card" in told
    assert "Partly paid" in text(person(world.owner).get("/invoices"))


def test_a_part_that_came_back_leads_to_its_line_in_the_credit_log(world: World, change: Change) -> None:
    world.gateway.settings(capture_amount_minor=3_000)
    world.pay(change)
    world.wait(minutes=66)
    line = LogLine.objects.get(what="returned")
    aiko = person(world.owner)
    invoice, page = aiko.get(address(change)), aiko.get(f"/changes/{change.reference}")
    for one in (invoice, page):
        assert (
            "¥3,000 had come before the invoice was closed, and became account credit on 15 Aug 2026"
            in text(one)
        )
        assert f"/credit?since=2026-08-15&amp;until=2026-08-15#line-{line.pk}" in one.content.decode()
    assert "Expired: nothing is to be paid any more" in part(invoice, "payment")
    assert "Total ¥5,596 To pay ¥0" in text(invoice), "what had come is credit again and paid nothing"
    assert "nothing was taken" not in text(aiko.get("/invoices"))
    assert f'id="line-{line.pk}"' in aiko.get("/credit?since=2026-08-15&until=2026-08-15").content.decode()


def test_paid(world: World, change: Change) -> None:
    world.pay(change)
    invoice = person(world.owner).get(address(change))
    assert part(invoice, "payment-title") == "Paid"
    assert "Pay Now!" not in text(invoice)
    assert "Look again" not in text(invoice)


def test_paid_with_credit_alone(world: World, web: Service) -> None:
    world.gift(9_000, until="2026-12-31T00:00+09:00")
    invoice = person(world.owner).get(address(world.change(web, memory=8)))
    assert part(invoice, "payment").startswith(
        "Paid with credit Credit paid all of it. No payment was needed."
    )


def test_paid_late(world: World, change: Change) -> None:
    attempt = world.checkout(change)
    world.gateway.fault(call="expire")
    cancel(world.owner, change.reference)
    world.work()
    world.gateway.pay(attempt.gateway_ref, mode="never")
    world.wait(minutes=10)
    line = LogLine.objects.get(what="late")
    aiko = person(world.owner)
    for one in (aiko.get(address(change)), aiko.get(f"/changes/{change.reference}")):
        assert (
            "¥5,596 came on 15 Aug 2026, 14:12 JST, when nothing was due any more, and is account credit."
            in text(one)
        )
        assert f"#line-{line.pk}" in one.content.decode()
        assert "nothing was taken" not in text(one)


def test_more_than_was_due(world: World, change: Change) -> None:
    world.gateway.settings(capture_amount_minor=6_000)
    world.pay(change)
    aiko = person(world.owner)
    for one in (aiko.get(address(change)), aiko.get(f"/changes/{change.reference}")):
        assert "¥404 more than was due came on 15 Aug 2026, 14:02 JST, and is account credit." in text(one)


def test_in_another_currency(world: World, change: Change) -> None:
    world.gateway.settings(capture_currency="USD")
    world.pay(change)
    assert "$55.96 came on 15 Aug 2026, 14:02 JST in another currency than the invoice's." in said(
        world, change
    )


def test_the_time_is_over(world: World, change: Change) -> None:
    world.at("2026-08-15T15:03+09:00")
    assert said(world, change).startswith("The time to pay is over Nothing was taken; make the change again.")
    assert "Pay Now!" not in said(world, change)


def test_a_transfer_is_awaited(world: World, web: Service) -> None:
    bank_account(world.seller)
    change = world.submit(world.quote(web, memory=8), method="bank_transfer")
    assert change.invoice is not None
    start_paying(world.owner, change.invoice, "bank_transfer")
    told = said(world, change)
    assert told.startswith(
        "We are waiting for your transfer ¥5,596 must be with us by 22 Aug 2026, 14:02 JST."
    )
    assert "What to type at your bank Pay in another way Cancel this change" in told
    assert "Waiting for your transfer" in text(person(world.owner).get("/invoices"))
    statement(Entry(amount=3_000, text="server", name="Tanaka"))
    to_invoice(line(), change.invoice.pk, actor=ACTOR)
    told = said(world, change)
    assert "¥3,000 was received, ¥2,596 is still to be paid until 22 Aug 2026, 14:02 JST." in told
    assert "Part received, waiting for the rest" in text(person(world.owner).get("/invoices"))


# --- it lives -----------------------------------------------------------------------------------------------


def test_the_invoice_asks_again_while_something_is_under_way(world: World, change: Change) -> None:
    aiko = person(world.owner)
    assert "hx-get" not in aiko.get(address(change)).content.decode()
    attempt = world.pay(change, SETTLES_LATER)
    page = aiko.get(address(change)).content.decode()
    start = page.index('hx-get="') + 8
    living = page[start : page.index('"', start)]
    assert aiko.get(living).status_code == 204, "nothing new: nothing is drawn or read out"
    world.gateway.settle(attempt.gateway_ref)
    again = aiko.get(f"/payments/{attempt.pk}/return?to=invoice")
    assert again["Location"] == address(change), "looked again without a script, and still on the invoice"
    fresh = aiko.get(living)
    assert (fresh.status_code, part(fresh, "payment-title"), part(fresh, "said")) == (200, "Paid", "Paid.")


# --- chosen once --------------------------------------------------------------------------------------------


@pytest.fixture
def two_methods(settings: Settings) -> None:
    settings.PRORATA_PAYMENT_METHODS = [("card", "Credit card", "sandbox"), ("wallet", "Wallet", "sandbox")]


def submit(world: World, web: Service, method: str) -> tuple[Client, str]:
    """As the review's form does it; the browser and the invoice's address."""
    aiko, quote = person(world.owner), world.quote(web, memory=8)
    form = {"shown_due_minor": str(quote.gross_minor), "method": method, "restart": "us"}
    return aiko, aiko.post(f"/quotes/{quote.reference}/submit", form)["Location"]


def test_the_method_chosen_in_the_review_is_not_asked_again(
    world: World, web: Service, two_methods: None
) -> None:
    Customer.objects.update(preferred_method="card")
    aiko, invoice = submit(world, web, "wallet")
    page = aiko.get(invoice)
    assert part(page, "pay-now") == "Pay Now! ¥5,596 with Wallet"
    assert part(page, "other-method") == "Use another method"
    sent = aiko.post(f"{invoice}/checkout", {"method": hidden(page, "method")})
    assert sent["Location"].startswith(world.gateway.url)
    assert PaymentAttempt.objects.get().method == "wallet"
    assert 'value="wallet" checked' in aiko.get(f"{invoice}/checkout").content.decode()


def test_for_another_invoice_the_remembered_method_counts(
    world: World, web: Service, two_methods: None
) -> None:
    Customer.objects.update(preferred_method="card")
    aiko, _ = submit(world, web, "wallet")
    cancel(world.owner, Change.objects.get().reference)
    other = address(world.change(web, memory=6))
    assert part(aiko.get(other), "pay-now").endswith("with Credit card")


def test_where_nothing_is_known_the_methods_are_shown(world: World, web: Service, two_methods: None) -> None:
    change = world.change(web, memory=8)
    page = person(world.owner).get(address(change))
    assert part(page, "pay-now") == "Pay Now! ¥5,596"
    assert f'href="{address(change)}/checkout"' in page.content.decode()
    assert "checked" not in person(world.owner).get(f"{address(change)}/checkout").content.decode()


def test_without_any_method_it_is_said(world: World, web: Service, settings: Settings) -> None:
    change = world.change(web, memory=8)
    settings.PRORATA_PAYMENT_METHODS = []
    assert "No way to pay is set up. Ask support." in said(world, change)


# --- giving up ----------------------------------------------------------------------------------------------


def test_before_cancelling_it_is_said_what_comes_back(world: World, web: Service) -> None:
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    world.voucher(amount_minor=1_000)
    change = world.change(web, voucher="SUMMER", memory=8)
    world.gateway.settings(capture_amount_minor=500)
    world.pay(change)
    page = person(world.owner).get(f"/changes/{change.reference}/cancel")
    back = plain(page, "back")
    assert "¥1,500 of gifted credit is free again, until 31 Dec 2026, 00:00 JST as before." in back
    assert "Voucher SUMMER can be used again, until 31 Dec 2026, 00:00 JST." in back
    assert "¥500 that you paid already becomes account credit." in back
    assert "Money that still arrives becomes account credit by itself." in text(page)
    with world.unchanged():
        person(world.owner).get(f"/changes/{change.reference}/cancel")
    sent = person(world.owner).post(f"/changes/{change.reference}/cancel", follow=True)
    assert "The change was cancelled." in text(sent)
    assert world.purses() == [("gifted", 1_500, "2026-12-31"), ("account", 500, None)], "as it was said"


def test_what_would_happen_to_a_gift_that_ended_meanwhile(world: World, web: Service) -> None:
    """Held until after its end it is prolonged by three days, once; said before, and so it happens."""
    world.gift(1_500, until="2026-08-15T14:30+09:00")
    change = world.change(web, memory=8)
    world.at("2026-08-15T14:40+09:00")
    told = plain(person(world.owner).get(f"/changes/{change.reference}/cancel"), "back")
    assert "it is prolonged once, until 18 Aug 2026, 14:40 JST." in told
    cancel(world.owner, change.reference)
    again = world.change(web, memory=8)
    world.at("2026-08-18T14:45+09:00")
    told = plain(person(world.owner).get(f"/changes/{again.reference}/cancel"), "back")
    assert "¥1,500 of gifted credit does not come back: it was prolonged once before" in told


def test_with_nothing_held_nothing_comes_back(world: World, change: Change) -> None:
    told = plain(person(world.owner).get(f"/changes/{change.reference}/cancel"), "back")
    assert told == "Nothing: nothing was taken and no credit is held for it."


@pytest.mark.parametrize("card", [SETTLES_LATER])
def test_while_the_bank_works_it_cannot_be_cancelled_and_says_why(
    world: World, change: Change, card: str
) -> None:
    world.pay(change, card)
    aiko = person(world.owner)
    page = aiko.get(f"/changes/{change.reference}/cancel")
    assert "Your payment is being checked, or your bank is working on it." in part(page, "why-not")
    assert 'class="btn danger"' not in page.content.decode()
    with world.unchanged():
        sent = aiko.post(f"/changes/{change.reference}/cancel", follow=True)
    assert "The change can be cancelled when the answer is known." in text(sent)


def test_what_is_paid_cannot_be_cancelled_and_says_so(world: World, change: Change) -> None:
    world.pay(change)
    page = person(world.owner).get(f"/changes/{change.reference}/cancel")
    assert "This change can no longer be cancelled: it is Paid." in part(page, "why-not")
