"""Somebody who may choose a change and not pay for it sends the quote to those who may."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from prorata.changes.models import Change
from prorata.customers.models import Membership, User
from prorata.notices.models import Mail
from prorata.services.models import Service
from prorata.trail.models import Deed
from support.portal import part, person, text
from support.world import World


@pytest.fixture
def web(world: World, settings: Settings) -> Service:
    settings.PRORATA_BASE_URL = "https://portal.example.com"
    return world.web_01("2026-08-15T14:02+09:00")


def member(world: World, name: str, role: str, **facts: str) -> User:
    user = User.objects.create_user(f"{name.lower()}@example.com", "a-long-password", name=name, **facts)
    Membership.objects.create(customer=world.customer, user=user, role=role)
    return user


def test_it_goes_to_whoever_may_submit_and_pay_once_in_their_language(world: World, web: Service) -> None:
    taro, _billing = member(world, "Taro", "technical"), member(world, "Mika", "billing")
    hana = member(world, "Hana", "owner", language="ja")
    quote = world.quote(web, by=taro, memory=8)
    client = person(taro)
    page = client.get(f"/quotes/{quote.reference}")
    assert part(page, "send") == "Send to someone who can pay"
    for _ in range(2):
        told = client.post(f"/quotes/{quote.reference}/send", follow=True)
        assert "It was sent to Hana, Tanaka Design." in text(told)
    world.work()

    mails = {mail.to: mail for mail in Mail.objects.filter(origin=f"quote:{quote.reference}")}
    assert set(mails) == {"aiko@example.com", "hana@example.com"}
    mine = mails["aiko@example.com"]
    assert mine.subject == "Taro asks you to pay 5,596 JPY for a change of web-01"
    lines = [" ".join(line.split()) for line in mine.body.splitlines()]
    assert "Memory 4 GB → 8 GB" in lines
    assert f"https://portal.example.com/quotes/{quote.reference}" in lines
    assert "This price is fixed until 15 Aug 2026, 14:32 Asia/Tokyo; after" in mine.body
    assert "5,596" in mails["hana@example.com"].subject
    assert "asks you" not in mails["hana@example.com"].subject
    assert Deed.objects.filter(what="quote.sent_to_pay", actor=f"user:{taro.pk}").count() == 2

    # In the bell of whom it was written to, and of nobody else.
    assert mine.subject in text(person(world.owner).get("/notifications"))
    assert mine.subject not in text(client.get("/notifications"))
    due = {"shown_due_minor": "5596", "method": "card"}
    person(hana).post(f"/quotes/{quote.reference}/submit", due)
    assert Change.objects.get().submitted_by == hana


def test_nothing_is_sent_of_a_price_that_is_over_or_not_theirs(world: World, web: Service) -> None:
    taro, reader = member(world, "Taro", "technical"), member(world, "Rin", "reader")
    _other, stranger = world.new_customer("Other", "other@example.com")
    ken = member(world, "Ken", "technical")
    quote = world.quote(web, by=taro, memory=8)
    address = f"/quotes/{quote.reference}/send"
    assert 'id="send"' not in person(ken).get(f"/quotes/{quote.reference}").content.decode()
    with world.unchanged():
        assert [person(one).post(address).status_code for one in (reader, stranger, ken)] == [404] * 3
        world.at("2026-08-15T14:32+09:00")
        page = person(taro).post(address, follow=True)
        world.work()
    assert "This price was valid until" in text(page)
    assert 'id="send"' not in page.content.decode()


def test_what_was_submitted_meanwhile_is_not_told(world: World, web: Service) -> None:
    taro = member(world, "Taro", "technical")
    quote = world.quote(web, by=taro, memory=8)
    person(taro).post(f"/quotes/{quote.reference}/send")
    person(world.owner).post(
        f"/quotes/{quote.reference}/submit", {"shown_due_minor": "5596", "method": "card"}
    )
    world.work()
    assert not Mail.objects.filter(key__startswith="quote.sent_to_pay").exists()


def test_nothing_is_said_to_be_sent_where_nothing_is_to_be_paid(world: World, web: Service) -> None:
    taro = member(world, "Taro", "technical")
    smaller, bought = world.quote(web, by=taro, snapshots=1), world.quote(web, by=taro, memory=8)
    world.submit(bought)
    for quote in (smaller, bought):
        page = person(taro).post(f"/quotes/{quote.reference}/send", follow=True)
        assert (page.status_code, "It was sent to" in text(page)) == (200, False)
    world.work()
    assert not Mail.objects.filter(key__startswith="quote.sent_to_pay").exists()
