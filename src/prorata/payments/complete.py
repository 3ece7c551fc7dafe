"""Take the money of a payment that its customer approved: intent first, then the call. The caller records its result."""

from __future__ import annotations

from django.db import transaction

from prorata import clock
from prorata.customers.lock import lock_customer
from prorata.invoices.models import Invoice
from prorata.payments.gateways.base import Completion, Gateway, GatewayPayment
from prorata.payments.models import PaymentAttempt
from prorata.payments.record_capture import Mismatch, may_settle


def complete(found: PaymentAttempt, payment: GatewayPayment, adapter: Gateway) -> GatewayPayment | None:
    """The payment after we took its money, or None where there is nothing to take. The payment is known to be ours.

    However many look at once, the gateway takes it once. Money is never taken for an attempt or an invoice that is
    closed. Raises Mismatch, or GatewayUnreachable: it may have been taken, and is asked again at the next look.
    """
    if not payment.approved or not isinstance(adapter, Completion):
        return None
    if (payment.amount_minor, payment.currency) != (found.amount_minor, found.currency):
        raise Mismatch(
            f"payment {payment.ref} is over {payment.amount_minor} {payment.currency}, not what we asked for"
        )
    return adapter.complete(payment.ref) if _intend(found) else None


@transaction.atomic
def _intend(found: PaymentAttempt) -> bool:
    """First transaction: from now until the end is known, nobody says that this payment was cancelled."""
    lock_customer(found.invoice.customer_id)
    invoice = (
        Invoice.objects.select_for_update(of=("self",), no_key=True)
        .select_related("service")
        .get(pk=found.invoice_id)
    )
    attempt = PaymentAttempt.objects.select_for_update(no_key=True).get(pk=found.pk)
    if attempt.state not in PaymentAttempt.OPEN or not may_settle(invoice):
        return False
    attempt.taking_at = clock.machine_now()
    attempt.save(update_fields=["taking_at"])
    return True
