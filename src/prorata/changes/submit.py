"""Submit a quote: the machine is asked once more, and one short transaction writes the change and its invoice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from prorata import clock
from prorata.catalog.models import ResourceType
from prorata.catalog.names import in_language
from prorata.catalog.sold import types_of
from prorata.catalog.values import book
from prorata.changes.drift.hold_still import hold_still
from prorata.changes.limits import check, limits
from prorata.changes.models import Change, Quote, SecurityEvent
from prorata.changes.policy import Allowance, allowance, history, narrowed, open_of
from prorata.changes.quote import over
from prorata.changes.refresh import refresh
from prorata.changes.refusals import Refusal, Refused
from prorata.changes.situation import seller
from prorata.changes.split import split
from prorata.changes.vouchers import refusal
from prorata.changes.write import write
from prorata.credit import available
from prorata.credit.move import NotEnoughCredit
from prorata.credit.voucher_use import VoucherGone
from prorata.customers.lock import lock_customer
from prorata.customers.models import User
from prorata.customers.scope import may, my_one
from prorata.invoices.models import Seller
from prorata.payments.bank.accounts import offered_method
from prorata.provisioning.reserve import NoRoom, Taken
from prorata.services.lock import lock_service
from prorata.services.models import Reading, Service
from prorata.services.readings import newest


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
    # What filled up since Continue is refused here, before anybody pays for it. Nothing is locked while a machine answers.
    refresh(quote.service)
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
    reading = _known(quote, newest(service.pk))
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
    return write(user, quote, customer, service, sold_by, reading, pay, method_code, may_restart, now)


def _known(quote: Quote, last: Reading | None) -> Reading | None:
    """A machine that is busy, as with its backup, may not tell what is used: what it told at Continue stands, and the job
    waits and looks again before it makes anything smaller."""
    return quote.reading if last is not None and last.state == "busy" and quote.reading is not None else last


def _still_true(
    quote: Quote,
    service: Service,
    types: Sequence[ResourceType],
    reading: Reading | None,
    left: Allowance,
    now: datetime,
) -> None:
    """Everything the quote stands on, looked at again under the lock; nothing here may depend on what a browser sent."""
    if late := over(quote, now):
        raise Refused(late)
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


def _report(user: User, kind: str, quote: Quote) -> None:
    SecurityEvent.objects.create(kind=kind, user=user, about=quote.reference, at=clock.now())
