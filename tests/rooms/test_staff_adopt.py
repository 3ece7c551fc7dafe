"""Staff take a running machine into the books: what it has, for how long, and what was paid for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from prorata.invoices.models import Layer
from prorata.services.models import Reading, Service
from support.forms import form_of, problems, send, words
from support.world import World

HAS: dict[str, int | str] = {"cpu": 2, "memory": 4, "disk": 100, "backups": 7, "snapshots": 2}
SOLD = {
    "name": "web-01",
    "term_starts_at": "2026-06-01T08:00:00",
    "term_ends_at": "2026-12-01T08:00:00",
    "term_months": "6",
    "paid": "34,188",
}


@pytest.fixture
def machine(world: World) -> str:
    world.open("2026-08-15T14:02+09:00")
    world.hypervisor.create_host("tokyo-1")
    return world.hypervisor.create_machine(dict(HAS), id="vm-7", host="tokyo-1")


def chosen(world: World, **typed: Any) -> dict[str, str]:
    first = {
        "customer": world.customer.pk,
        "product": world.cloud.pk,
        "currency": "JPY",
        "driver": "sandbox",
        "external_id": "vm-7",
    }
    return {name: str(value) for name, value in (first | typed).items()}


def second_page(world: World, **typed: Any) -> str:
    pairs = "&".join(f"{name}={value}" for name, value in chosen(world, **typed).items())
    return f"{reverse('admin:services_service_adopt')}?{pairs}"


def test_the_first_page_lists_the_machines_that_nobody_has(world: World, machine: str, staff: Client) -> None:
    world.service(name="sold")
    page = words(staff.get(reverse("admin:services_service_adopt")))
    assert "Machines that no service has yet sandbox : vm-7" in page.replace("sandbox:", "sandbox :")
    assert "vm-1" not in page


def test_the_second_page_is_filled_with_what_the_machine_has(
    world: World, machine: str, staff: Client
) -> None:
    shown = staff.get(reverse("admin:services_service_adopt"), chosen(world))
    fields = form_of(shown)
    assert {code: fields[f"cfg_{code}"] for code in HAS} == {
        code: [str(value)] for code, value in HAS.items()
    }
    assert "Term starts (Asia/Tokyo)" in words(shown)


def test_a_machine_is_adopted_with_opening_layers(world: World, machine: str, staff: Client) -> None:
    """34,188 paid with 10 % tax is 31,080 net, over 1,200 + 1,800 + 2,000 + 2,100 + 300 = 7,400 a month."""
    answer = send(staff, second_page(world), **SOLD)
    assert answer.status_code == 302, problems(answer)
    service = Service.objects.get()
    assert (service.name, service.customer, service.product) == ("web-01", world.customer, world.cloud)
    assert (service.driver, service.external_id, service.configuration) == ("sandbox", "vm-7", HAS)
    assert service.term_starts_at.isoformat() == "2026-05-31T23:00:00+00:00"
    assert service.term_ends_at.isoformat() == "2026-11-30T23:00:00+00:00"
    assert (service.term_months, service.currency) == (6, "JPY")
    layers = {layer.component: (layer.amount, layer.tax) for layer in Layer.objects.filter(service=service)}
    assert layers == {
        "cpu": (Decimal(5_040), Decimal(504)),
        "memory": (Decimal(7_560), Decimal(756)),
        "disk": (Decimal(8_400), Decimal(840)),
        "backups": (Decimal(8_820), Decimal(882)),
        "snapshots": (Decimal(1_260), Decimal(126)),
    }
    assert Reading.objects.get(service=service).configuration == HAS
    page = words(staff.get(answer["Location"]))
    assert "web-01 is adopted. Its opening layers stand below." in page
    for amount in ("5,040", "7,560", "8,400", "8,820", "1,260"):
        assert amount in page


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            {"cfg_memory": "8"},
            "The machine has 4. Write what it has, or correct the machine first and reload this page.",
        ),
        ({"cfg_memory": "5"}, "5 is not sold: choose 4 or 6."),
        ({"cfg_disk": "1e2"}, "Enter a whole number."),
        ({"paid": "34188.5"}, "JPY has no decimals: write 34188."),
        ({"paid": "-1"}, "What was paid is not below zero."),
        ({"term_ends_at": "2026-06-01T08:00:00"}, "The term ends after it starts."),
        (
            {"term_starts_at": "2026-01-01T08:00:00", "term_ends_at": "2026-07-01T08:00:00"},
            "The term is over already.",
        ),
        ({"term_ends_at": "winter"}, "Write a date and a time"),
        ({"term_months": "0"}, "greater than or equal to 1"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_mistake_adopts_nothing(
    wrong: dict[str, str], says: str, world: World, machine: str, staff: Client
) -> None:
    answer = send(staff, second_page(world), **(SOLD | wrong))
    assert answer.status_code == 200
    assert says in words(answer)
    assert not Service.objects.exists()
    assert not Layer.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"external_id": "vm-9"}, "The hypervisor has no machine of this id."),
        ({"currency": "USD"}, "BESTNET-CLOUD has no price book in USD."),
        ({"currency": "YEN"}, "Unknown currency 'YEN'"),
        ({"driver": "mars"}, "mars is not one of the available choices"),
        ({"customer": "999"}, "not one of the available choices"),
    ],
)
def test_a_wrong_choice_stays_on_the_first_page(
    wrong: dict[str, str], says: str, world: World, machine: str, staff: Client
) -> None:
    shown = words(staff.get(reverse("admin:services_service_adopt"), chosen(world, **wrong)))
    assert "Step 1 of 2" in shown
    assert says in shown


def test_a_machine_is_adopted_once(world: World, machine: str, staff: Client) -> None:
    address = second_page(world)
    open_twice = form_of(staff.get(address))
    assert send(staff, address, **SOLD).status_code == 302
    late = staff.post(address, {**{name: values[0] for name, values in open_twice.items() if values}, **SOLD})
    assert "This machine is the service web-01 already." in words(late)
    assert Service.objects.count() == 1


def test_a_silent_hypervisor_adopts_nothing(
    world: World, machine: str, staff: Client, settings: Settings
) -> None:
    world.hypervisor.kill()
    assert "the hypervisor does not answer now" in words(staff.get(reverse("admin:services_service_adopt")))
    typed = {f"cfg_{code}": str(value) for code, value in HAS.items()}
    answer = send(staff, second_page(world), **(SOLD | typed))
    assert answer.status_code == 200
    assert "could not be read" in words(answer)
    assert not Service.objects.exists()


def test_an_odd_machine_is_adopted_as_it_is(world: World, machine: str, staff: Client) -> None:
    world.hypervisor.change_machine("vm-7", configuration={"memory": 5})
    shown = staff.get(second_page(world))
    assert "the machine reports 5 GB, which is none of the values sold; it can be adopted as it is" in words(
        shown
    )
    assert send(staff, second_page(world), **SOLD).status_code == 302
    assert Service.objects.get().configuration == HAS | {"memory": 5}


def test_a_choice_is_adopted_by_its_option(world: World, staff: Client) -> None:
    world.open("2026-08-15T14:02+09:00")
    world.hypervisor.create_host("tokyo-1")
    world.hypervisor.create_machine({"instance_type": "2c4g"}, id="vm-7", host="tokyo-1")
    answer = send(
        staff, second_page(world, product=world.vm.pk, currency="USD"), **(SOLD | {"paid": "915.60"})
    )
    assert answer.status_code == 302, problems(answer)
    layer = Layer.objects.get()
    assert (layer.high, layer.amount, layer.tax) == ("2c4g", Decimal("915.6"), Decimal(0))
