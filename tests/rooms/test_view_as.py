"""View as customer: staff see the portal of one customer and nothing else, change nothing, and the customer reads why."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, reverse
from pytest_django import Settings

from prorata import clock
from prorata.customers import staff_view
from prorata.customers.models import Customer, Membership, StaffView, StaffViewEnd, User
from prorata.invoices.models import CreditNote
from prorata.notices.models import Mail, SeenUpTo
from prorata.payments.models import Capture
from prorata.portal.urls import urlpatterns
from prorata.portal.views import notifications
from prorata.services.models import Service
from prorata.support.attach import Sent
from prorata.support.models import Attachment
from prorata.trail.models import Deed
from support.forms import send
from support.portal import person, text
from support.tickets import LOG, ask
from support.world import World

REASON = "You asked why the slider stops at 3 GB."
BANNER = "You see the portal of Tanaka Design."
REFUSED = "Nothing was changed: you only view the portal of Tanaka Design."
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def web(world: World) -> Service:
    """As the demo's, with something stored."""
    world.open("2026-06-01T08:00+09:00")
    service = world.service(paid=34_188)
    world.hypervisor.add_object(service.external_id, "snapshots", "before-php8")
    world.at("2026-08-15T14:02+09:00")
    world.measure(service)
    return service


def form_of(customer: Customer) -> str:
    return reverse("admin:customers_customer_view", args=[customer.pk])


END = "/staff/customers/customer/view/end/"


def clerk(*rights: str) -> User:
    """A member of staff with these rights alone."""
    user = User.objects.create_user("clerk@example.com", "a-long-password", name="Rei", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


@pytest.fixture
def helper(web: Service) -> User:
    return clerk("view_customer", "view_as_customer")


@pytest.fixture
def viewer(world: World, helper: User) -> Client:
    """The helper's browser, with a view of the customer's portal."""
    client = person(helper)
    begun = send(client, form_of(world.customer), reason=REASON)
    assert (begun.status_code, begun["Location"]) == (302, "/services")
    return client


def everything() -> dict[str, Any]:
    """How many rows each table has, and what is in them."""
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        found = {}
        for table in tables:
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t")
            found[table] = cursor.fetchone()
    return found


# --- what is seen -----------------------------------------------------------------------------------------------


def test_staff_see_what_the_owner_sees_under_a_banner(world: World, web: Service, viewer: Client) -> None:
    for page in ("/services", f"/services/{web.pk}", f"/services/{web.pk}/change", "/credit", "/people"):
        theirs, seen = text(person(world.owner).get(page)), text(viewer.get(page))
        assert BANNER in seen, page
        assert f"The customer reads your reason: {REASON}" in seen, page
        assert BANNER not in theirs, page
    change = viewer.get(f"/services/{web.pk}/change")
    assert 'id="continue"' in change.content.decode(), "an owner's page, with all that can be pressed"
    assert "Staff desk" not in text(change)


def test_it_speaks_the_language_of_the_member_of_staff(world: World, helper: User, viewer: Client) -> None:
    User.objects.filter(pk=world.owner.pk).update(language="zh-hans")
    User.objects.filter(pk=helper.pk).update(language="ja")
    page = viewer.get("/services").content.decode()
    assert '<html lang="ja"' in page
    assert "Tanaka Design様のポータルを表示しています。" in page


def test_no_other_customer_is_seen_not_even_ones_own(
    world: World, web: Service, helper: User, viewer: Client
) -> None:
    own, _ = world.new_customer("Rei's Garden", "rei@example.com")
    Membership.objects.create(customer=own, user=helper, role="owner")
    garden = world.service(name="garden-01", customer=own)
    _, mallory = world.new_customer("Mallory & Co", "mallory@example.com")
    other = ask(mallory)
    assert "garden-01" in text(person(helper).get("/services")), "in another browser they are themselves"

    services = text(viewer.get("/services"))
    assert "web-01" in services
    assert "garden-01" not in services
    for page in (
        f"/services/{garden.pk}",
        f"/tickets/{other.reference}",
        f"/services/{garden.pk}/timeline.json",
    ):
        assert viewer.get(page).status_code == 404, page
    for page in (
        "/tickets",
        "/notifications",
        "/demo/mails",
        "/people",
        "/notifications/mails",
        "/payment-methods",
    ):
        seen = text(viewer.get(page))
        assert "Mallory" not in seen, page
        assert "Rei's Garden" not in seen, page


def test_what_is_ones_own_stays_ones_own(viewer: Client) -> None:
    page = viewer.get("/accounts/password/change/")
    assert page.status_code == 200
    assert BANNER not in text(page)
    assert viewer.get("/staff/").status_code == 200


def test_what_is_seen_is_kept_by_nobody(world: World, web: Service, viewer: Client) -> None:
    for page in ("/services", "/credit.csv", "/guides", "/payments.csv", f"/services/{web.pk}/timeline.json"):
        assert viewer.get(page)["Cache-Control"] == "private, no-store", page


# --- nothing is written -----------------------------------------------------------------------------------------


@pytest.fixture
def names(world: World, web: Service) -> dict[str, dict[str, Any]]:
    """For each address of the portal what it is about: one of everything that belongs to the customer."""
    world.change(web, backups=4)
    world.work()
    world.pay(world.change(world.reread(web), disk=160))
    world.work()
    web = world.reread(web)
    quote, change = world.quote(web, memory=8), world.change(web, cpu=4)
    attempt, term = world.checkout(change), world.sell(world.wanted(months=1, name="shop-01"))
    assert change.invoice is not None
    thing = world.hypervisor.add_object(web.external_id, "snapshots", "clean")
    world.measure(web)
    ticket = ask(world.owner, about=change.origin, files=[Sent(name="boot.log", data=LOG)])
    world.work()
    colleague = User.objects.create_user("kenji@example.com", "a-long-password", name="Kenji")
    member = Membership.objects.create(customer=world.customer, user=colleague, role="technical")
    news, capture = Mail.objects.filter(audience="customer").latest("id"), Capture.objects.latest("id")
    service, invoice = {"pk": web.pk}, {"reference": change.invoice.reference}
    stored, of = {**service, "code": "snapshots"}, {"pk": world.customer.pk}
    quoted, changed = {"reference": quote.reference}, {"reference": change.reference}
    noted, asked = {"number": CreditNote.objects.latest("id").number}, {"reference": ticket.reference}
    return {
        "service": service, "resources": service, "measure": service, "stored": stored,
        "delete_stored": {**stored, "object_id": thing}, "change": service, "estimate": service, "estimate_text": service,
        "estimate_csv": service, "service_changes": service, "timeline": service, "timeline_json": service,
        **dict.fromkeys(("quote", "quote_text", "quote_csv", "submit", "send_to_pay", "voucher", "renew"), quoted),
        **dict.fromkeys(("invoice", "invoice_state", "checkout", "transfer", "invoice_pdf"), invoice),
        "credit_note": noted, "credit_note_pdf": noted, "change_payment_method": of,
        "forget_card": {"pk": uuid.uuid4()}, "come_back": {"attempt": attempt.pk}, "receipt": {"pk": capture.pk},
        "receipt_pdf": {"pk": capture.pk}, "show_change": changed, "change_state": changed, "cancel": changed,
        "say_how_easy": changed,
        "cancel_term": {"reference": term.reference}, "notification": {"pk": news.pk}, "choose_mails": of,
        "add_person": of, "give_role": {"pk": member.pk}, "let_go": {"pk": member.pk}, "guide": {"slug": "upgrade"},
        "react": {"slug": "upgrade"}, "ticket": asked, "close_ticket": asked,
        "ticket_file": {**asked, "pk": Attachment.objects.latest("id").pk}, "catalogue_page": {"slug": "messages"},
        "mail": {"pk": news.pk},
    }  # fmt: skip


FORM = {
    "memory": "8", "cpu": "4", "shown_due_minor": "5596", "method": "card", "do": "refresh", "text": "I", "subject": "I",
    "kind": "restart", "name": "Mallory", "email": "mallory@example.com", "role": "owner", "language": "ja",
    "time_zone": "Asia/Tokyo", "feeling": "sad", "voucher_code": "SUMMER", "key": "k",
}  # fmt: skip
# There is nothing at these: staff are no staff in a view.
ABSENT = {"catalogue", "catalogue_page"}


def address_of(one: URLPattern, names: dict[str, dict[str, Any]]) -> str:
    """Its address; where it needs something, `names` must say what."""
    return reverse(f"portal:{one.name}", kwargs=names.get(one.name, {}))


def test_no_address_of_the_portal_writes_anything(
    world: World, names: dict[str, dict[str, Any]], viewer: Client, subtests: pytest.Subtests
) -> None:
    world.clock.forward(timedelta(minutes=1))  # readings are old, the payment was not looked at again
    before = everything()
    for one in urlpatterns:
        address = address_of(one, names)
        for method in METHODS:
            for how in ({}, HTMX):
                with subtests.test(f"{method} {one.name}"):
                    _answers(one.name, method, bool(how), viewer.generic(
                        method, address + _values(method), _body(method), "application/x-www-form-urlencoded", **how
                    ))  # fmt: skip
    assert everything() == before


def _values(method: str) -> str:
    return "?memory=8" if method == "GET" else ""


def _body(method: str) -> str:
    return "&".join(f"{name}={value}" for name, value in FORM.items()) if method == "POST" else ""


def _answers(name: str, method: str, htmx: bool, answer: HttpResponse) -> None:
    """A look is answered as an owner's is; whatever else it is, one sentence says that nothing was changed."""
    if method in ("GET", "HEAD", "OPTIONS") or (method, name) == ("POST", "estimate"):
        # 422: no price while a change is open, as the owner is told, too.
        expected = (404,) if name in ABSENT else (200, 204, 302, 422 if name.startswith("estimate") else 200)
        assert answer.status_code in (*expected, 405), text(answer)[:400]
        return
    assert answer.status_code == 403
    assert REFUSED in text(answer)
    assert answer["Content-Type"].startswith("text/plain" if htmx else "text/html")


@pytest.mark.parametrize("how", [{}, HTMX])
def test_a_page_that_would_write_is_refused(
    viewer: Client, monkeypatch: pytest.MonkeyPatch, how: dict[str, str]
) -> None:
    """The second wall: PostgreSQL itself, where somebody forgets what a look may not do."""

    def saw(user: User, mail_id: int) -> None:
        SeenUpTo.objects.create(user_id=user.pk, mail_id=mail_id)

    monkeypatch.setattr(notifications, "saw", saw)
    monkeypatch.setattr(notifications, "seen_up_to", lambda user: -1)
    Mail.objects.create(
        key="x", to="x@example.com", subject="x", body="x", origin="x", created_at=clock.now(),
        customer_id=StaffView.objects.get().customer_id,
    )  # fmt: skip
    before = everything()
    refused = viewer.get("/notifications", **how)
    assert (refused.status_code, REFUSED in text(refused)) == (403, True)
    assert everything() == before


def test_what_is_written_without_a_word_is_taken_back(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the first wall were gone, the second holds: a lock is a write, too."""
    monkeypatch.setattr("prorata.staff.view_as._only_looks", lambda request: True)
    before = everything()
    refused = viewer.post("/profile", {"name": "Mallory", "language": "en", "time_zone": ""})
    assert (refused.status_code, REFUSED in text(refused)) == (403, True)
    assert everything() == before


def test_the_machine_and_the_gateway_are_not_asked(
    world: World, web: Service, viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = world.change(web, memory=8)
    attempt = world.checkout(change)
    world.clock.forward(timedelta(minutes=1))

    def asked(*args: Any, **more: Any) -> Any:
        raise AssertionError("asked")

    monkeypatch.setattr("prorata.portal.views.services.refresh", asked)
    monkeypatch.setattr("prorata.portal.views.invoices.look", asked)
    assert viewer.get(f"/services/{web.pk}/resources").status_code == 200
    assert viewer.get(f"/payments/{attempt.pk}/return").status_code == 302


def test_a_form_without_its_token_begins_and_ends_nothing(world: World, helper: User) -> None:
    careless = Client(enforce_csrf_checks=True)
    careless.force_login(helper)
    assert careless.post(form_of(world.customer), {"reason": REASON}).status_code == 403
    assert not StaffView.objects.exists()
    assert careless.post(END).status_code == 403
    assert person(helper).get(END).status_code == 405


# --- who may, and for how long ----------------------------------------------------------------------------------


def test_it_takes_the_right_and_a_reason(world: World, helper: User, settings: Settings) -> None:
    client, address = person(helper), form_of(world.customer)
    for reason in ("", "   ", "x" * 201):
        again = send(client, address, reason=reason)
        assert again.status_code == 200, "the form again"
    settings.PRORATA_STAFF_MFA = "required"
    assert client.get(address)["Location"] == reverse("mfa_index")
    settings.PRORATA_STAFF_MFA = "optional"
    helper.user_permissions.set(Permission.objects.filter(codename__in=["view_customer", "change_customer"]))
    assert client.get(address).status_code == 403
    assert client.post(address, {"reason": REASON}).status_code == 403
    assert person(world.owner).get(address).status_code == 302, "a customer is sent to sign in as staff"
    assert not StaffView.objects.exists()
    with pytest.raises(staff_view.PermissionDenied):
        staff_view.begin(world.owner, world.customer, REASON)


def test_the_form_works_once(world: World, helper: User) -> None:
    client, address = person(helper), form_of(world.customer)
    page = client.get(address)
    typed = {"reason": REASON, "ticket": page.context["form"]["ticket"].value()}
    assert client.post(address, typed).status_code == 302
    assert client.post(address, typed).status_code == 200
    assert StaffView.objects.count() == 1


def lapsed(world: World, helper: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.machine_now() + timedelta(minutes=30)
    monkeypatch.setattr(clock, "machine_now", lambda: later)


def pressed(world: World, helper: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = client.post(END)
    assert ended["Location"] == reverse("admin:customers_customer_change", args=[world.customer.pk])


def signed_out(world: World, helper: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.post("/accounts/logout/")


def right_lost(world: World, helper: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    helper.user_permissions.clear()


def inactive(world: World, helper: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.filter(pk=helper.pk).update(is_active=False)


def no_staff(world: World, helper: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.filter(pk=helper.pk).update(is_staff=False)


def another(world: World, helper: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A view of another customer takes its place, and is ended then."""
    other, _ = world.new_customer("Suzuki Works", "suzuki@example.com")
    send(client, form_of(other), reason="Another one.")
    assert "You see the portal of Suzuki Works." in text(client.get("/services"))
    client.post(END)


Way = Callable[[World, User, Client, pytest.MonkeyPatch], None]


@pytest.mark.parametrize(
    ("way", "why"),
    [
        (lapsed, None), (pressed, "pressed"), (signed_out, "signed_out"), (right_lost, "not_allowed"),
        (inactive, "not_allowed"), (no_staff, "not_allowed"), (another, "another"),
    ],
)  # fmt: skip
def test_it_ends(
    world: World, web: Service, helper: User, viewer: Client, monkeypatch: pytest.MonkeyPatch, way: Way, why: str | None
) -> None:  # fmt: skip
    view = StaffView.objects.get()
    way(world, helper, viewer, monkeypatch)
    page = viewer.get(f"/services/{web.pk}", follow=True)
    assert BANNER not in text(page)
    assert "web-01" not in text(page)
    ends = list(StaffViewEnd.objects.filter(view=view).values_list("why", flat=True))
    assert ends == ([why] if why else [])
    # Whatever comes back, such as the right, the view does not.
    monkeypatch.undo()
    helper.user_permissions.set(Permission.objects.filter(codename__in=["view_customer", "view_as_customer"]))
    User.objects.filter(pk=helper.pk).update(is_active=True, is_staff=True)
    assert BANNER not in text(viewer.get("/services", follow=True))


@pytest.mark.parametrize("how", [{}, HTMX])
def test_what_comes_after_the_end_is_not_done_in_ones_own_name(
    world: World, helper: User, viewer: Client, monkeypatch: pytest.MonkeyPatch, how: dict[str, str]
) -> None:
    Membership.objects.create(customer=world.customer, user=helper, role="owner")
    lapsed(world, helper, viewer, monkeypatch)
    answer = viewer.post("/tickets/new", {"subject": "I", "text": "I", "key": "k"}, **how)
    assert (answer.status_code, answer.get("HX-Redirect") or answer["Location"]) == (
        204 if how else 302, reverse("admin:index"),
    )  # fmt: skip
    assert not world.customer.tickets.exists()


def test_a_second_factor_that_is_gone_ends_it(
    world: World, helper: User, viewer: Client, settings: Settings
) -> None:
    settings.PRORATA_STAFF_MFA = "required"
    factor = Authenticator.objects.create(user=helper, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert BANNER in text(viewer.get("/services"))
    factor.delete()
    assert viewer.get("/services").status_code == 302
    assert StaffViewEnd.objects.get().why == "not_allowed"


def test_somebody_else_in_the_same_browser_sees_nothing_of_it(viewer: Client) -> None:
    before = viewer.session.session_key
    viewer.force_login(User.objects.create_superuser("boss@example.com", "a-long-password"))
    assert viewer.session.session_key != before
    assert BANNER not in text(viewer.get("/services"))


def test_another_persons_view_opens_nothing(world: World, viewer: Client) -> None:
    boss = person(User.objects.create_superuser("boss@example.com", "a-long-password"))
    for number in (StaffView.objects.get().pk, 10**9, "1 OR 1=1", None):
        session = boss.session
        session["staff_view"] = number
        session.save()
        assert BANNER not in text(boss.get("/services", follow=True))


# --- what is written down ---------------------------------------------------------------------------------------


def test_the_customer_reads_of_it_everywhere(
    world: World, web: Service, helper: User, viewer: Client
) -> None:
    viewer.post(END)
    world.work()
    aiko, said = person(world.owner), "Our staff looked at your portal"
    told = Mail.objects.get(key__startswith="customer.viewed:")
    assert (told.subject, told.customer_id, told.state) == (said, world.customer.pk, "sent")
    assert REASON in told.body
    assert "Which mails you get:" in told.body
    assert said in text(aiko.get("/notifications"))
    timeline = text(aiko.get(f"/services/{web.pk}/timeline?kind=staff"))
    assert f"{said} {REASON}" in timeline
    assert helper.email not in timeline, "staff have no names here"
    later = world.service(name="web-02")
    assert said not in text(aiko.get(f"/services/{later.pk}/timeline")), "it was not there to be seen"


def test_it_can_be_turned_off_as_a_mail(world: World, web: Service, helper: User) -> None:
    world.customer.turned_off.create(kind="staff_view")
    send(person(helper), form_of(world.customer), reason=REASON)
    world.work()
    assert Mail.objects.get(key__startswith="customer.viewed:").state == "off"
    assert "Our staff looked at your portal" in text(person(world.owner).get("/notifications"))


def test_the_trail_and_the_desk_have_it(world: World, helper: User, viewer: Client, staff: Client) -> None:
    viewer.post(END)
    deeds = Deed.objects.filter(what__startswith="customer.view_").order_by("id")
    assert [(one.what, one.actor, one.customer_id, one.reason) for one in deeds] == [
        ("customer.view_begun", f"user:{helper.pk}", world.customer.pk, REASON),
        ("customer.view_ended", f"user:{helper.pk}", world.customer.pk, "Ended by hand"),
    ]
    shown = text(staff.get("/staff/customers/staffview/"))
    for words in ("Tanaka Design", REASON, "Ended by hand"):
        assert words in shown


def test_the_database_keeps_them_short_and_with_a_reason(world: World, helper: User, viewer: Client) -> None:
    view, began = StaffView.objects.get(), clock.machine_now()
    for wrong in (
        {"reason": " "}, {"until": began + timedelta(minutes=30, microseconds=1)}, {"until": began},
    ):  # fmt: skip
        facts = {
            "customer": world.customer, "staff": helper, "reason": REASON, "at": clock.now(), "began_at": began,
            "until": began + timedelta(minutes=30), **wrong,
        }  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            StaffView.objects.create(**facts)
    end = {"why": "pressed", "at": began, "ended_at": began}
    StaffViewEnd.objects.create(view=view, **end)
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffViewEnd.objects.create(view=view, **end)
    alone = Customer.objects.create(name="Alone", email="alone@example.com")
    staff_view.begin(helper, alone, REASON)
    with pytest.raises(ProtectedError):
        alone.delete()
