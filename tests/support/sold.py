"""A provider with as many services as wanted, written straight into the database: nothing runs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from prorata import clock
from prorata.catalog.models import (
    DiscountSchedule,
    DiscountTier,
    Option,
    PriceBook,
    Product,
    Rate,
    ResourceType,
)
from prorata.customers.models import Customer
from prorata.invoices.models import Seller
from prorata.services.models import Service


def provider(code: str = "turbo-host", currency: str = "EUR", **facts: object) -> Product:
    """A seller and a product since yesterday: threads at 10 a month, support by mail at 0 or by phone at 99; 20 % off
    from three months on."""
    Seller.objects.get_or_create(code="seller", defaults={"name": "Seller", "zone": "Europe/Berlin"})
    since = clock.now() - timedelta(days=1)
    product = Product.objects.create(code=code, name=code.upper(), **facts)
    threads = ResourceType.objects.create(
        product=product, code="cpu", name="Threads", minimum=1, maximum=64, position=0
    )
    support = ResourceType.objects.create(
        product=product, code="support", name="Support", kind="option", position=1
    )
    book = PriceBook.objects.create(product=product, currency=currency, starts_at=since)
    Rate.objects.create(price_book=book, resource_type=threads, monthly=Decimal(10))
    for n, (option, price) in enumerate((("mail", 0), ("phone", 99))):
        chosen = Option.objects.create(resource_type=support, code=option, name=option, position=n)
        Rate.objects.create(price_book=book, resource_type=support, option=chosen, monthly=Decimal(price))
    schedule = DiscountSchedule.objects.create(product=product, starts_at=since)
    DiscountTier.objects.create(schedule=schedule, months=3, off=Decimal("0.2"))
    return product


def services(product: Product, count: int, *, customers: int = 1, currency: str = "EUR") -> list[Service]:
    """Services of one month with 1, 2, 3 … 8 threads and support by mail, customers taking turns."""
    buyers = [
        Customer.objects.create(name=f"Customer {n:05}", email=f"{product.code}-{n}@example.com")
        for n in range(customers)
    ]
    now, last = clock.now(), Service.objects.count()
    return Service.objects.bulk_create(
        Service(
            customer=buyers[n % customers], product=product, name=f"service-{n:05}", currency=currency, driver="none",
            external_id=f"{last + n}", term_starts_at=now - timedelta(days=3), term_ends_at=now + timedelta(days=27),
            configuration={"cpu": n % 8 + 1, "support": "mail"},
        )
        for n in range(count)
    )  # fmt: skip
