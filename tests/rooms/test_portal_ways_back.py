"""Signed out in the middle, a second tab, Back and Reload: one comes back to the page, with what was typed."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client

from prorata.services.models import Service
from support.portal import hidden, person, text
from support.world import World

HERE = "http://testserver"


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def next_of(answer: HttpResponse) -> str:
    place = urlsplit(answer["Location"])
    assert place.path == "/accounts/login/"
    return parse_qs(place.query)["next"][0]


def test_who_was_signed_out_comes_back_with_the_values(world: World, web: Service) -> None:
    page = f"/services/{web.pk}/change"
    sent = Client().post(page, {"memory": "8"}, headers={"referer": f"{HERE}{page}?memory=8"})
    assert next_of(sent) == f"{page}?memory=8"
    sent = Client().post(page, {"memory": "8"}, headers={"referer": "https://evil.example/x"})
    assert next_of(sent) == "/", "another site names no page of ours"
    assert next_of(Client().post(page, {"memory": "8"})) == "/"


def test_an_address_that_takes_a_form_leads_to_its_page(world: World, web: Service) -> None:
    aiko, quote = person(world.owner), world.quote(web, memory=8)
    ask = f"/services/{web.pk}/estimate?memory=8"
    assert aiko.get(ask)["Location"] == f"/services/{web.pk}/change?memory=8"
    for form in ("submit", "voucher", "renew"):
        assert aiko.get(f"/quotes/{quote.reference}/{form}")["Location"] == f"/quotes/{quote.reference}"
    assert aiko.get(f"/services/{web.pk}/measure")["Location"] == f"/services/{web.pk}/resources"
    assert aiko.get(f"/people/of/{world.customer.pk}/add")["Location"] == "/people"
    assert aiko.put(f"/quotes/{quote.reference}/submit").status_code == 405


def test_the_language_can_be_switched_on_a_refused_form(world: World, web: Service) -> None:
    aiko, quote = person(world.owner), world.quote(web, memory=8)
    refused = aiko.post(
        f"/quotes/{quote.reference}/submit", {"shown_due_minor": str(quote.gross_minor), "method": ""}
    )
    assert refused.status_code == 422
    switched = aiko.post("/language", {"language": "ja", "next": hidden(refused, "next")}, follow=True)
    assert switched.status_code == 200
    assert "確定して" in text(switched)


def test_a_form_too_old_offers_its_page(world: World, web: Service) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.owner)
    page = f"/services/{web.pk}/change"
    refused = strict.post(page, {"memory": "8"}, headers={"referer": f"{HERE}{page}?memory=8"})
    assert refused.status_code == 403
    assert f'href="{page}?memory=8"' in refused.content.decode()
    assert "Open the page again To your services" in text(refused)
    elsewhere = strict.post(page, {"memory": "8"}, headers={"referer": "https://evil.example/x"})
    assert "evil.example" not in elsewhere.content.decode()
    assert "Open the page again To your services" not in text(elsewhere)
    disguised = strict.post(page, {"memory": "8"}, headers={"referer": f"{HERE}//evil.example/x"})
    assert "evil.example" not in disguised.content.decode()


def test_a_tab_that_was_left_open_names_the_change_made_in_another(world: World, web: Service) -> None:
    aiko = person(world.owner)
    change = world.change(web, memory=8)
    asked = aiko.post(f"/services/{web.pk}/estimate", {"cpu": "4"}, headers={"hx-request": "true"})
    assert f'href="/changes/{change.reference}"' in asked.content.decode()


def test_back_after_submit_is_the_change(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    aiko = person(world.owner)
    for _twice in range(2):
        again = aiko.get(f"/quotes/{change.quote.reference}")
        assert again["Location"] == f"/changes/{change.reference}"
        assert "no-store" in again["Cache-Control"]
    part = aiko.get(f"/quotes/{change.quote.reference}", headers={"hx-request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (204, f"/changes/{change.reference}")
