"""Write an invoice with its lines: a pro-forma until it is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from prorata.customers.lock import assert_locked
from prorata.customers.models import Customer
from prorata.invoices.line_facts import LineFacts
from prorata.invoices.models import Invoice, InvoiceLine, Seller
from prorata.invoices.parties import parties
from prorata.services.models import Service


@dataclass(frozen=True, kw_only=True)
class DraftLine(LineFacts):
    """Amounts in minor units; `exact` in major units before rounding. Net and tax are what is charged: a minimum charge
    raised them by `raised_minor`, a voucher took off `discount_minor`, both in the basis of the price book."""

    component: str
    text: str
    period_starts: date
    period_ends: date
    exact: Decimal
    net_minor: int
    tax_minor: int
    raised_minor: int = 0
    discount_minor: int = 0


def issue(
    *,
    seller: Seller,
    buyer: Customer,
    service: Service,
    origin: str,
    reference: str,
    lines: Sequence[DraftLine],
    tax_rate: Decimal,
    tax_label: str,
    tax_included: bool,
    credit_minor: int,
    gifted_minor: int,
    at: datetime,
    pay_until: datetime,
    voucher_code: str = "",
) -> Invoice:
    """An open invoice over `lines`, of which `credit_minor` is covered by purses."""
    assert_locked(service.customer_id)
    assert buyer.pk == service.customer_id, f"{buyer.pk} does not own service {service.pk}"
    net, tax = sum(line.net_minor for line in lines), sum(line.tax_minor for line in lines)
    invoice = Invoice.objects.create(
        seller=seller, customer=buyer, **parties(seller, buyer),
        service=service, origin=origin, reference=reference, currency=service.currency,
        net_minor=net, tax_minor=tax, gross_minor=net + tax, tax_rate=tax_rate,
        tax_label=tax_label, tax_included=tax_included, credit_minor=credit_minor, gifted_minor=gifted_minor,
        created_at=at, pay_until=pay_until, voucher_code=voucher_code,
    )  # fmt: skip
    InvoiceLine.objects.bulk_create(
        InvoiceLine(invoice=invoice, position=position, **vars(line))
        for position, line in enumerate(lines, start=1)
    )
    return invoice
