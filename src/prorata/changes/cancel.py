"""Give up an unpaid change: by the customer, or because the time to pay is over."""

from __future__ import annotations

from typing import Literal

from django.db import transaction
from django.utils.translation import gettext as _

from prorata import clock
from prorata.changes import states
from prorata.changes.lock import lock_change
from prorata.changes.models import Change
from prorata.changes.refusals import Refusal, Refused
from prorata.changes.words import status_words
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
    if change.status != states.AWAITING_PAYMENT or change.invoice is None:
        raise Refused(Refusal("not_cancellable", None, {"status": status_words(change)}))
    if status == "cancelled" and _payment_running(change.invoice):
        raise Refused(Refusal("payment_running"))
    invoice = Invoice.objects.select_for_update(of=("self",), no_key=True).get(pk=change.invoice.pk)
    if invoice.status != Invoice.Status.OPEN:
        # The money came first; the change only has not heard of it yet.
        raise Refused(Refusal("not_cancellable", None, {"status": _("Paid")}))
    now = clock.now()
    close(invoice, status, at=now, actor=actor)
    release(change.origin, now)
    release_voucher(origin=change.origin, at=now)
    change.status, change.ended_at, change.invoice = status, now, invoice
    change.save(update_fields=["status", "ended_at"])
    note(f"change.{status}", change, actor=actor, actor_name=actor_name, customer_id=change.customer_id)
    publish(f"change.{status}", id=change.pk)
    return change


def _payment_running(invoice: Invoice) -> bool:
    running = (PaymentAttempt.State.PROCESSING, PaymentAttempt.State.UNKNOWN)
    return PaymentAttempt.objects.filter(invoice=invoice, state__in=running).exists()
