"""Pay with what was saved: charged at once, and by the gateway's own page only where the bank wants a confirmation."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from prorata.customers.models import User
from prorata.customers.scope import my_one
from prorata.invoices.models import Invoice
from prorata.payments.asking import PaymentRefused, PaymentUnknown, asking
from prorata.payments.checkout import intend, start_checkout
from prorata.payments.expire import expire_checkouts
from prorata.payments.gateways.base import SavedCharge, SavedMethods
from prorata.payments.look import record
from prorata.payments.methods import method
from prorata.payments.models import PaymentAttempt, SavedMethod
from prorata.payments.reasons import in_readers_words
from prorata.payments.registry import gateway
from prorata.payments.saved_methods import offered

State = PaymentAttempt.State


def pay_with_saved(user: User, invoice: Invoice, saved_id: uuid.UUID | str) -> str:
    """Charge what is due to a saved means of payment; "" when it is paid or on its way, or the address of the page where
    the customer confirms it with his bank.

    Raises PaymentRefused, PaymentUnknown, or Http404 for what this person may not pay, or pay with.
    """
    found = my_one(user, Invoice.objects.all(), right="pay", pk=invoice.pk)
    saved = my_one(user, offered(user, found), right="pay", pk=saved_id)
    chosen = method(saved.method)
    assert chosen is not None
    if PaymentAttempt.objects.filter(invoice=found, state=State.REDIRECTED).exists():
        expire_checkouts(found)  # a page that is still open could take the money a second time
    intent = intend(user, found.pk, chosen)
    if intent.attempt.state != State.CREATED:
        raise PaymentUnknown(
            _(
                "The page of the payment service could not be closed. Paying now could charge you twice: look here again in"
                " a minute."
            )
        )
    if not intent.made:
        # A page, or another charge, is being asked for at this moment: its id must not be used for two.
        raise PaymentUnknown(
            _("Your last payment is being checked. Paying again now could charge you twice.")
        )
    return _charge(user, found, intent.attempt, saved)


def _charge(user: User, invoice: Invoice, attempt: PaymentAttempt, saved: SavedMethod) -> str:
    adapter = gateway(saved.gateway)
    assert isinstance(adapter, SavedMethods)
    charge = SavedCharge(
        attempt_id=str(attempt.pk), amount_minor=attempt.amount_minor, currency=attempt.currency,
        description=invoice.reference, customer_ref=str(invoice.customer_id), method_ref=saved.method_ref,
    )  # fmt: skip
    with asking(attempt):
        payment = adapter.charge_saved(charge)
    seen = record(attempt, payment, payee=adapter.payee)
    if seen.state != State.FAILED:
        return ""
    if payment.wants_customer:
        return start_checkout(user, invoice, saved.method)
    reason = in_readers_words(payment.reason) or _("The payment was declined.")
    raise PaymentRefused(_("%(reason)s Nothing was taken. Choose another way to pay.") % {"reason": reason})
