"""The audit trail: a line for every deed of staff on money and rights, and for what customers order, give up and pay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from prorata import clock as business
from prorata.catalog.models import Product
from prorata.changes.cancel import cancel
from prorata.changes.staff_actions import NotPossible, take_over
from prorata.clock import HandClock
from prorata.credit.issue_voucher import withdraw
from prorata.credit.models import Purse
from prorata.customers.models import Customer, Membership, User
from prorata.invoices.models import Seller
from prorata.trail.models import Deed
from prorata.trail.write import note
from prorata.verify.models import Run
from rooms.test_staff_catalog import made
from support.attacks import Attack, attack, everybody, refused
from support.forms import problems, send, words
from support.world import World

__all__ = ["attack"]


def deeds(**which: Any) -> list[tuple[str, str, str]]:
    """Oldest first: what, by whom, to what."""
    rows = Deed.objects.filter(**which).order_by("id")
    return [(deed.what, deed.actor_name or deed.actor, deed.place) for deed in rows]


def last() -> Deed:
    found = Deed.objects.order_by("-id").first()
    assert found is not None
    return found


# --- what customers do ------------------------------------------------------------------------------------------


def test_a_change_from_submit_to_its_end(world: World) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    change = world.change(web, memory=8)
    submitted = last()
    assert (submitted.what, submitted.customer_id) == ("change.submitted", world.customer.pk)
    assert (submitted.actor, submitted.actor_name) == (f"user:{world.owner.pk}", "aiko@example.com")
    assert (submitted.place, submitted.reference) == (f"changes_change {change.pk}", change.reference)
    assert submitted.changed == {"memory": [4, 8]}
    assert submitted.at == business.now()

    world.checkout(change)
    world.checkout(change)  # back on the same page: nothing new was begun
    cancel(world.owner, change.reference)
    cancel(world.owner, change.reference)

    me = "aiko@example.com"
    assert deeds(customer_id=world.customer.pk)[1:] == [
        ("change.submitted", me, f"changes_change {change.pk}"),
        ("payment.begun", me, f"invoices_invoice {change.invoice_id}"),
        ("change.cancelled", me, f"changes_change {change.pk}"),
    ]
    assert deeds()[0] == ("service.adopted", "system", f"services_service {web.pk}")


def test_what_ends_by_itself_is_the_system_s_deed(world: World) -> None:
    change = world.change(world.web_01("2026-08-15T14:02+09:00"), memory=8)
    world.wait(minutes=70)
    assert deeds()[-1] == ("change.expired", "system", f"changes_change {change.pk}")


def test_what_is_refused_leaves_no_line(world: World) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.change(web, memory=8)
    before = Deed.objects.count()
    with pytest.raises(NotPossible), transaction.atomic():
        take_over(
            User.objects.create_user("ken@example.com", "x" * 12, is_staff=True), "C-NONE-NONE", "because"
        )
    with pytest.raises(
        transaction.TransactionManagementError, match=r"change\.done must be noted in the transaction"
    ):
        note("change.done", web, actor="user:1")
    assert Deed.objects.count() == before


# --- what staff do ----------------------------------------------------------------------------------------------


def test_grants_vouchers_and_changes_in_front_of_staff(world: World, staff: Client) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    change = world.change(web, memory=8)
    send(staff, reverse("admin:customers_customer_grant", args=[world.customer.pk]),
         currency="JPY", amount="1500", reason="The outage of May")  # fmt: skip
    granted = last()
    assert (granted.what, granted.reason, granted.customer_id) == (
        "credit.granted",
        "The outage of May",
        world.customer.pk,
    )
    assert granted.place == f"credit_purse {Purse.objects.get().pk}"
    assert granted.changed["balance"] == [0, 1_500]
    ken = User.objects.get(email="ken@example.com")
    assert granted.actor == f"user:{ken.pk}"

    voucher = world.voucher()
    assert (last().what, last().reference) == ("voucher.issued", "SUMMER")
    withdraw(voucher, at=business.now(), actor=f"user:{ken.pk}")
    withdraw(voucher, at=business.now(), actor=f"user:{ken.pk}")
    assert [what for what, _, _ in deeds(what__startswith="voucher")] == [
        "voucher.issued",
        "voucher.withdrawn",
    ]

    take_over(ken, change.reference, "I know this customer")
    assert (last().what, last().reason, last().actor_name) == (
        "change.taken_over",
        "I know this customer",
        ken.email,
    )


def test_an_edit_says_what_was_and_what_is(clock: HandClock, staff: Client) -> None:
    clock.move_to(datetime.fromisoformat("2026-06-01T08:00+00:00"))
    product = made(staff)
    added = last()
    assert (added.what, added.place, added.reference) == (
        "product.added",
        f"catalog_product {product.pk}",
        "Turbo host",
    )
    page = reverse("admin:catalog_product_change", args=[product.pk])
    assert send(staff, page).status_code == 302
    assert last() == added, f"{last().changed}: a form saved as it was is no deed"

    answer = send(staff, page, name="Turbo host 2", **{"resource_types-1-maximum": "200"})
    assert answer.status_code == 302, problems(answer)
    edited = last()
    assert (edited.what, edited.actor_name) == ("product.edited", "ken@example.com")
    space = product.resource_types.get(code="disk")
    assert edited.changed["name"] == ["Turbo host", "Turbo host 2"]
    assert edited.changed[f"resourcetype {space.pk}: maximum"] == [100, 200]
    assert Product.objects.get().name == "Turbo host 2"


def test_sellers_people_and_roles(world: World, staff: Client) -> None:
    world.open("2026-06-01T08:00+09:00")
    assert (
        send(
            staff, reverse("admin:invoices_seller_change", args=[world.seller.pk]), zone="Europe/Berlin"
        ).status_code
        == 302
    )
    assert (last().what, last().changed) == ("seller.edited", {"zone": ["Asia/Tokyo", "Europe/Berlin"]})
    assert Seller.objects.get().zone == "Europe/Berlin"

    send(staff, reverse("admin:customers_customer_person", args=[world.customer.pk]),
         person_name="Ryo", person_email="ryo@example.com", role="billing")  # fmt: skip
    member = Membership.objects.get(user__email="ryo@example.com")
    assert (last().what, last().place) == ("person.let_act", f"customers_membership {member.pk}")
    assert last().changed == {"role": [None, "billing"]}

    n = list(Membership.objects.filter(customer=world.customer).order_by("pk")).index(member)
    answer = send(staff, reverse("admin:customers_customer_change", args=[world.customer.pk]),
                  **{f"memberships-{n}-role": "owner"})  # fmt: skip
    assert answer.status_code == 302, problems(answer)
    assert (last().what, last().customer_id) == ("customer.edited", world.customer.pk)
    assert last().changed == {f"membership {member.pk}: role": ["billing", "owner"]}

    person = reverse("admin:customers_user_change", args=[world.owner.pk])
    assert send(staff, person, is_staff="on").status_code == 302
    assert (last().what, last().changed) == ("user.edited", {"is_staff": [False, True]})


def test_a_password_is_never_written_down(world: World, staff: Client) -> None:
    world.open("2026-06-01T08:00+09:00")
    page = reverse("admin:auth_user_password_change", args=[world.owner.pk])
    answer = send(staff, page, password1="seventeen-horses-7", password2="seventeen-horses-7")
    assert answer.status_code == 302, problems(answer)
    assert (last().what, last().place) == ("user.edited", f"customers_user {world.owner.pk}")
    assert "seventeen" not in str(last().changed)
    customer = {"name": "New", "email": "new@example.com", "country": "JP", "person_name": "Rin", "person_email":
        "rin@example.com",
                    "role": "owner", "sign_in": "password", "first_password": "eleven-oxen-and-3"}  # fmt: skip
    assert send(staff, reverse("admin:customers_customer_add"), **customer).status_code == 302
    assert Customer.objects.filter(name="New").exists()
    assert not any("oxen" in str(deed.changed) for deed in Deed.objects.all())


# --- the trail itself -------------------------------------------------------------------------------------------


def test_it_is_written_once(world: World, attack: Attack) -> None:
    world.web_01("2026-08-15T14:02+09:00")
    for sql in everybody(attack):
        refused(sql, (psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege),
                "UPDATE trail_deed SET reason = 'other'")  # fmt: skip
        refused(
            sql,
            (psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege),
            "DELETE FROM trail_deed",
        )
    with pytest.raises(TypeError, match="never changed"):
        last().save()


def test_staff_search_and_filter_it(world: World, staff: Client) -> None:
    change = world.change(world.web_01("2026-08-15T14:02+09:00"), memory=8)
    other, _ = world.new_customer("Sato Print", "sato@example.com")
    world.gift(500, until="2026-12-31T00:00+09:00", customer=other)
    page = reverse("admin:trail_deed_changelist")

    def shown(**asked: Any) -> str:
        return words(staff.get(page, asked))

    assert "Change: submitted" in shown()
    assert "Sato Print" in shown()
    for asked in ({"q": change.reference}, {"who": "people"}, {"what": "change"},
                  {"customer_id__exact": str(world.customer.pk), "q": "aiko"}):  # fmt: skip
        assert change.reference in shown(**asked), asked
        assert "Sato Print" not in shown(**asked), asked
    assert "Sato Print" in shown(customer_id__exact=str(other.pk))
    tomorrow = (business.now() + timedelta(days=1)).isoformat()
    assert change.reference not in shown(at__gte=tomorrow)
    one = words(
        staff.get(reverse("admin:trail_deed_change", args=[Deed.objects.get(what="change.submitted").pk]))
    )
    assert "memory4→8" in one.replace(" ", "")


def test_a_run_that_found_something_stands_on_the_dashboard(world: World, staff: Client) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    assert "break a promise" not in words(staff.get(reverse("admin:index")))
    finding = {
        "promise": "services-are-their-changes", "place": f"services_service {web.pk}", "reference": "web-01",
        "what": "cpu is 3, nothing changed it: see <b>", "says": "A service is what its changes made of it.",
    }  # fmt: skip
    facts = {
        "at": business.now(),
        "recorded_at": business.machine_now(),
        "seconds": 1.5,
        "rows": 4_321,
        "promises": 40,
    }
    run = Run.objects.create(**facts, broken=3, findings=[finding])
    assert "3 Rows that break a promise of the books" in words(staff.get(reverse("admin:index")))
    answer = staff.get(reverse("admin:verify_run_change", args=[run.pk]))
    assert "cpu is 3" in words(answer)
    assert "2 more" in words(answer)
    said = answer.content.decode()
    link = reverse("admin:services_service_change", args=[web.pk])
    assert f'<a class="desk-link" href="{link}">services_service {web.pk}</a></strong> (web-01)' in said
    assert "see &lt;b&gt;" in said
    Run.objects.create(**facts, broken=0)
    assert "break a promise" not in words(staff.get(reverse("admin:index")))
    assert "Everything holds" in words(staff.get(reverse("admin:verify_run_changelist")))
