"""For which documents an e-invoice is made: those that are certain, and no other."""

from __future__ import annotations

from fractions import Fraction

from prorata.customers.tax_numbers import EU, WrongTaxNumber, normal_tax_number
from prorata.invoices.models import CreditNote, Invoice
from prorata.pricing.money import minor_digits

# The currency in which each country of the Union accounts for VAT, where it is not the euro.
OWN_CURRENCY = {"CZ": "CZK", "DK": "DKK", "HU": "HUF", "PL": "PLN", "RO": "RON", "SE": "SEK"}


def applies(paper: Invoice | CreditNote) -> bool:
    """A legal document of a seller in the Union with a VAT number there, taxed, in the currency of that country.

    Without a rate the standard wants the reason (export, reverse charge, exempt), which is not known here. In another
    currency it wants the tax in the country's own too. A note that reduces what was charged at several rates is none: it
    names one.
    """
    if isinstance(paper, Invoice) and paper.status != Invoice.Status.PAID:
        return False
    home = paper.seller_country
    return (
        home in EU
        and paper.currency == OWN_CURRENCY.get(home, "EUR")
        and paper.tax_rate > 0
        and bool(paper.buyer_country)
        and _has_vat_number(paper.seller_tax_number, home)
        and _is_of_its_rate(paper)
    )


def _is_of_its_rate(paper: Invoice | CreditNote) -> bool:
    """The standard wants the tax to be the rate of its base; roundings may make less than one whole unit of difference."""
    of_base = paper.net_minor * Fraction(paper.tax_rate)
    return abs(paper.tax_minor - of_base) < 10 ** minor_digits(paper.currency)


def _has_vat_number(number: str, home: str) -> bool:
    try:
        return bool(number) and normal_tax_number(number, home) == number
    except WrongTaxNumber:
        return False
