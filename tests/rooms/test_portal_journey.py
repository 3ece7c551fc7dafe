"""The whole main job over plain HTTP: forms and links only, no script, every figure from the server."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from prorata.changes.models import Change, Quote
from prorata.services.models import Service
from support.portal import hidden, part, person, text
from support.world import World

UPGRADE = {"cpu": "4", "memory": "8", "disk": "100", "backups": "4", "snapshots": "2"}


@pytest.fixture
def web(world: World) -> Service:
    """web-01, bought on 1 June for six months, on 15 August at 14:02."""
    world.open("2026-06-01T08:00+09:00")
    service = world.service()
    world.at("2026-08-15T14:02+09:00")
    world.measure(service)
    return service


def test_upgrade_by_forms_alone(world: World, web: Service) -> None:
    world.gift(1_500, until="2026-09-30T23:59+09:00")
    aiko = person(world.owner)

    assert "web-01" in text(aiko.get("/services"))
    resources = aiko.get(f"/services/{web.pk}/resources")
    assert part(resources, "monthly") == "¥7,400"
    assert "Upgrade / Downgrade" in text(resources)

    page = aiko.post(f"/services/{web.pk}/estimate", UPGRADE)
    assert page.status_code == 200
    assert [part(page, f"line-{code}") for code in ("cpu", "memory", "backups")] == [
        "¥3,392",
        "¥5,088",
        "−¥2,210",
    ]
    assert part(page, "total") == "¥6,897"
    assert "3 + 16/30 = 106/30 months" in text(page)
    assert "The end date does not change: 1 Dec 2026." in text(page)
    assert not Quote.objects.exists(), "an estimate is stored nowhere"

    sent = aiko.post(f"/services/{web.pk}/change", {**UPGRADE, "do": "continue"})
    quote = Quote.objects.get()
    assert (sent.status_code, sent["Location"]) == (302, f"/quotes/{quote.reference}")

    review = aiko.get(sent["Location"])
    assert (part(review, "gross"), part(review, "split-gifted"), part(review, "due")) == (
        "¥6,897",
        "−¥1,500",
        "¥5,397",
    )
    assert part(review, "submit") == "Submit and pay ¥5,397"
    without = aiko.get(sent["Location"], {"split": "1"})
    assert part(without, "submit") == "Submit and pay ¥6,897"

    form = {"split": "1", "use_gifted": "1", "method": "card", "restart": "us"}
    sent = aiko.post(
        f"/quotes/{quote.reference}/submit", {**form, "shown_due_minor": hidden(review, "shown_due_minor")}
    )
    change = Change.objects.get()
    assert change.invoice is not None
    assert sent["Location"] == f"/invoices/{change.invoice.reference}"

    invoice = aiko.get(sent["Location"])
    assert part(invoice, "pay-now") == "Pay Now! ¥5,397 with Credit card"
    assert "Unpaid" in text(invoice)
    checkout = aiko.get(f"/invoices/{change.invoice.reference}/checkout")
    assert 'value="card" checked' in checkout.content.decode(), (
        "the method chosen in the review is remembered"
    )
    sent = aiko.post(f"/invoices/{change.invoice.reference}/checkout", {"method": "card"})
    assert sent["Location"].startswith(world.gateway.url)

    attempt = change.invoice.attempts.get()
    world.gateway.pay(attempt.gateway_ref, "4242 4242 4242 4242", mode="never")
    sent = aiko.get(f"/payments/{attempt.pk}/return")
    assert sent["Location"] == f"/changes/{change.reference}"
    world.work()

    done = aiko.get(sent["Location"])
    assert part(done, "headline").startswith("Changed at 14:0")
    assert [
        part(done, f"measured-{code}").split(",")[0].strip() for code in ("cpu", "memory", "backups")
    ] == [
        "4",
        "8 GB",
        "4",
    ]
    assert world.measured(web)["memory"] == 8
    resources = aiko.get(f"/services/{web.pk}/resources")
    assert part(resources, "monthly") == "¥9,500"
    assert "1 Dec 2026" in text(resources), "the old end date"


def test_downgrade_raises_the_credit_only_when_the_machine_has_shrunk(world: World, web: Service) -> None:
    aiko = person(world.owner)
    page = aiko.post(f"/services/{web.pk}/estimate", {**UPGRADE, "cpu": "2", "memory": "4"})
    assert "You receive as account credit" in text(page)
    assert part(page, "total") == "¥2,431"
    sent = aiko.post(f"/services/{web.pk}/change", {**UPGRADE, "cpu": "2", "memory": "4"})
    review = aiko.get(sent["Location"])
    assert part(review, "submit") == "Submit — receive ¥2,431 credit"
    sent = aiko.post(f"{sent['Location']}/submit", {"shown_due_minor": "0", "restart": "us"})
    change = Change.objects.get()
    assert sent["Location"] == f"/changes/{change.reference}"

    assert part(aiko.get("/credit"), "available-credit") == "Available Credit 0"
    world.work()
    credit = aiko.get("/credit")
    assert part(credit, "available-credit").endswith("¥2,431")
    assert f'href="/changes/{change.reference}"' in credit.content.decode(), (
        "the log line leads to its change"
    )
    assert "+¥2,431 ¥2,431" in text(credit), "amount and balance after it"
    note = change.service.credit_notes.get()
    assert "¥2,431" in text(aiko.get(reverse("portal:credit_note", args=[note.number])))


def test_a_script_gets_the_panel_alone_and_what_belongs_to_the_cards(world: World, web: Service) -> None:
    page = person(world.owner).post(f"/services/{web.pk}/estimate", UPGRADE, headers={"HX-Request": "true"})
    body = page.content.decode()
    assert "<html" not in body
    assert part(page, "total") == "¥6,897"
    assert part(page, "per-cpu").startswith("+¥1,200 / month")
    assert part(page, "per-backups").startswith("−¥900 / month")
    assert part(page, "per-disk") == "No change"
    assert part(page, "bar-due") == "Due today ¥6,897"
    assert 'data-say="Due today 6,897 Japanese yen.' in body


def test_a_declined_card_says_so_and_takes_nothing(world: World, web: Service) -> None:
    aiko = person(world.owner)
    change = world.change(web, memory=8)
    attempt = world.checkout(change)
    world.gateway.decline(attempt.gateway_ref)
    page = aiko.get(f"/payments/{attempt.pk}/return", follow=True)
    assert "Nothing was taken." in text(page)
    assert f'action="/invoices/{change.invoice.reference}/checkout"' in page.content.decode(), (
        "one may try again"
    )


def test_an_unpaid_change_can_be_cancelled(world: World, web: Service) -> None:
    aiko = person(world.owner)
    change = world.change(web, memory=8)
    page = aiko.post(f"/changes/{change.reference}/cancel", follow=True)
    assert "The change was cancelled." in text(page)
    assert world.reread(change).status == "cancelled"
    paid = world.change(web, memory=8)
    world.pay(paid)
    world.work()
    refused = aiko.post(f"/changes/{paid.reference}/cancel", follow=True)
    assert "This change can no longer be cancelled: it is Applied." in text(refused)


def test_the_page_that_asks_again_is_told_when_nothing_changed(world: World, web: Service) -> None:
    aiko = person(world.owner)
    change = world.change(web, memory=8)
    page = aiko.get(f"/changes/{change.reference}")
    asked = re.search(rf'hx-get="(/changes/{change.reference}/state\?seen=\w+)"', page.content.decode())
    assert asked, "an open change is asked for again"
    same = aiko.get(asked[1])
    assert (same.status_code, same.content) == (204, b"")
    world.pay(change)
    world.work()
    new = aiko.get(asked[1])
    assert part(new, "headline").startswith("Changed at")
    assert "hx-get" not in new.content.decode(), "an ended change is not asked for again"


def test_the_published_example_is_priced_and_changes_nothing(world: World, web: Service) -> None:
    with world.unchanged():
        page = person(world.owner).get("/example")
    assert part(page, "total") == "$432.48"
    assert "3 + 16/30 = 106/30 months" in text(page)


def test_what_is_stored_can_be_deleted_and_the_values_survive(world: World, web: Service) -> None:
    stored = world.hypervisor.add_object(web.external_id, "snapshots", "before-php8")
    world.measure(web)
    aiko = person(world.owner)
    card = aiko.get(f"/services/{web.pk}/change")
    assert "Snapshot limit cannot go below 1: 1 exist" in text(card)
    place = f"/services/{web.pk}/stored/snapshots"
    asked = aiko.get(f"{place}/{stored}/delete?memory=8")
    assert "Delete “before-php8”?" in text(asked)
    sent = aiko.post(f"{place}/{stored}/delete?memory=8")
    assert sent["Location"] == f"{place}?memory=8"
    assert "was deleted" in text(aiko.get(sent["Location"]))
    assert "cannot go below" not in text(aiko.get(f"/services/{web.pk}/change"))
