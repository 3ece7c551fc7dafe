"""Write a submitted change: itself with its lines, its invoice, what is pledged and what is reserved."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from prorata.changes import states
from prorata.changes.models import Change, ChangeLine, Quote
from prorata.changes.paper_lines import line_facts, line_text
from prorata.changes.pay_within import pay_within
from prorata.changes.quote import reference
from prorata.changes.split import Split
from prorata.credit.pledge import hold
from prorata.credit.voucher_use import hold as hold_voucher
from prorata.customers.models import Customer, User
from prorata.events.publish import publish
from prorata.invoices.issue import DraftLine, issue
from prorata.invoices.models import Invoice, Seller
from prorata.invoices.settle import settle_from_purses
from prorata.pricing.terms import local_date
from prorata.provisioning.reserve import reserve
from prorata.services.models import Reading, Service
from prorata.trail.write import note

# How long a paid change may take before what is not done is given back.
APPLY_WITHIN = timedelta(hours=4)


def write(
    user: User,
    quote: Quote,
    customer: Customer,
    service: Service,
    sold_by: Seller,
    reading: Reading | None,
    pay: Split,
    method_code: str,
    may_restart: bool,
    now: datetime,
) -> Change:
    """The customer and the service must be locked, and all that the quote stands on must have been looked at again."""
    change = Change(
        reference=reference("C"), quote=quote, service=service, customer_id=quote.customer_id, submitted_by=user,
        submitted_at=now, currency=quote.currency, gross_minor=quote.gross_minor,
        may_restart=may_restart and bool(quote.figures["restart"]),
    )  # fmt: skip
    wait = pay_within(method_code, sold_by.pk, quote.currency) if pay.due_minor else APPLY_WITHIN
    change.deadline = min(now + wait, service.term_ends_at)
    if quote.gross_minor > 0:
        change.invoice = _invoice(change, quote, customer, service, sold_by, pay, now)
    if pay.due_minor:
        change.status = states.AWAITING_PAYMENT
    else:
        change.status, change.started_at = states.APPLYING, now
    change.save(force_insert=True)
    _lines(change, quote)
    actor = f"user:{user.pk}"
    _hold(change, quote, service, pay, now, actor)
    reserve(
        service=service, reading=reading, growth=_growth(quote), origin=change.origin, awaits_payment=bool(pay.due_minor),
        until=change.deadline + APPLY_WITHIN,  # while the money is awaited, and while the machine is changed
        now=now,
    )  # fmt: skip
    note(
        "change.submitted", change, actor=actor, actor_name=user.email, customer_id=quote.customer_id,
        changed={line["code"]: (line["before"], line["after"]) for line in quote.figures["lines"]},
    )  # fmt: skip
    if change.status == states.APPLYING:
        publish("change.applying", id=_id(change), lock=f"service:{service.pk}")
        if change.invoice is not None:
            settle_from_purses(change.invoice, pay.parts, at=now, actor=actor)  # takes the legal number: last
    return change


def _lines(change: Change, quote: Quote) -> None:
    ChangeLine.objects.bulk_create(
        ChangeLine(
            change=change, position=n, component=line["code"], name=line["name"], unit=line["unit"],
            from_value=line["before"], to_value=line["after"], from_name=line["before_name"], to_name=line["after_name"],
            exact=Decimal(line["exact"]), net_minor=line["net_minor"], tax_minor=line["tax_minor"],
        )
        for n, line in enumerate(quote.figures["lines"], start=1)
    )  # fmt: skip


def _hold(change: Change, quote: Quote, service: Service, pay: Split, now: datetime, actor: str) -> None:
    """The voucher, and the credit while the rest is still to be paid."""
    if quote.voucher_id is not None:
        hold_voucher(
            quote.voucher_id, customer_id=quote.customer_id, product_id=service.product_id, origin=change.origin,
            amount_minor=quote.figures["discount_minor"], currency=quote.currency, at=now, paid=not pay.due_minor,
        )  # fmt: skip
    if pay.due_minor:
        hold(
            customer_id=quote.customer_id, currency=quote.currency, parts=pay.parts, origin=change.origin, at=now,
            actor=actor,
        )  # fmt: skip


def _id(change: Change) -> int:
    assert change.pk is not None
    return int(change.pk)


def _invoice(
    change: Change,
    quote: Quote,
    customer: Customer,
    service: Service,
    sold_by: Seller,
    pay: Split,
    now: datetime,
) -> Invoice:
    figures = quote.figures
    zone = ZoneInfo(figures["zone"])
    return issue(
        seller=sold_by, buyer=customer, service=service, origin=change.origin,
        reference=change.reference.replace("C-", "PF-", 1),
        lines=[
            DraftLine(
                component=line["code"], text=line_text(line), period_starts=local_date(quote.made_at, zone),
                period_ends=local_date(service.term_ends_at, zone), exact=Decimal(line["exact"]),
                net_minor=line["net_minor"], tax_minor=line["tax_minor"],
                raised_minor=line.get("raised_minor", 0), discount_minor=line.get("discount_minor", 0),
                **line_facts(line, figures),
            )
            for line in figures["lines"]
        ],
        voucher_code=figures.get("voucher", ""),
        tax_rate=Decimal(figures["tax_rate"]), tax_label=figures["tax_label"], tax_included=figures["tax_included"],
        credit_minor=pay.credit_minor, gifted_minor=pay.gifted_minor, at=now, pay_until=change.deadline,
    )  # fmt: skip


def _growth(quote: Quote) -> dict[str, int]:
    return {
        line["code"]: line["after"] - line["before"]
        for line in quote.figures["lines"]
        if isinstance(line["after"], int) and line["after"] > line["before"]
    }
