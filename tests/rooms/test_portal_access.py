"""Who reaches what: only one's own, only what one's role allows, only after signing in, and under a strict policy."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from prorata.changes.models import Change
from prorata.credit.grant import grant_gifted
from prorata.customers.models import Membership, User
from prorata.invoices.models import CreditNote
from prorata.notices.models import Mail
from prorata.payments.models import Capture
from prorata.portal.views import invoices
from prorata.portal.views.frame import Slice
from prorata.services.models import Service
from support.portal import part, person, text
from support.tickets import ask
from support.world import World

MOST_QUERIES = 11  # the credit page has purses, vouchers, the log and who moved it, and the bell


@pytest.fixture
def web(world: World) -> Service:
    world.open("2026-06-01T08:00+09:00")
    service = world.service()
    world.hypervisor.add_object(service.external_id, "snapshots", "before-php8")
    world.at("2026-08-15T14:02+09:00")
    world.measure(service)
    return service


def addresses(world: World, web: Service) -> dict[str, list[str]]:
    """One of everything that belongs to the customer, by method."""
    world.change(web, backups=4)
    world.work()
    world.pay(world.change(web, disk=160))
    world.work()
    receipt = f"/receipts/{Capture.objects.get().pk}"
    web = world.reread(web)
    quote = world.quote(web, memory=8)
    change = world.change(web, cpu=4)
    attempt = world.checkout(change)
    assert change.invoice is not None
    thing = world.hypervisor.add_object(web.external_id, "snapshots", "clean")
    world.measure(web)
    note, mail = CreditNote.objects.get(), Mail.objects.first()
    assert mail is not None
    service, invoice = f"/services/{web.pk}", f"/invoices/{change.invoice.reference}"
    ticket = f"/tickets/{ask(world.owner, about=change.origin).reference}"
    return {
        "get": [
            service, f"{service}/resources", f"{service}/change", f"{service}/changes", f"{service}/stored/snapshots",
            f"{service}/stored/snapshots/{thing}/delete", f"/quotes/{quote.reference}", invoice, f"{invoice}/checkout",
            f"/credit-notes/{note.number}", f"/changes/{change.reference}", f"/changes/{change.reference}/state",
            f"{invoice}/state", receipt, f"{receipt}/pdf", f"/changes/{change.reference}/cancel",
            f"/payments/{attempt.pk}/return", f"/demo/mails/{mail.pk}", f"/notifications/{mail.pk}",
            f"{service}/timeline", f"{service}/timeline.json",
            ticket, f"/tickets/new?about={change.origin}",
        ],
        "post": [
            f"{service}/measure", f"{service}/estimate", f"{service}/change", f"{service}/stored/snapshots/{thing}/delete",
            f"/quotes/{quote.reference}/submit", f"/quotes/{quote.reference}/renew", f"{invoice}/checkout",
            f"/changes/{change.reference}/cancel", f"/payment-methods/{world.customer.pk}",
            f"/notifications/mails/{world.customer.pk}", ticket, f"{ticket}/close",
        ],
    }  # fmt: skip


def test_what_is_another_customers_does_not_exist(world: World, web: Service) -> None:
    places = addresses(world, web)
    _, mallory = world.new_customer("Mallory & Co", "mallory@example.com")
    stranger = person(mallory)
    form = {"memory": "8", "shown_due_minor": "5596", "method": "card"}
    with world.unchanged():
        for address in places["get"]:
            assert stranger.get(address).status_code == 404, address
        for address in places["post"]:
            assert stranger.post(address, form).status_code == 404, address
        for page in (
            "/services",
            "/invoices",
            "/payments",
            "/payments.csv",
            "/payment-methods",
            "/credit",
            "/tickets",
            "/notifications/mails",
            "/demo/mails",
        ):
            said = text(stranger.get(page))
            assert "web-01" not in said
            assert "¥" not in said, page


def test_nothing_is_shown_to_who_is_not_signed_in(world: World, web: Service, client: Client) -> None:
    places = addresses(world, web)
    with world.unchanged():
        lists = [
            "/",
            "/services",
            "/invoices",
            "/payments",
            "/payments.csv",
            "/payment-methods",
            "/credit",
            "/tickets",
            "/tickets/new",
            "/notifications/mails",
            "/example",
        ]
        for address in [*places["get"], *lists, "/demo/mails"]:
            sent = client.get(address, follow=True)
            assert sent.redirect_chain[-1][0].startswith("/accounts/login/?next="), address
        for address in places["post"]:
            assert client.post(address).status_code == 302
    live = client.post(f"/services/{web.pk}/estimate", headers={"HX-Request": "true"})
    assert (live.status_code, live["HX-Redirect"][:22]) == (204, "/accounts/login/?next=")


def test_a_form_without_its_token_is_refused(world: World, web: Service) -> None:
    places = addresses(world, web)
    careless = Client(enforce_csrf_checks=True)
    careless.force_login(world.owner)
    with world.unchanged():
        for address in [*places["post"], "/theme"]:
            refused = careless.post(address, {"memory": "8"})
            assert (refused.status_code, "nothing was done" in text(refused)) == (403, True), address


def test_what_no_database_keeps_is_refused_and_what_no_calendar_has_is_no_limit(
    world: World, web: Service
) -> None:
    aiko, quote, nul = person(world.owner), world.quote(web, memory=8), "a\x00b"
    for address in (
        f"/services/{web.pk}/stored/snapshots/%00/delete", "/credit-notes/%00", "/tickets/new?about=invoice:%00",
    ):  # fmt: skip
        assert aiko.get(address).status_code == 400, address
    for address, form in (
        ("/guides/upgrade/reaction", {"feeling": "sad", "comment": nul}),
        (f"/quotes/{quote.reference}/voucher", {"voucher_code": nul}),
    ):
        refused = aiko.post(address, form)
        assert (refused.status_code, "Nothing was done." in text(refused)) == (400, True), address
    for page in ("/credit", "/credit.csv", "/payments", "/payments.csv"):
        for days in ("until=9999-12-31", "since=9999-12-31", "since=0001-01-01&until=9998-12-31"):
            assert aiko.get(f"{page}?{days}").status_code == 200, (page, days)


def test_what_somebody_sees_is_kept_by_nobody(world: World, web: Service, client: Client) -> None:
    """Not by the browser for whoever comes back to it, and not by a proxy; pages of other packages are no exception."""
    aiko = person(world.owner)
    for page in (
        "/guides/upgrade",
        "/accounts/email/",
        "/accounts/2fa/",
        "/accounts/password/change/",
        "/nothing",
    ):
        assert "no-store" in aiko.get(page)["Cache-Control"], page
    assert not client.get("/guides/upgrade").has_header("Cache-Control"), "of nobody in particular"


def test_an_address_to_reset_a_password_through_is_added_after_the_password(
    world: World, web: Service
) -> None:
    aiko = person(world.owner)
    asked = aiko.post("/accounts/email/", {"action_add": "", "email": "mallory@example.com"})
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not EmailAddress.objects.filter(email="mallory@example.com").exists()
    aiko.post("/accounts/reauthenticate/", {"password": "a-long-password"})
    aiko.post("/accounts/email/", {"action_add": "", "email": "aiko@example.org"})
    assert EmailAddress.objects.filter(email="aiko@example.org", verified=False).exists()


def test_somebody_who_left_the_team_loses_it_at_once(world: World, web: Service) -> None:
    aiko = person(world.owner)
    assert aiko.get(f"/services/{web.pk}/resources").status_code == 200
    Membership.objects.filter(user=world.owner).delete()
    assert aiko.get(f"/services/{web.pk}/resources").status_code == 404


def colleague(world: World, role: str) -> User:
    user = User.objects.create_user(f"{role}@example.com", "a-long-password", name=role)
    Membership.objects.create(customer=world.customer, user=user, role=role)
    return user


def test_who_may_change_but_not_pay_is_told_so(world: World, web: Service) -> None:
    technician = colleague(world, "technical")
    quote = world.quote(web, by=technician, memory=8)
    client, said = person(technician), "You may choose a change, but not pay for it."
    page = client.get(f"/quotes/{quote.reference}")
    assert said in part(page, "may-not-pay")
    assert 'id="submit"' not in page.content.decode()
    with world.unchanged():
        refused = client.post(
            f"/quotes/{quote.reference}/submit", {"shown_due_minor": "5596", "method": "card"}
        )
    assert (refused.status_code, said in text(refused)) == (422, True)
    assert client.post(f"/quotes/{quote.reference}/submit", {"shown_due_minor": "0"}).status_code == 422
    change = world.change(web, memory=8)
    assert change.invoice is not None
    invoice = client.get(f"/invoices/{change.invoice.reference}")
    assert "You may look at this invoice, but not pay it." in text(invoice)
    sent = client.post(f"/invoices/{change.invoice.reference}/checkout", {"method": "card"})
    assert sent["Location"] == f"/invoices/{change.invoice.reference}"
    assert not change.invoice.attempts.exists()


@pytest.mark.parametrize("role", ["billing", "reader"])
def test_who_may_only_look_is_told_so(world: World, web: Service, role: str) -> None:
    client, said = person(colleague(world, role)), "You may look at this service, but not change it."
    resources = client.get(f"/services/{web.pk}/resources")
    assert said in text(resources)
    assert "Upgrade / Downgrade" not in text(resources)
    with world.unchanged():
        page = client.get(f"/services/{web.pk}/change")
        assert (page.status_code, said in text(page)) == (403, True)
        assert client.post(f"/services/{web.pk}/change", {"memory": "8"}).status_code == 403
        stored = world.hypervisor.machine(web.external_id)["objects"][0]["id"]
        client.post(f"/services/{web.pk}/stored/snapshots/{stored}/delete")
    change = world.change(web, memory=8)
    with world.unchanged():
        client.post(f"/changes/{change.reference}/cancel")


# --- how it is sent -----------------------------------------------------------------------------------------


def test_every_page_is_under_a_strict_policy(world: World, web: Service) -> None:
    aiko = person(world.owner)
    places = [
        *addresses(world, web)["get"],
        "/services",
        "/invoices",
        "/payments",
        "/payment-methods",
        "/credit",
        "/tickets",
        "/tickets/new",
        "/notifications/mails",
        "/example",
        "/demo/mails",
        "/nothing",
    ]
    for address in [*places, "/accounts/2fa/", "/accounts/password/change/"]:
        page = aiko.get(address)
        policy = page["Content-Security-Policy"]
        for rule in ("default-src 'self'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'",
                     "object-src 'none'", "base-uri 'none'"):  # fmt: skip
            assert rule in policy, address
        assert "unsafe" not in policy
        assert page["X-Content-Type-Options"] == "nosniff"
        assert page["X-Frame-Options"] == "DENY"
        if page.status_code == 200 and page["Content-Type"].startswith("text/html"):
            assert "no-store" in page.headers.get("Cache-Control", "") or address.startswith("/accounts"), (
                address
            )
            body = page.content.decode()
            assert not re.search(r"<[^>]*\sstyle=", body), (
                f"{address}: an inline style would be refused by the policy"
            )
            assert not re.search(r"<[^>]*\son[a-z]+=", body), f"{address}: so would an inline handler"
            assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", body), address


def test_the_theme_leads_back_to_our_own_pages_only(world: World, web: Service) -> None:
    aiko = person(world.owner)
    assert aiko.post("/theme", {"next": "/credit"})["Location"] == "/credit"
    for elsewhere in ("https://example.com/", "//example.com", "/\\example.com", "javascript:alert(1)", ""):
        assert aiko.post("/theme", {"next": elsewhere})["Location"] == "/"
    assert 'data-theme="light"' in aiko.get("/credit").content.decode()
    aiko.cookies["theme"] = '"><script>'
    assert "data-theme" not in re.sub(r"data-theme-button", "", aiko.get("/credit").content.decode())


def test_mails_are_shown_in_a_demo_only(world: World, web: Service, settings: Settings) -> None:
    aiko = person(world.owner)
    assert aiko.get("/demo/mails").status_code == 200
    settings.PRORATA_SANDBOXES_ALLOWED = False
    assert aiko.get("/demo/mails").status_code == 404


def test_without_a_seller_one_line_says_what_is_missing(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("new@example.com", "a-long-password"))
    page = client.get("/services")
    assert (page.status_code, "No seller is set up." in text(page)) == (503, True)


def test_a_page_that_is_not_there_says_so_in_the_same_look(world: World, web: Service) -> None:
    page = person(world.owner).get("/invoices/INV-404")
    assert page.status_code == 404
    assert "There is nothing here" in text(page)
    assert "css/base.css" in page.content.decode()


# --- lists do not slow down with their length ---------------------------------------------------------------


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def many(world: World, web: Service) -> None:
    """Thirty of everything, of which a page shows what it shows."""
    for n in range(15):
        change = world.change(web, memory=6 if n % 2 else 8, backups=7 - n % 3)
        if world.reread(change).status == "awaiting_payment":
            world.pay(change)
        world.work()
        grant_gifted(
            customer_id=world.customer.pk, amount_minor=n + 1, currency="JPY", reason=f"Gift {n}", actor="staff:test",
            expires_at=world.clock.now().replace(year=2027),
        )  # fmt: skip


def test_lists_ask_the_same_number_of_questions_at_any_length(world: World, web: Service) -> None:
    aiko, pages = (
        person(world.owner),
        ["/services", "/invoices", "/payments", "/credit", f"/services/{web.pk}/changes", "/demo/mails"],
    )
    world.pay(world.change(web, memory=12))
    world.work()
    world.change(web, backups=6)
    world.work()
    first = {page: queries(aiko, page) for page in pages}
    many(world, web)
    for n in range(2, 31):
        Service.objects.create(
            customer=world.customer, product=world.cloud, name=f"web-{n:02}", currency="JPY", driver="sandbox",
            external_id=f"none-{n}", term_starts_at=web.term_starts_at, term_ends_at=web.term_ends_at,
            configuration=web.configuration,
        )  # fmt: skip
    assert Change.objects.count() > 12
    now: dict[str, Any] = {page: queries(aiko, page) for page in pages}
    assert now == first
    assert max(now.values()) <= MOST_QUERIES, now


def test_older_credit_notes_stand_on_pages_of_their_own(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invoices, "Slice", partial(Slice, size=1))
    for left in (6, 5):
        world.change(web, backups=left)
        world.work()
        web.refresh_from_db()
    aiko = person(world.owner)
    first, second = aiko.get("/invoices"), aiko.get("/invoices?notes=2")
    assert ["CN-000002" in text(page) for page in (first, second)] == [True, False]
    assert ["CN-000001" in text(page) for page in (first, second)] == [False, True]
    assert 'href="?notes=2#notes" rel="next"' in first.content.decode()
    assert aiko.get("/invoices?notes=3").status_code == 404


def test_a_long_list_comes_in_pages(world: World, web: Service) -> None:
    aiko = person(world.owner)
    for n in range(2, 40):
        Service.objects.create(
            customer=world.customer, product=world.cloud, name=f"web-{n:02}", currency="JPY", driver="sandbox",
            external_id=f"none-{n}", term_starts_at=web.term_starts_at, term_ends_at=web.term_ends_at,
            configuration=web.configuration,
        )  # fmt: skip
    first, second = text(aiko.get("/services")), text(aiko.get("/services?page=2"))
    assert "web-30" in first
    assert "web-31" not in first
    assert "web-39" in second
    assert aiko.get("/services?page=9").status_code == 404
    assert "web-01" in text(aiko.get("/services?page=-1' OR 1"))
