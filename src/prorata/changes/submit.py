"""Submit a quote: one short transaction that writes the change, its invoice, what is pledged and what is reserved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from prorata import clock
from prorata.catalog.models import ResourceType
from prorata.catalog.names import in_language
from prorata.catalog.sold import types_of
from prorata.catalog.values import book
from prorata.changes import states
from prorata.changes.drift.hold_still import hold_still
from prorata.changes.limits import check, limits
from prorata.changes.models import Change, ChangeLine, Quote, SecurityEvent
from prorata.changes.paper_lines import line_facts, line_text
from prorata.changes.pay_within import pay_within
from prorata.changes.policy import Allowance, allowance, history, narrowed, open_of
from prorata.changes.quote import reference
from prorata.changes.refusals import Refusal, Refused
from prorata.changes.situation import seller
from prorata.changes.split import Split, split
from prorata.changes.vouchers import refusal
from prorata.credit import available
from prorata.credit.move import NotEnoughCredit
from prorata.credit.pledge import hold
from prorata.credit.voucher_use import VoucherGone
from prorata.credit.voucher_use import hold as hold_voucher
from prorata.customers.lock import lock_customer
from prorata.customers.models import Customer, User
from prorata.customers.scope import may, my_one
from prorata.events.publish import publish
from prorata.invoices.issue import DraftLine, issue
from prorata.invoices.models import Invoice, Seller
from prorata.invoices.settle import settle_from_purses
from prorata.payments.bank.accounts import offered_method
from prorata.pricing.terms import local_date
from prorata.provisioning.reserve import NoRoom, Taken, reserve
from prorata.services.lock import lock_service
from prorata.services.models import Reading, Service
from prorata.services.readings import newest
from prorata.trail.write import note

# How long a paid change may take before what is not done is given back.
APPLY_WITHIN = timedelta(hours=4)


def submit(
    user: User,
    quote_reference: str,
    *,
    use_gifted: bool = True,
    use_account: bool = True,
    method: str = "",
    may_restart: bool = True,
    shown_due_minor: int,
) -> Change:
    """Make the quoted change binding; the same quote submitted again gives the same change.

    `shown_due_minor` is what the button said is to be paid now: if that is no longer so, nothing happens. Raises Refused,
    or Http404 for a quote that is not mine.
    """
    quote = my_one(
        user,
        Quote.objects.select_related("service__product", "voucher"),
        right="change",
        reference=quote_reference,
    )
    if done := Change.objects.filter(quote=quote).first():
        return done
    if quote.gross_minor > 0 and not may(user, quote.customer_id, "pay"):
        raise Refused(Refusal("may_not_pay"))
    if not 0 <= shown_due_minor <= max(quote.gross_minor, 0):
        _report(user, "tampered_amount", quote)
        raise Refused(Refusal("tampered"))
    types = types_of(quote.service.product)
    sold_by = seller()
    try:
        with transaction.atomic():
            return _submit(
                user, quote, types, sold_by, use_gifted=use_gifted, use_account=use_account, method_code=method,
                may_restart=may_restart, shown_due_minor=shown_due_minor,
            )  # fmt: skip
    except VoucherGone as gone:
        assert quote.voucher is not None
        raise Refused(refusal(gone.why, quote.voucher.code)) from gone
    except NotEnoughCredit as spent:
        raise Refused(Refusal("credit_changed")) from spent
    except NoRoom as full:
        raise Refused(_no_room(full, next(kind for kind in types if kind.code == full.component))) from full


def _no_room(full: NoRoom, kind: ResourceType) -> Refusal:
    if full.left_over is None:
        return Refusal("no_room", kind.code, {"name": kind.name})
    left = f"{full.left_over}\u00a0{kind.unit}" if kind.unit else full.left_over
    return Refusal("unpaid_hold_too_much", kind.code, {"name": kind.name, "left": left})


def _submit(
    user: User,
    quote: Quote,
    types: Sequence[ResourceType],
    sold_by: Seller,
    *,
    use_gifted: bool,
    use_account: bool,
    method_code: str,
    may_restart: bool,
    shown_due_minor: int,
) -> Change:
    customer = lock_customer(quote.customer_id)
    service = lock_service(quote.service_id, quote.customer_id)
    now = clock.now()
    product, zone = quote.service.product, ZoneInfo(sold_by.zone)
    changes = history(service, product, zone, now, also=Q(quote=quote))
    if (known := next((c for c in changes if c.quote_id == quote.pk), None)) is not None:
        return known
    if (known := open_of(changes)) is not None:
        raise Refused(Refusal("open_change", None, {"reference": known.reference}))
    reading = newest(service.pk)
    left = allowance(service, product, changes, zone, now)
    _still_true(quote, service, types, reading, left, now)
    pay = split(
        quote.gross_minor,
        available.purses(quote.customer_id, quote.currency, now) if quote.gross_minor > 0 else [],
        use_gifted=use_gifted, use_account=use_account,
    )  # fmt: skip
    if pay.due_minor != shown_due_minor:
        raise Refused(Refusal("credit_changed"))
    if pay.due_minor and offered_method(method_code, sold_by.pk, quote.currency) is None:
        raise Refused(Refusal("choose_method"))
    return _write(user, quote, customer, service, sold_by, reading, pay, method_code, may_restart, now)


def _still_true(
    quote: Quote,
    service: Service,
    types: Sequence[ResourceType],
    reading: Reading | None,
    left: Allowance,
    now: datetime,
) -> None:
    """Everything the quote stands on, looked at again under the lock; nothing here may depend on what a browser sent."""
    if now >= quote.expires_at:
        raise Refused(
            Refusal(
                "quote_expired", None, {"until": f"{quote.expires_at.astimezone(_zone(quote)):%H:%M\u00a0%Z}"}
            )
        )
    if service.status != Service.Status.ACTIVE:
        shown = {"status": service.get_status_display(), "reason": in_language(service.status_reason)}
        raise Refused(Refusal("not_active", None, shown))
    if now >= service.term_ends_at:
        raise Refused(Refusal("term_over"))
    if left.obstacles:
        raise Refused(*left.obstacles)
    if service.version != quote.service_version or service.configuration != quote.from_configuration:
        raise Refused(Refusal("service_changed"))
    prices = book(quote.price_book_id)
    free = narrowed(limits(types, service.configuration, reading, Taken(), prices, now), left, prices)
    possible = hold_still(free, service.differing)
    changed = {code: n for code, n in quote.to_configuration.items() if n != quote.from_configuration[code]}
    if refusals := check(possible, changed):
        raise Refused(*refusals)


def _write(
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
    ChangeLine.objects.bulk_create(
        ChangeLine(
            change=change, position=n, component=line["code"], name=line["name"], unit=line["unit"],
            from_value=line["before"], to_value=line["after"], from_name=line["before_name"], to_name=line["after_name"],
            exact=Decimal(line["exact"]), net_minor=line["net_minor"], tax_minor=line["tax_minor"],
        )
        for n, line in enumerate(quote.figures["lines"], start=1)
    )  # fmt: skip
    actor = f"user:{user.pk}"
    if quote.voucher_id is not None:
        hold_voucher(
            quote.voucher_id, customer_id=quote.customer_id, product_id=service.product_id, origin=change.origin,
            amount_minor=quote.figures["discount_minor"], currency=quote.currency, at=now, paid=not pay.due_minor,
        )  # fmt: skip
    if pay.due_minor:
        hold(
            customer_id=quote.customer_id,
            currency=quote.currency,
            parts=pay.parts,
            origin=change.origin,
            at=now,
            actor=actor,
        )
    reserve(
        service=service,
        reading=reading,
        growth=_growth(quote),
        origin=change.origin,
        awaits_payment=bool(pay.due_minor),
        until=_held_until(change),
        now=now,
    )
    note(
        "change.submitted", change, actor=actor, actor_name=user.email, customer_id=quote.customer_id,
        changed={line["code"]: (line["before"], line["after"]) for line in quote.figures["lines"]},
    )  # fmt: skip
    if change.status == states.APPLYING:
        publish("change.applying", id=_id(change), lock=f"service:{service.pk}")
        if change.invoice is not None:
            settle_from_purses(change.invoice, pay.parts, at=now, actor=actor)  # takes the legal number: last
    return change


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
    return issue(
        seller=sold_by, buyer=customer, service=service, origin=change.origin,
        reference=change.reference.replace("C-", "PF-", 1),
        lines=[
            DraftLine(
                component=line["code"], text=line_text(line), period_starts=local_date(quote.made_at, _zone(quote)),
                period_ends=local_date(service.term_ends_at, _zone(quote)), exact=Decimal(line["exact"]),
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


def _held_until(change: Change) -> datetime:
    """Room is held while the money is awaited and while the machine is changed."""
    return change.deadline + APPLY_WITHIN


def _zone(quote: Quote) -> ZoneInfo:
    return ZoneInfo(quote.figures["zone"])


def _report(user: User, kind: str, quote: Quote) -> None:
    SecurityEvent.objects.create(kind=kind, user=user, about=quote.reference, at=clock.now())
