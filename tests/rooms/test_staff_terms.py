"""Staff sell a service and renew one on the desk: the price line by line, a confirmation that sells what was seen, once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from prorata.changes.models import SoldTerm
from prorata.customers.models import User
from prorata.invoices.models import Invoice
from prorata.services.models import Service
from prorata.trail.models import Deed
from support.forms import form_of, send, words
from support.world import WEB, World

JUNE = "2026-06-01T08:00+09:00"
SOLD = {"name": "web-01", "starts_at": "2026-06-01T08:00:00", "months": "12", "days_to_pay": "10"}


@pytest.fixture
def machine(world: World) -> str:
    world.open(JUNE)
    return world.machine(WEB)


def second_page(world: World, machine: str) -> str:
    chosen = {
        "customer": world.customer.pk, "product": world.cloud.pk, "currency": "JPY", "driver": "sandbox",
        "external_id": machine,
    }  # fmt: skip
    return f"{reverse('admin:services_service_sell')}?" + "&".join(
        f"{name}={one}" for name, one in chosen.items()
    )


def confirmed(staff: Client, address: str, shown: Any, **typed: Any) -> Any:
    """Press the confirmation of a page that shows a price."""
    fields = {name: values[0] for name, values in form_of(shown).items() if values}
    return staff.post(address, {**fields, **typed, "do": "confirm"})


def test_the_price_is_shown_line_by_line_before_anything_is_written(
    world: World, machine: str, staff: Client
) -> None:
    with world.unchanged():
        shown = words(send(staff, second_page(world, machine), **SOLD))
    assert "1 Jun 2026, 08:00 to 1 Jun 2027, 08:00, by Price book bestnet-cloud JPY v1." in shown
    assert "12 months earn 30 % off (discounts v1)." in shown
    assert "Memory 4\u00a0GB 1,800 × 12 × 0.70 15,120 15,120\u00a0JPY".replace(
        "\u00a0", " "
    ) in shown.replace("\u00a0", " ")
    plain = shown.replace("\u00a0", " ")
    for said in ("Total before tax 62,160 JPY", "Consumption tax 10 % 6,216 JPY", "In all 68,376 JPY",
                 "The customer pays 68,376 JPY", "It expires unpaid after 10 days.", "Sell it for 68,376 JPY"):  # fmt: skip
        assert said in plain


def test_what_was_seen_is_sold_once(world: World, machine: str, staff: Client) -> None:
    address = second_page(world, machine)
    shown = send(staff, address, **SOLD)
    answers = [confirmed(staff, address, shown) for _again in range(2)]
    service = Service.objects.get()
    page = reverse("admin:services_service_change", args=[service.pk])
    assert [(one.status_code, one["Location"]) for one in answers] == [(302, page)] * 2
    assert (service.name, service.status, service.customer) == ("web-01", "waiting", world.customer)
    invoice = Invoice.objects.get()
    assert (invoice.gross_minor, invoice.pay_until.isoformat()) == (68_376, "2026-06-10T23:00:00+00:00")
    assert f"Invoice {invoice} waits for 68,376" in words(staff.get(page))
    deed = Deed.objects.get(what="term.sold")
    assert deed.actor_name == "ken@example.com"
    assert "Purchase of web-01, 12 months, 68,376 JPY" in deed.reason


def test_a_price_that_was_not_seen_is_not_sold(world: World, machine: str, staff: Client) -> None:
    address = second_page(world, machine)
    shown = send(staff, address, **SOLD)
    with world.unchanged():
        answer = words(confirmed(staff, address, shown, months="3"))
    assert "The price has changed since you saw it: it is 19,536 JPY now." in answer
    assert "Sell it for 19,536" in answer
    with world.unchanged():
        fields = {name: values[0] for name, values in form_of(shown).items() if values}
        del fields["shown_minor"]
        assert "Sell it for 68,376" in words(staff.post(address, fields | {"do": "confirm"}))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cfg_memory": "8"}, "The machine has 4. Write what it has"),
        ({"months": "0"}, "greater than or equal to 1"), ({"months": "121"}, "less than or equal to 120"),
        ({"starts_at": "2020-01-01T00:00:00"}, "The term would be over already."), ({"name": ""}, "This field is required."),
        ({"days_to_pay": "61"}, "less than or equal to 60"),
    ],
)  # fmt: skip
def test_a_mistake_sells_nothing(
    wrong: dict[str, str], says: str, world: World, machine: str, staff: Client
) -> None:
    with world.unchanged():
        assert says in words(send(staff, second_page(world, machine), **(SOLD | wrong)))


def test_credit_is_offered_where_there_is_some(world: World, machine: str, staff: Client) -> None:
    address = second_page(world, machine)
    assert "use_gifted" not in form_of(staff.get(address))
    world.gift(1_000, until="2026-12-31T00:00+09:00")
    shown = send(staff, address, **SOLD, use_gifted="on")
    plain = words(shown).replace("\u00a0", " ")
    assert "1,000 JPY is available" in plain
    assert "From gifted credit -1,000 JPY The customer pays 67,376 JPY" in plain
    assert confirmed(staff, address, shown).status_code == 302
    assert Invoice.objects.get().gifted_minor == 1_000


def test_a_machine_that_was_never_paid_for_is_offered_again(
    world: World, machine: str, staff: Client
) -> None:
    address = second_page(world, machine)
    confirmed(staff, address, send(staff, address, **SOLD))
    term = SoldTerm.objects.get()
    first = reverse("admin:services_service_sell")
    assert machine not in words(staff.get(first))
    page = staff.get(reverse("admin:changes_soldterm_change", args=[term.pk]))
    assert "Cancel this term" in page.content.decode()
    confirm = reverse("admin:changes_soldterm_cancel", args=[term.pk])
    assert "The service never starts" in words(staff.get(confirm))
    assert "is cancelled. Nothing is owed." in words(staff.post(confirm, follow=True))
    assert machine in words(staff.get(first))
    page = staff.get(reverse("admin:changes_soldterm_change", args=[term.pk]))
    assert "Cancel this term" not in page.content.decode()


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def test_a_service_is_renewed_for_what_its_page_shows(world: World, web: Service, staff: Client) -> None:
    address = reverse("admin:services_service_renew", args=[web.pk])
    page = staff.get(reverse("admin:services_service_change", args=[web.pk])).content.decode()
    assert "Renew" in re.sub(r"<[^>]+>", " ", page)
    shown = staff.get(address)
    plain = words(shown).replace("\u00a0", " ")
    assert "web-01 of Tanaka Design is paid until 1 Dec 2026, 08:00." in plain
    assert "From 1 Dec 2026, 08:00 to 1 Jun 2027, 08:00" in plain
    assert "Renew it for 34,188 JPY" in plain
    answers = [confirmed(staff, address, shown) for _again in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    term = SoldTerm.objects.get()
    assert (term.kind, term.months, term.gross_minor, term.status) == (
        "renewal",
        6,
        34_188,
        "awaiting_payment",
    )
    assert f"Term {term} of this service is not paid yet." in words(staff.get(address))


def test_another_length_is_asked_for_first(world: World, web: Service, staff: Client) -> None:
    """Two months earn nothing: 14,800, with tax 16,280."""
    address = reverse("admin:services_service_renew", args=[web.pk])
    shown = send(staff, address, months="2")
    assert "2 months earn no discount." in words(shown)
    assert "Renew it for 16,280" in words(shown)
    with world.unchanged():
        assert "The price has changed since you saw it" in words(confirmed(staff, address, shown, months="6"))


def test_a_change_in_between_is_noticed(world: World, web: Service, staff: Client) -> None:
    address = reverse("admin:services_service_renew", args=[web.pk])
    shown = staff.get(address)
    world.change(web, backups=4)
    world.work()
    with world.unchanged():
        answer = words(confirmed(staff, address, shown))
    assert "The service changed since this price was made." in answer
    assert "Renew it for 30,030" in answer


def test_what_is_not_active_has_no_button(world: World, web: Service, staff: Client) -> None:
    Service.objects.filter(pk=web.pk).update(status="suspended")
    page = staff.get(reverse("admin:services_service_change", args=[web.pk])).content.decode()
    assert "renew-it" not in page
    assert "Only an active service is renewed." in words(
        staff.get(reverse("admin:services_service_renew", args=[web.pk]))
    )


def test_each_deed_has_a_right_of_its_own(world: World, web: Service, client: Client) -> None:
    someone = User.objects.create_user("new@example.com", "a-long-password", is_staff=True)
    client.force_login(someone)
    term = world.renew(web, 1)
    pages = {
        "services.add_service": reverse("admin:services_service_sell"),
        "changes.add_soldterm": reverse("admin:services_service_renew", args=[web.pk]),
        "changes.change_soldterm": reverse("admin:changes_soldterm_cancel", args=[term.pk]),
    }
    for address in pages.values():
        assert client.get(address).status_code == 403
    for right, address in pages.items():
        app, codename = right.split(".")
        found = Permission.objects.get(content_type__app_label=app, codename=codename)
        someone.user_permissions.add(found)
        client.force_login(User.objects.get(pk=someone.pk))
        assert client.get(address).status_code == 200, right
