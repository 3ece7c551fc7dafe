"""What is tried too often is not done, and it counts once for all processes and hosts."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings

from prorata.customers.models import User
from prorata.invoices.models import Invoice
from prorata.payments.models import Capture
from prorata.services.models import Service
from prorata.tries.models import Kept, Pace
from prorata.tries.spend import spend
from prorata.tries.tasks import forget
from support.portal import person, text
from support.threads import all_at_once
from support.world import World

PASSWORD = "a-long-password"
SIGN_IN = """
import django
django.setup()
from django.test import Client
form = {"login": "aiko@example.com", "password": "a-long-password"}
answer = Client(SERVER_NAME="localhost").post("/accounts/login/", form)
print(answer.status_code, "Too many failed login attempts" in answer.content.decode())
"""
# So long that no test comes near to getting a try back.
DAY = 86_400


@pytest.fixture
def few(settings: Settings) -> None:
    """Two of each a day."""
    settings.PRORATA_TRIES = dict.fromkeys(settings.PRORATA_TRIES, (2, DAY))


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def test_wrong_passwords_count_in_every_process(process_environment: dict[str, str]) -> None:
    """Five wrong ones here: then another web server takes not even the right one."""
    aiko = User.objects.create_user("aiko@example.com", PASSWORD)
    EmailAddress.objects.create(user=aiko, email=aiko.email, primary=True, verified=True)

    def elsewhere() -> str:
        environment = process_environment | {"DJANGO_SETTINGS_MODULE": "prorata.config.settings"}
        told = subprocess.run(
            [sys.executable, "-c", SIGN_IN], env=environment, capture_output=True, text=True, check=True
        )
        return told.stdout.strip()

    assert elsewhere() == "302 False", "it is the right one"
    for _ in range(5):
        Client(SERVER_NAME="localhost").post("/accounts/login/", {"login": aiko.email, "password": "wrong"})
    assert elsewhere() == "200 True"


@pytest.mark.django_db
def test_so_many_at_once_and_then_none(few: None) -> None:
    assert [spend("estimate", 1) for _ in range(4)] == [True, True, False, False]
    assert spend("pdf", 1), "something else"
    assert spend("estimate", 2), "somebody else"


@pytest.mark.django_db
def test_what_was_spent_comes_back_evenly(few: None) -> None:
    assert [spend("estimate", 1) for _ in range(3)] == [True, True, False]
    Pace.objects.update(spent_until=Now() + timedelta(seconds=DAY / 2 - 1))  # half a day later
    assert [spend("estimate", 1) for _ in range(2)] == [True, False]
    Pace.objects.update(spent_until=Now() - timedelta(days=9))
    assert [spend("estimate", 1) for _ in range(3)] == [True, True, False], "no more than a window's worth"


@pytest.mark.django_db(transaction=True)
def test_several_at_once_are_not_more(settings: Settings) -> None:
    settings.PRORATA_TRIES = {"estimate": (5, DAY)}
    asked = all_at_once([lambda: spend("estimate", 1)] * 12)
    assert sum(one.result() for one in asked) == 5


@pytest.mark.django_db(transaction=True)
def test_counting_waits_for_no_disk() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE 'tries%' AND relkind IN ('r', 'i', 'S')"
            " AND relpersistence <> 'u'"
        )
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_what_limits_nothing_any_more_is_forgotten(few: None) -> None:
    for key, hours in (("old", -2), ("new", 1)):
        Kept.objects.create(cache_key=key, value="", expires=Now() + timedelta(hours=hours))
        Pace.objects.create(what=key, person=1, spent_until=Now() + timedelta(hours=hours))
    forget(timestamp=0)
    assert (
        [row.cache_key for row in Kept.objects.all()] == [row.what for row in Pace.objects.all()] == ["new"]
    )


def test_estimates(world: World, web: Service, few: None) -> None:
    aiko = person(world.owner)
    address = f"/services/{web.pk}/estimate"
    live = {"HX-Request": "true", "HX-Target": "estimate"}
    for _ in range(2):
        assert aiko.post(address, {"memory": "8"}, headers=live).status_code == 200
    part = aiko.post(address, {"memory": "8"}, headers=live)
    assert (part.status_code, 'id="estimate"' in part.content.decode()) == (429, True)
    assert "Too many prices were asked for in a short time." in text(part)
    for page in (
        aiko.post(address, {"memory": "8"}),
        aiko.get(f"/services/{web.pk}/estimate.txt?memory=8"),
        aiko.get(f"/services/{web.pk}/estimate.csv?memory=8"),
        aiko.get(f"/services/{web.pk}/change?memory=8"),
        aiko.post(f"/services/{web.pk}/change", {"memory": "8", "do": "continue"}),
    ):
        assert (page.status_code, "Too many tries" in text(page)) == (429, True), page.wsgi_request
    assert aiko.get(f"/services/{web.pk}/resources").status_code == 200


def test_it_is_said_in_the_readers_language(world: World, web: Service, settings: Settings) -> None:
    settings.PRORATA_TRIES = {"estimate": (1, DAY)}
    User.objects.filter(pk=world.owner.pk).update(language="ja")
    aiko = person(world.owner)
    for _ in range(2):
        part = aiko.post(f"/services/{web.pk}/estimate", {"memory": "8"}, headers={"HX-Request": "true"})
    assert "短時間での料金計算の回数が多すぎます。" in text(part)


def test_refresh_asks_the_machine_only_so_often(world: World, web: Service, settings: Settings) -> None:
    # Not `|=`, which would change the dict itself, for every test after this one.
    settings.PRORATA_TRIES = settings.PRORATA_TRIES | {"refresh": (2, DAY)}
    aiko = person(world.owner)
    assert aiko.post(f"/services/{web.pk}/measure").status_code == 302
    assert aiko.post(f"/services/{web.pk}/change", {"do": "refresh"}).status_code == 200
    world.clock.forward(timedelta(minutes=1))
    before = web.readings.count()
    for refused in (
        aiko.post(f"/services/{web.pk}/measure"),
        aiko.post(f"/services/{web.pk}/change", {"do": "refresh"}),
    ):
        assert refused.status_code == 429
    assert web.readings.count() == before


def test_papers_are_printed_only_so_often(world: World, web: Service, few: None) -> None:
    world.pay(world.change(web, memory=8))
    invoice = Invoice.objects.get(origin__startswith="change:")
    receipt = f"/receipts/{Capture.objects.get().pk}/pdf"
    aiko = person(world.owner)
    assert aiko.get(f"/invoices/{invoice.reference}/pdf").status_code == 200
    assert aiko.get(receipt).status_code == 200
    for address in (f"/invoices/{invoice.reference}/pdf", receipt, "/credit-notes/CN-1/pdf"):
        assert aiko.get(address).status_code == 429, address
