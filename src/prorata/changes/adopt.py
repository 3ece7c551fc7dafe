"""Take a running machine into the books as a service: configuration, term, and what its customer paid for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from prorata import clock
from prorata.catalog.models import Product
from prorata.catalog.values import BookValues, NoPrice, Value, book, live_book
from prorata.changes.situation import seller
from prorata.changes.taken_in import NotAsWritten, every_resource, priced, same_on_machine
from prorata.customers.lock import lock_customer
from prorata.customers.models import Customer, User
from prorata.invoices.models import Layer
from prorata.pricing.display import amount_text
from prorata.pricing.money import eight_decimals, minor_digits
from prorata.pricing.tax import TaxRule
from prorata.pricing.terms import local_date
from prorata.provisioning.measure import keep
from prorata.services.models import Service
from prorata.trail.write import note


class CannotAdopt(Exception):
    """One line that says what is wrong and what to do; nothing was written."""


def adopt(
    *,
    customer: Customer,
    product: Product,
    name: str,
    driver: str,
    external_id: str,
    term_starts_at: datetime,
    term_ends_at: datetime,
    term_months: int,
    configuration: Mapping[str, Value],
    paid_minor: int,
    currency: str,
    staff: User | None,
    bought_at: int | None = None,
) -> Service:
    """Create the service with its first reading and opening layers.

    `paid_minor` is what the customer paid for the whole term, tax included; it is spread over the resources by their
    price today, or by that of the campaign `bought_at` (a price book), so that a later reduction gives back at most what
    was paid. The configuration must be what the machine has. Raises CannotAdopt.
    """
    bought = _checked(
        product, currency, configuration, term_starts_at, term_ends_at, term_months, paid_minor, bought_at
    )
    asked_at = clock.now()
    try:
        read = same_on_machine(driver, external_id, configuration)
    except NotAsWritten as wrong:
        raise CannotAdopt(str(wrong)) from wrong
    try:
        with transaction.atomic():
            lock_customer(customer.pk)
            service = Service.objects.create(
                customer=customer, product=product, name=name, currency=currency, driver=driver,
                external_id=external_id, term_starts_at=term_starts_at, term_ends_at=term_ends_at, term_months=term_months,
                configuration=dict(configuration),
            )  # fmt: skip
            keep(service, read, asked_at)
            _opening_layers(service, bought, paid_minor)
            note(
                "service.adopted", service, actor=f"user:{staff.pk}" if staff else "system",
                actor_name=staff.email if staff else "", customer_id=customer.pk,
                reason=f"{amount_text(paid_minor, currency)} {currency} paid, by {bought}",
            )  # fmt: skip
    except IntegrityError as taken:
        raise CannotAdopt(f"The machine {external_id} is a service already.") from taken
    return service


def _checked(
    product: Product,
    currency: str,
    configuration: Mapping[str, Value],
    starts: datetime,
    ends: datetime,
    months: int,
    paid_minor: int,
    bought_at: int | None,
) -> BookValues:
    if starts >= ends:
        raise CannotAdopt("The term must end after it starts.")
    if ends <= clock.now():
        raise CannotAdopt("The term is over already. Enter the term the customer has paid for now.")
    if months < 1:
        raise CannotAdopt("The term needs a length of at least one month.")
    if paid_minor < 0:
        raise CannotAdopt("The price paid cannot be negative.")
    try:
        every_resource(product, configuration)
        minor_digits(currency)
        live = live_book(product, currency, clock.now())
        bought = live if bought_at is None else book(bought_at)
        if (bought.product_code, bought.currency) != (product.code, currency):
            raise CannotAdopt(f"{bought} is not one of {product.name} in {currency}. Choose another.")
        priced(live, configuration)
        priced(bought, configuration)
    except (NotAsWritten, NoPrice, ValueError) as problem:
        raise CannotAdopt(str(problem)) from problem
    return bought


def _opening_layers(service: Service, bought: BookValues, paid_minor: int) -> None:
    sold_by = seller()
    zone, unit = ZoneInfo(sold_by.zone), 10 ** minor_digits(service.currency)
    rule = TaxRule(rate=service.product.tax_rate, included=bought.tax_included, rounding=sold_by.tax_rounding)
    rate = Fraction(rule.rate)
    tax = Fraction(paid_minor, unit) * rate / (1 + rate)
    basis = Fraction(paid_minor, unit) - (0 if bought.tax_included else tax)
    prices = {code: bought.monthly(code, value) for code, value in service.configuration.items()}
    whole = sum(prices.values(), Decimal(0))
    Layer.objects.bulk_create(
        Layer(
            service=service, component=code, low=None, high=service.configuration[code], price_book_id=bought.id,
            low_price=Decimal(0), high_price=price, starts=local_date(service.term_starts_at, zone),
            ends=local_date(service.term_ends_at, zone), amount=_part(basis, price, whole), tax=_part(tax, price, whole),
            origin=f"adopted:{service.pk}", at=clock.now(),
        )
        for code, price in prices.items()
        if price
    )  # fmt: skip


def _part(amount: Fraction, price: Decimal, whole: Decimal) -> Decimal:
    """A resource's part of what was paid, cut (not rounded) at 8 decimals: the parts never exceed the whole."""
    exact = amount * Fraction(price) / Fraction(whole) if whole else Fraction(0)
    return eight_decimals(Fraction(int(exact * 10**8), 10**8))
