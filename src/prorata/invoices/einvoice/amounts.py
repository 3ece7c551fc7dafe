"""A document line in the words of EN 16931: a price, what is taken off and put on it, and the net that remains."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from prorata.invoices.models import CreditNote, Invoice
from prorata.pricing.money import decimal_of, half_up, minor_digits


@dataclass(frozen=True, kw_only=True)
class NetLine:
    """Major units without tax. quantity x price - allowance + charge == net; the price is never negative."""

    quantity: int
    price: Decimal
    allowance: Decimal
    charge: Decimal
    net: Decimal


def net_lines(paper: Invoice | CreditNote) -> list[NetLine]:
    """In the order of the document's lines; their nets add up to its own."""
    if isinstance(paper, CreditNote):
        return [_line(line.net_minor, 0, 0, paper.currency) for line in paper.lines.all()]
    return [
        _line(
            line.net_minor, _net(line.discount_minor, paper), _net(line.raised_minor, paper), paper.currency
        )
        for line in paper.lines.all()
    ]


def _net(minor: int, invoice: Invoice) -> int:
    """Vouchers and minimum charges stand in the basis of the price book: the part without tax where it is gross."""
    return half_up(Fraction(minor) / (1 + Fraction(invoice.tax_rate))) if invoice.tax_included else minor


def _line(net: int, allowance: int, charge: int, currency: str) -> NetLine:
    price, digits = net + allowance - charge, minor_digits(currency)
    return NetLine(
        quantity=1 if price >= 0 else -1, price=decimal_of(abs(price), digits), allowance=decimal_of(allowance, digits),
        charge=decimal_of(charge, digits), net=decimal_of(net, digits),
    )  # fmt: skip
