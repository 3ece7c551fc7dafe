"""Customers for measurements, made beside the demo's own."""

from __future__ import annotations

from typing import TypeVar

from prorata import clock
from prorata.config import demo_data
from prorata.customers.models import Customer, Membership, User
from prorata.invoices.models import Layer
from prorata.services.models import Reading, Service

Row = TypeVar("Row", Reading, Layer)


def load_demo() -> Service:
    """The demo's provider, customer and machines; gives its web-01."""
    demo_data.load()
    return Service.objects.select_related("product", "customer").get(name="web-01")


def customer(name: str) -> tuple[Customer, User]:
    """A customer with an owner who signs in by no password: hashing one would cost more than the measurement."""
    made = Customer.objects.create(name=name, email=f"{name}@example.com", country="JP")
    person = User.objects.create_user(f"{name}@example.com", None, name=name)
    Membership.objects.create(customer=made, user=person, role=Membership.Role.OWNER)
    return made, person


def copies(model: Service, owner: Customer, count: int, host: str = "") -> list[Service]:
    """So many services like `model`, each with its last reading and its paid layers, but without a machine.

    With `host`, they were measured on a host of that name with room for many more.
    """
    reading = Reading.objects.filter(service=model).latest()
    reading.taken_at = clock.now()
    if host:
        reading.host, reading.headroom = host, dict.fromkeys(reading.headroom, 100_000)
    layers = list(Layer.objects.filter(service=model).order_by("id"))
    services = Service.objects.bulk_create(
        Service(
            customer=owner, product=model.product, name=f"web-{n:04}", currency=model.currency, driver=model.driver,
            external_id=f"copy-{owner.pk}-{n}", term_starts_at=model.term_starts_at, term_ends_at=model.term_ends_at,
            term_months=model.term_months, configuration=dict(model.configuration),
        )
        for n in range(1, count + 1)
    )  # fmt: skip
    Reading.objects.bulk_create(_copy(reading, service) for service in services)
    Layer.objects.bulk_create(_copy(layer, service) for service in services for layer in layers)
    return services


def _copy(row: Row, service: Service) -> Row:
    facts = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname != "id"
    }
    return type(row)(**facts | {"service_id": service.pk})
