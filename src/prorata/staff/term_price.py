"""The price of a term as staff see it before they confirm: line by line, with what pays it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prorata.changes.models import SoldTerm
from prorata.changes.split import split
from prorata.changes.terms.price import TermPrice
from prorata.changes.terms.write import Payment
from prorata.credit.available import purses
from prorata.invoices.models import Invoice
from prorata.pricing.figures import factor_text, per_cent
from prorata.staff.columns import money, precise


@dataclass(frozen=True)
class Row:
    name: str
    value: str
    worked: str
    made: str
    exact: str
    amount: str


def shown(offer: TermPrice, customer_id: int, payment: Payment) -> dict[str, Any]:
    """Everything the page says about a price, as text; `gross_minor` goes back with the confirmation."""
    currency, paper = offer.currency, offer.document
    pay = split(
        paper.gross, purses(customer_id, currency) if paper.gross else [], use_gifted=payment.use_gifted,
        use_account=payment.use_account,
    )  # fmt: skip
    return {
        "gross_minor": paper.gross, "gross": money(paper.gross, currency), "months": offer.months,
        "starts_at": offer.starts_at, "ends_at": offer.ends_at, "rows": [_row(offer, n) for n in range(len(offer.lines))],
        "total": money(offer.price.total, currency), "tax": money(paper.tax, currency) if paper.tax else "",
        "tax_label": offer.product.tax_label or _("Tax"), "tax_rate": per_cent(offer.product.tax_rate),
        "included": offer.book.tax_included, "discount": _discount(offer), "book": offer.book,
        "gifted": money(-pay.gifted_minor, currency) if pay.gifted_minor else "",
        "account": money(-pay.account_minor, currency) if pay.account_minor else "",
        "due": money(pay.due_minor, currency), "days": payment.days, "paid_at_once": not pay.due_minor,
    }  # fmt: skip


def _row(offer: TermPrice, n: int) -> Row:
    line = offer.lines[n]
    worked = f"{precise(line.monthly)} × {offer.months} × {factor_text(line.factor)}"
    return Row(
        line.name, f"{line.value_name}\u00a0{line.unit}".strip(), worked, line.made, precise(line.exact),
        money(line.amount_minor, offer.currency),
    )  # fmt: skip


def _discount(offer: TermPrice) -> str:
    """What so many months earn, and by which schedule."""
    off = 1 - offer.factor
    if offer.schedule is None or off == Fraction(0):
        return ngettext(
            "%(count)s month earns no discount.", "%(count)s months earn no discount.", offer.months
        ) % {"count": offer.months}
    said = ngettext(
        "%(count)s month earns %(off)s %% off (discounts v%(version)s).",
        "%(count)s months earn %(off)s %% off (discounts v%(version)s).",
        offer.months,
    )
    return said % {"count": offer.months, "off": per_cent(off), "version": offer.schedule.version}


def said_after(term: SoldTerm) -> str:
    """What the next page says: paid, or to be paid until when."""
    facts = {"term": term, "service": term.service, "amount": money(term.gross_minor, term.currency)}
    if term.invoice is None or term.status == SoldTerm.Status.PAID:
        return _("Term %(term)s of %(service)s is sold for %(amount)s and paid.") % facts
    due = Invoice.objects.get(pk=term.invoice.pk).due_minor
    facts |= {"invoice": term.invoice, "due": money(due, term.currency)}
    return (
        _(
            "Term %(term)s of %(service)s is sold for %(amount)s. Invoice %(invoice)s waits for %(due)s; the customer was"
            " written to."
        )
        % facts
    )
