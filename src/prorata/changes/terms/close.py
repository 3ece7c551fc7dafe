"""Give up an unpaid term: by staff, by the customer, or because the time to pay is over. Nothing remains owed."""

from __future__ import annotations

from typing import Literal

from django.db import transaction
from django.utils.translation import gettext as _

from prorata import clock
from prorata.changes.models import SoldTerm
from prorata.changes.terms.lock import lock_term
from prorata.changes.terms.refused import CannotSell
from prorata.changes.terms.words import status_words
from prorata.customers.models import User
from prorata.events.publish import publish
from prorata.invoices.close import close
from prorata.invoices.models import Invoice
from prorata.payments.expire import expire_checkouts
from prorata.payments.models import PaymentAttempt
from prorata.services.models import Service
from prorata.trail.write import note


def cancel(term_id: int, by: User) -> SoldTerm:
    """Cancel an unpaid term; once cancelled it stays so. Raises CannotSell if it is paid, or is being paid just now."""
    term = _close(term_id, "cancelled", actor=f"user:{by.pk}", actor_name=by.email)
    return _closed(term)


def expire(term_id: int) -> SoldTerm:
    """Close a term whose time to pay is over; money that comes later becomes account credit by itself."""
    return _closed(_close(term_id, "expired", actor="system"))


def _closed(term: SoldTerm) -> SoldTerm:
    if term.invoice is not None:
        expire_checkouts(term.invoice)
    return term


@transaction.atomic
def _close(
    term_id: int, status: Literal["cancelled", "expired"], *, actor: str, actor_name: str = ""
) -> SoldTerm:
    term = lock_term(term_id)
    if term.status == status:
        return term
    if term.status != SoldTerm.Status.AWAITING_PAYMENT or term.invoice is None:
        raise CannotSell(
            _("Term %(term)s is not waiting for payment. Its state: %(status)s.")
            % {"term": term, "status": status_words(term)}
        )
    if status == "cancelled" and _payment_running(term.invoice):
        raise CannotSell(_("A payment is being checked. The term can be cancelled when the answer is known."))
    invoice = Invoice.objects.select_for_update(of=("self",), no_key=True).get(pk=term.invoice.pk)
    if invoice.status != Invoice.Status.OPEN:
        # The money came first; the term only has not heard of it yet.
        raise CannotSell(_("Term %(term)s is paid already.") % {"term": term})
    now = clock.now()
    close(invoice, status, at=now, actor=actor)
    term.status, term.ended_at, term.invoice = status, now, invoice
    term.save(update_fields=["status", "ended_at"])
    service = term.service
    service.version += 1
    if term.kind == SoldTerm.Kind.PURCHASE:
        service.status = Service.Status.UNSTARTED
    service.save(update_fields=["version", "status"])
    note(f"term.{status}", term, actor=actor, actor_name=actor_name, customer_id=term.customer_id)
    publish(f"term.{status}", id=term.pk)
    return term


def _payment_running(invoice: Invoice) -> bool:
    running = (PaymentAttempt.State.PROCESSING, PaymentAttempt.State.UNKNOWN)
    return PaymentAttempt.objects.filter(invoice=invoice, state__in=running).exists()
