"""Write a term that is sold: the row, its invoice, and what credit pays or is held for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from prorata.changes.models import SoldTerm
from prorata.changes.quote import reference
from prorata.changes.split import Split, split
from prorata.changes.terms.book import book
from prorata.changes.terms.dates import Days
from prorata.changes.terms.price import TermLine, TermPrice, freeze
from prorata.changes.terms.refused import CannotSell
from prorata.credit import available
from prorata.credit.models import Purse
from prorata.credit.move import NotEnoughCredit
from prorata.credit.pledge import hold
from prorata.customers.models import User
from prorata.events.publish import publish
from prorata.invoices.issue import DraftLine, issue
from prorata.invoices.models import Invoice
from prorata.invoices.settle import settle_from_purses
from prorata.pricing.display import amount_text
from prorata.pricing.money import eight_decimals
from prorata.pricing.terms import local_date
from prorata.services.models import Service
from prorata.trail.write import note

DAYS_TO_PAY = 7


@dataclass(frozen=True, kw_only=True)
class Payment:
    """How a term is to be paid: with the customer's credit as far as ticked, the rest within so many days."""

    use_gifted: bool = False
    use_account: bool = False
    days: int = DAYS_TO_PAY


def sold_before(key: str) -> SoldTerm | None:
    """The term that a form of this key sold, however often its button was pressed."""
    return SoldTerm.objects.filter(key=key).first()


def write(
    kind: SoldTerm.Kind,
    service: Service,
    offer: TermPrice,
    days: Days,
    *,
    shown_minor: int,
    key: str,
    staff: User,
    payment: Payment,
    pay_before: datetime,
) -> SoldTerm:
    """The customer and the service must be locked. What costs nothing, or credit covers, is paid at once: it counts from
    here on. Raises CannotSell."""
    gross = offer.document.gross
    if gross != shown_minor:
        shown = f"{amount_text(gross, offer.currency)} {offer.currency}"
        raise CannotSell(f"The price has changed since you saw it: it is {shown} now. Look at it again.")
    at = offer.at
    pay = split(
        gross, available.purses(service.customer_id, service.currency, at) if gross else [],
        use_gifted=payment.use_gifted, use_account=payment.use_account,
    )  # fmt: skip
    term = SoldTerm(
        reference=reference("T"), key=key, kind=kind, service=service, customer_id=service.customer_id, sold_by=staff,
        sold_at=at, starts_at=days.starts_at, ends_at=days.ends_at, months=offer.months,
        follows_since=service.term_starts_at if kind == SoldTerm.Kind.RENEWAL else None,
        original_day=days.original_day, clock_time=days.clock_time, configuration=dict(offer.configuration),
        price_book_id=offer.book.id, schedule_id=offer.schedule.id if offer.schedule else None, inputs=freeze(offer),
        currency=offer.currency, net_minor=offer.document.net, tax_minor=offer.document.tax, gross_minor=gross,
        deadline=min(at + timedelta(days=payment.days), pay_before),
    )  # fmt: skip
    if gross:
        term.invoice = _invoice(term, service, offer, pay)
    else:
        term.status, term.ended_at = SoldTerm.Status.PAID, at
    term.save(force_insert=True)
    note(
        "term.sold", term, actor=f"user:{staff.pk}", actor_name=staff.email, customer_id=term.customer_id,
        reason=f"{term.get_kind_display()} of {service}, {term.months} months, "
        f"{amount_text(gross, term.currency)} {term.currency}",
    )  # fmt: skip
    publish("term.sold", id=_id(term))
    _pay(term, pay, staff)
    return term


def _pay(term: SoldTerm, pay: Split, staff: User) -> None:
    at, actor = term.sold_at, f"user:{staff.pk}"
    if not pay.due_minor:
        book(term, gifted_minor=pay.gifted_minor, gifted_until=_latest_end(pay.parts), at=at)
        if term.invoice is not None:
            settle_from_purses(term.invoice, pay.parts, at=at, actor=actor)  # takes the legal number: last
        return
    try:
        hold(
            customer_id=term.customer_id, currency=term.currency, parts=pay.parts, origin=term.origin, at=at, actor=actor,
        )  # fmt: skip
    except NotEnoughCredit as spent:
        raise CannotSell(
            "The customer's credit changed since this page was made. Look at it again."
        ) from spent


def _latest_end(parts: Sequence[tuple[Purse, int]]) -> datetime | None:
    return max((purse.expires_at for purse, _amount in parts if purse.expires_at is not None), default=None)


def _id(term: SoldTerm) -> int:
    assert term.pk is not None
    return int(term.pk)


def _invoice(term: SoldTerm, service: Service, offer: TermPrice, pay: Split) -> Invoice:
    return issue(
        seller=offer.seller, buyer=service.customer, service=service, origin=term.origin,
        reference=term.reference.replace("T-", "PF-", 1), lines=[_line(one, offer) for one in offer.lines],
        tax_rate=offer.product.tax_rate, tax_label=offer.product.tax_label, tax_included=offer.book.tax_included,
        credit_minor=pay.credit_minor, gifted_minor=pay.gifted_minor, at=term.sold_at, pay_until=term.deadline,
    )  # fmt: skip


def _line(line: TermLine, offer: TermPrice) -> DraftLine:
    """One component over the days of the term. There was nothing before, so there is no value and no price before."""
    factor = eight_decimals(line.factor)
    return DraftLine(
        component=line.code, text=line_text(line), period_starts=local_date(offer.starts_at, offer.zone),
        period_ends=local_date(offer.ends_at, offer.zone), exact=line.exact, net_minor=line.net_minor,
        tax_minor=line.tax_minor, name=line.name, unit=line.unit, from_name="", to_name=line.value_name,
        old_monthly=Decimal(0), new_monthly=line.monthly, old_factor=factor, new_factor=factor, months=str(offer.months),
    )  # fmt: skip


def line_text(line: TermLine) -> str:
    """What a document keeps of a line, e.g. "Memory 8 GB"; pages and mails say it in the reader's language."""
    unit = f"\u00a0{line.unit}" if line.unit else ""
    return f"{line.name} {line.value_name}{unit}"
