"""Vouchers in the portal: the review without a script, invoice, credit page and mails print the same figures."""

from __future__ import annotations

from decimal import Decimal

import pytest

from prorata.changes.models import Change, Quote
from prorata.notices.models import Mail
from prorata.services.models import Service
from support.portal import hidden, part, person, text
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    world.open("2026-06-01T08:00+09:00")
    service = world.service()
    world.at("2026-08-15T14:02+09:00")
    world.measure(service)
    return service


def test_a_code_typed_on_the_review_makes_a_new_quote_and_submit_uses_it(world: World, web: Service) -> None:
    world.voucher(amount_minor=1_000)
    aiko = person(world.owner)
    quote = world.quote(web, memory=8)
    address = f"/quotes/{quote.reference}"
    assert part(aiko.get(address), "gross") == "¥5,596"

    sent = aiko.post(f"{address}/voucher", {"voucher_code": " summer ", "split": "1", "use_account": "1"})
    fresh = Quote.objects.latest("pk")
    assert sent["Location"] == f"/quotes/{fresh.reference}?split=1&use_account=1"
    review = aiko.get(sent["Location"])
    assert (part(review, "discount"), part(review, "gross")) == ("−¥1,000", "¥4,496")
    assert "Voucher SUMMER" in text(review)
    assert "Summer offer, valid until 31 Dec 2026, a discount, before tax" in text(review)
    assert "so ¥" not in text(review)
    assert "Subtotal ¥4,088 Consumption tax 10 % ¥408" in text(review)

    done = aiko.post(
        f"/quotes/{fresh.reference}/submit",
        {"method": "card", "shown_due_minor": hidden(review, "shown_due_minor"), "split": "1"},
    )
    invoice = aiko.get(done["Location"])
    assert (part(invoice, "discount"), part(invoice, "due")) == ("−¥1,000", "¥4,496")
    assert "Memory 4 to 8 GB" in text(invoice)
    assert "15 Aug 2026 to 1 Dec 2026 ¥5,088" in text(invoice)

    world.pay(Change.objects.get())
    world.work()
    mail = Mail.objects.filter(key__startswith="change.applied").get()
    assert "5,088" in mail.body
    assert "Voucher SUMMER" in mail.body
    shown = text(aiko.get(f"/changes/{Change.objects.get().reference}"))
    assert "Voucher SUMMER −¥1,000" in shown


def test_what_a_voucher_paid_whole_says_so(world: World, web: Service) -> None:
    world.voucher(off=Decimal(1))
    change = world.change(web, voucher="SUMMER", memory=8)

    page = text(person(world.owner).get(f"/changes/{change.reference}"))
    assert "Nothing to pay Voucher SUMMER −¥5,088" in page


def test_not_to_use_it_is_one_press(world: World, web: Service) -> None:
    world.voucher()
    aiko = person(world.owner)
    quote = world.quote(web, voucher="SUMMER", memory=8)

    sent = aiko.post(f"/quotes/{quote.reference}/voucher", {"voucher": ""})
    assert part(aiko.get(sent["Location"]), "gross") == "¥5,596"


def test_the_same_again_makes_no_new_quote(world: World, web: Service) -> None:
    world.voucher()
    aiko = person(world.owner)
    plain, with_it = world.quote(web, memory=8), world.quote(web, voucher="SUMMER", memory=8)
    for quote, code in ((plain, ""), (with_it, "SUMMER")):
        sent = aiko.post(f"/quotes/{quote.reference}/voucher", {"voucher": code})
        assert sent["Location"].startswith(f"/quotes/{quote.reference}?")
    assert Quote.objects.count() == 2


def test_a_code_that_does_not_fit_leaves_everything_and_says_why(world: World, web: Service) -> None:
    world.voucher("BIG", minimum_spend_minor=9_000)
    aiko = person(world.owner)
    quote = world.quote(web, memory=8)
    for code, said in (
        ("nonsense", "There is no voucher NONSENSE. Look at the code again."),
        ("big", "Voucher BIG is for changes from 9,000 JPY on, before tax is added."),
    ):
        page = aiko.post(f"/quotes/{quote.reference}/voucher", {"voucher_code": code})
        assert page.status_code == 422
        assert said in text(page)
        assert part(page, "gross") == "¥5,596"
        assert f'value="{code}"' in page.content.decode(), "what was typed stands there still"


def test_assigned_vouchers_are_offered_and_stand_on_the_credit_page(world: World, web: Service) -> None:
    world.voucher("MINE", customer=world.customer, off=Decimal("0.10"), currency="JPY", at_most_minor=500)
    other, _ = world.new_customer("Other", "other@example.com")
    world.voucher("THEIRS", customer=other)
    world.voucher("PUBLIC")
    aiko = person(world.owner)

    page = text(aiko.get("/credit"))
    assert "Summer offer MINE" in page
    assert "10 % off, at most ¥500" in page
    assert "THEIRS" not in page
    assert "PUBLIC" not in page, "a code that anybody may have is not told to everybody"
    review = aiko.get(f"/quotes/{world.quote(web, memory=8).reference}")
    assert 'value="MINE"' in review.content.decode()
    assert "THEIRS" not in review.content.decode()
    credit = aiko.get(f"/quotes/{world.quote(web, backups=4).reference}")
    assert "Voucher code" not in text(credit), "nothing is to be paid, so no voucher is asked for"

    world.change(web, voucher="MINE", memory=8)
    assert "MINE" not in text(aiko.get("/credit")), "it has been used"


def test_who_may_not_change_cannot_use_a_voucher(world: World, web: Service) -> None:
    from prorata.customers.models import Membership, User

    world.voucher()
    quote = world.quote(web, memory=8)
    clerk = User.objects.create_user("billing@example.com", "a-long-password")
    Membership.objects.create(customer=world.customer, user=clerk, role="billing")

    assert person(clerk).post(f"/quotes/{quote.reference}/voucher", {"voucher": "SUMMER"}).status_code == 404
    assert Quote.objects.count() == 1


def test_a_renewed_price_keeps_its_voucher_as_long_as_it_can(world: World, web: Service) -> None:
    world.voucher(until="2026-08-15T15:00+09:00")
    aiko = person(world.owner)
    quote = world.quote(web, voucher="SUMMER", memory=8)
    world.at("2026-08-15T14:40+09:00")
    kept = aiko.post(f"/quotes/{quote.reference}/renew")
    assert part(aiko.get(kept["Location"]), "gross") == "¥4,496"

    world.at("2026-08-15T15:20+09:00")
    gone = aiko.post(f"{kept['Location']}/renew")
    page = aiko.get(gone["Location"])
    assert part(page, "gross") == "¥5,596"
    assert "Voucher SUMMER has expired" in text(page)


def test_a_voucher_that_ended_meanwhile_is_told_before_submit(world: World, web: Service) -> None:
    world.voucher(until="2026-08-15T14:10+09:00")
    quote = world.quote(web, voucher="SUMMER", memory=8)
    world.at("2026-08-15T14:12+09:00")

    page = person(world.owner).get(f"/quotes/{quote.reference}")
    assert "Voucher SUMMER has expired. The change is possible without it." in text(page)
    assert 'id="submit"' not in page.content.decode()
    assert "Do not use it" in text(page)
