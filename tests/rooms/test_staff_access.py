"""Who may open the desk, what every page of it shows, and that lists do not slow down with their length."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from prorata.changes.models import Change, Quote
from prorata.credit.models import LogLine, Purse
from prorata.customers.models import User
from prorata.invoices.models import CreditNote, Invoice, Layer
from prorata.ledger.models import Transfer
from prorata.notices.models import Mail
from prorata.payments.models import Capture, InboxEvent
from prorata.services.models import Service
from support.forms import send
from support.world import World

LISTS = [f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry]
MOST_QUERIES = 8
WRITTEN_ONCE: list[type[Model]] = [
    Capture, Change, CreditNote, InboxEvent, Invoice, Layer, LogLine, Mail, Purse, Quote, Service, Transfer,
]  # fmt: skip


@pytest.mark.parametrize(
    "page",
    [
        "index",
        *(f"{name}_changelist" for name in LISTS),
        "services_service_adopt",
        "catalog_pricebook_simulator",
        "recognition_recognised_month",
        "changes_change_figures",
    ],
)
def test_strangers_and_customers_stay_outside(page: str, client: Client, db: None) -> None:
    address = reverse(f"admin:{page}")
    sent = client.get(address)
    assert sent.status_code == 302
    client.force_login(User.objects.create_user("aiko@example.com", "a-long-password"))
    assert client.get(address, follow=True).status_code == 403


def test_what_is_no_id_has_no_page(staff: Client) -> None:
    for name in LISTS:
        answer = staff.get(reverse(f"admin:{name}_change", args=["none"]))
        assert answer.status_code in (302, 404), name


def test_sign_in_is_the_one_with_a_second_factor(client: Client, db: None) -> None:
    sent = client.get(reverse("admin:login"))
    assert sent.status_code == 302
    assert sent["Location"].startswith(reverse("account_login"))


def test_staff_without_a_second_factor_are_sent_to_set_one_up(staff: Client, settings: Settings) -> None:
    assert staff.get(reverse("admin:index")).status_code == 200
    settings.PRORATA_STAFF_MFA = "required"
    for page in ("admin:index", "admin:customers_customer_add"):
        sent = staff.get(reverse(page))
        assert (sent.status_code, sent["Location"]) == (302, reverse("mfa_index"))


def test_staff_with_a_second_factor_pass(staff: Client, settings: Settings) -> None:
    settings.PRORATA_STAFF_MFA = "required"
    person = User.objects.get(email="ken@example.com")
    Authenticator.objects.create(user=person, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert staff.get(reverse("admin:index")).status_code == 302
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert staff.get(reverse("admin:index")).status_code == 200


def test_staff_without_rights_see_nothing_and_do_nothing(client: Client, world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    client.force_login(User.objects.create_user("new@example.com", "a-long-password", is_staff=True))
    assert client.get(reverse("admin:index")).status_code == 200
    for name in LISTS:
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 403
    for name, args in (("services_service_adopt", []), ("customers_customer_grant", [world.customer.pk])):
        assert client.get(reverse(f"admin:{name}", args=args)).status_code == 403


def test_staff_cannot_make_themselves_superusers(client: Client, db: None) -> None:
    person = User.objects.create_user("clerk@example.com", "a-long-password", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(content_type__app_label="customers"))
    boss = User.objects.create_superuser("boss@example.com", "a-long-password")
    client.force_login(person)
    own = reverse("admin:customers_user_change", args=[person.pk])
    client.post(
        own, {"name": "x", "language": "en", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    )
    person.refresh_from_db()
    assert not person.is_superuser
    customers = User.objects.create_user("aiko@example.com", "a-long-password")
    send(client, reverse("admin:customers_user_change", args=[customers.pk]), name="Aiko")
    typed = {"name": "Aiko", "language": "en", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    client.post(reverse("admin:customers_user_change", args=[customers.pk]), typed)
    customers.refresh_from_db()
    assert (customers.name, customers.is_staff, customers.is_superuser) == ("Aiko", False, False)
    set_password = reverse("admin:auth_user_password_change", args=[boss.pk])
    assert client.get(set_password).status_code == 403


def _story(world: World) -> None:
    """Every kind of row: an upgrade by card, a downgrade to credit, a gift, an open change."""
    world.open("2026-06-01T08:00+09:00")
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    web = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    world.pay(world.change(web, memory=8))
    world.work()
    world.change(world.reread(web), backups=4)
    world.work()
    world.change(world.reread(web), cpu=4)


def test_lists_and_pages_of_a_whole_story_open(
    world: World, staff: Client, subtests: pytest.Subtests
) -> None:
    _story(world)
    for model, desk in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        with subtests.test(name):
            shown = staff.get(
                reverse(f"admin:{name}_changelist"), {"show": "all"} if name == "changes_change" else {}
            )
            assert shown.status_code == 200
            for row in model._default_manager.all()[:5]:
                assert staff.get(reverse(f"admin:{name}_change", args=[row.pk])).status_code == 200
            if desk.has_add_permission(shown.wsgi_request):
                assert staff.get(reverse(f"admin:{name}_add")).status_code == 200


@pytest.mark.parametrize("all_rights", [True, False])
def test_lists_ask_the_same_few_questions_at_any_length(
    all_rights: bool, world: World, staff: Client
) -> None:
    _story(world)
    if not all_rights:
        clerk = User.objects.get(email="ken@example.com")
        clerk.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
        User.objects.update(is_superuser=False)
    staff.get(reverse("admin:index"))
    for name in LISTS:
        address = reverse(f"admin:{name}_changelist") + ("?show=all" if name == "changes_change" else "")
        with CaptureQueriesContext(connection) as asked:
            assert staff.get(address).status_code == 200
        assert len(asked) <= MOST_QUERIES, (name, [query["sql"] for query in asked])


def test_what_is_written_once_offers_no_edit_and_no_delete(
    world: World, staff: Client, subtests: pytest.Subtests
) -> None:
    _story(world)
    for model in WRITTEN_ONCE:
        with subtests.test(model.__name__):
            _cannot_be_touched(model, staff)


def _cannot_be_touched(model: type[Model], staff: Client) -> None:
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    row = model._default_manager.first()
    if row is not None:
        assert staff.get(reverse(f"admin:{name}_delete", args=[row.pk])).status_code == 403
        sent = staff.post(
            reverse(f"admin:{name}_change", args=[row.pk]), {"amount_minor": "1", "status": "paid"}
        )
        assert sent.status_code in (200, 403)
        before = {f.attname: getattr(row, f.attname) for f in model._meta.concrete_fields}
        row.refresh_from_db()
        assert before == {f.attname: getattr(row, f.attname) for f in model._meta.concrete_fields}
    assert staff.get(reverse(f"admin:{name}_add")).status_code in (403, 404)
    bulk = {"action": "delete_selected", "_selected_action": [row.pk if row else 1]}
    staff.post(reverse(f"admin:{name}_changelist"), bulk)
    assert row is None or model._default_manager.filter(pk=row.pk).exists()
