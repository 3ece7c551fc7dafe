"""Give up an unpaid change: by the customer, or because the time to pay is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext as _

from prorata import clock
from prorata.changes import states
from prorata.changes.lock import lock_change
from prorata.changes.models import Change
from prorata.changes.refusals import Refusal, Refused
from prorata.changes.words import status_words
from prorata.credit.models import VoucherUse
from prorata.credit.pledge import Release, if_released
from prorata.credit.voucher_use import release as release_voucher
from prorata.customers.models import User
from prorata.customers.scope import my_one
from prorata.events.publish import publish
from prorata.invoices.close import close
from prorata.invoices.models import Invoice
from prorata.payments.expire import expire_checkouts
from prorata.payments.models import PaymentAttempt
from prorata.provisioning.reserve import release
from prorata.trail.write import note


@dataclass(frozen=True, kw_only=True)
class GivenUp:
    """What cancelling an unpaid change would bring back: held credit, the use of a voucher, and money received in part,
    which becomes account credit."""

    held: tuple[Release, ...]
    voucher: VoucherUse | None
    received_minor: int

    @property
    def nothing(self) -> bool:
        return not (self.held or self.voucher or self.received_minor)


def if_cancelled(change: Change, at: datetime) -> GivenUp:
    """What `cancel` would bring back at `at`. Changes nothing."""
    voucher = VoucherUse.objects.filter(origin=change.origin, state=VoucherUse.State.HELD)
    return GivenUp(
        held=tuple(if_released(origin=change.origin, at=at)), voucher=voucher.select_related("voucher").first(),
        received_minor=change.invoice.received_minor if change.invoice is not None else 0,
    )  # fmt: skip


def why_not(change: Change) -> Refusal | None:
    """Why the change cannot be cancelled now; None if it can."""
    if change.status != states.AWAITING_PAYMENT or change.invoice is None:
        return Refusal("not_cancellable", None, {"status": status_words(change)})
    if change.invoice.status != Invoice.Status.OPEN:
        # The money came first; the change only has not heard of it yet.
        return Refusal("not_cancellable", None, {"status": _("Paid")})
    return Refusal("payment_running") if _payment_running(change.invoice) else None


def cancel(user: User, change_reference: str) -> Change:
    """Cancel my unpaid change. Raises Refused if it is no longer unpaid or a payment is being checked."""
    found = my_one(user, Change.objects.all(), right="change", reference=change_reference)
    change = _close(found.pk, "cancelled", actor=f"user:{user.pk}", actor_name=user.email)
    if change.invoice is not None:
        expire_checkouts(change.invoice)
    return change


def expire(change_id: int) -> Change:
    """Close a change whose time to pay is over; money that comes later becomes account credit by itself."""
    change = _close(change_id, "expired", actor="system")
    if change.invoice is not None:
        expire_checkouts(change.invoice)
    return change


@transaction.atomic
def _close(
    change_id: int, status: Literal["cancelled", "expired"], *, actor: str, actor_name: str = ""
) -> Change:
    change = lock_change(change_id)
    if change.status == status:
        return change
    if change.invoice is not None:
        locked = Invoice.objects.select_for_update(of=("self",), no_key=True)
        change.invoice = locked.get(pk=change.invoice.pk)
    refusal = why_not(change)
    # An answer that is still awaited keeps a customer from giving up; the end of the time to pay does not wait for it.
    if refusal is not None and not (status == "expired" and refusal.code == "payment_running"):
        raise Refused(refusal)
    invoice, now = change.invoice, clock.now()
    assert invoice is not None
    close(invoice, status, at=now, actor=actor)
    release(change.origin, now)
    release_voucher(origin=change.origin, at=now)
    change.status, change.ended_at = status, now
    change.save(update_fields=["status", "ended_at"])
    note(f"change.{status}", change, actor=actor, actor_name=actor_name, customer_id=change.customer_id)
    publish(f"change.{status}", id=change.pk)
    return change


def _payment_running(invoice: Invoice) -> bool:
    running = (PaymentAttempt.State.PROCESSING, PaymentAttempt.State.UNKNOWN)
    return PaymentAttempt.objects.filter(invoice=invoice, state__in=running).exists()
