"""Send a customer to a gateway's page: intent first, then the call, then its result."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from prorata import clock
from prorata.customers.lock import lock_customer
from prorata.customers.models import User
from prorata.customers.scope import my_one
from prorata.invoices.models import Invoice
from prorata.payments.asking import PaymentRefused, PaymentUnknown, asking
from prorata.payments.bank import BANK
from prorata.payments.bank.accounts import account_for
from prorata.payments.bank.wait import begin_waiting, stop_waiting
from prorata.payments.expire import expire_checkouts
from prorata.payments.gateways.base import CheckoutRequest
from prorata.payments.methods import Method, method
from prorata.payments.models import PaymentAttempt
from prorata.payments.registry import gateway
from prorata.payments.saved_methods import can_keep
from prorata.trail.write import note

State = PaymentAttempt.State


@dataclass(frozen=True)
class Intent:
    """`made`: by this call. One that was there already may be under way to the gateway for somebody else's press."""

    attempt: PaymentAttempt
    request: CheckoutRequest
    made: bool


def start_checkout(user: User, invoice: Invoice, method_code: str, *, save: bool = False) -> str:
    """Begin, or take up again, the payment of what is due on an invoice; returns the address of the gateway's page.

    `save` is the customer's consent, given for this payment, that the gateway keeps the means of payment for later.
    Raises PaymentRefused, PaymentUnknown, or Http404 for an invoice this person may not pay.
    """
    chosen = method(method_code)
    if chosen is None:
        raise PaymentRefused(_("Choose how you want to pay."))
    save = save and can_keep(chosen.gateway)
    _leave_other_page(user, invoice.pk, chosen, save)
    intent = intend(user, invoice.pk, chosen, save=save)
    if intent.attempt.state == State.REDIRECTED and intent.attempt.redirect_url:
        return intent.attempt.redirect_url
    return _call(intent)


def _leave_other_page(user: User, invoice_id: int, chosen: Method, save: bool) -> None:
    """Another way to pay is chosen, or consent to keep the card was given or taken back: the first page is closed before
    another is begun."""
    found = my_one(user, Invoice.objects.all(), right="pay", pk=invoice_id)
    open_pages = PaymentAttempt.objects.filter(invoice=found, state=State.REDIRECTED).exclude(gateway=BANK)
    if open_pages.exclude(gateway=chosen.gateway, save_method=save).exists():
        expire_checkouts(found)


@transaction.atomic
def intend(user: User, invoice_id: int, chosen: Method, *, save: bool = False) -> Intent:
    """First transaction: the attempt exists before the gateway hears of it, under our own id."""
    found = my_one(user, Invoice.objects.all(), right="pay", pk=invoice_id)
    customer = lock_customer(found.customer_id)
    invoice = (
        Invoice.objects.select_for_update(of=("self",), no_key=True)
        .select_related("service")
        .get(pk=invoice_id)
    )
    if invoice.status != Invoice.Status.OPEN or invoice.due_minor <= 0:
        raise PaymentRefused(_("There is nothing to pay on this invoice."))
    if clock.now() >= invoice.pay_until:
        over = (
            _("The time to pay this invoice is over. Nothing was taken; make the change again.")
            if invoice.origin.startswith("change:")
            else _("The time to pay this invoice is over. Nothing was taken; ask us for a new one.")
        )
        raise PaymentRefused(over)
    if chosen.gateway == BANK and account_for(invoice.seller_id, invoice.currency) is None:
        said = _("Transfers in %(currency)s are not taken now. Choose another way to pay.")
        raise PaymentRefused(said % {"currency": invoice.currency})
    attempt = PaymentAttempt.objects.filter(invoice=invoice, state__in=PaymentAttempt.OPEN).first()
    if attempt is not None and attempt.state in (State.UNKNOWN, State.PROCESSING):
        raise PaymentUnknown(
            _("Your last payment is being checked. Paying again now could charge you twice.")
        )
    if attempt is not None and (attempt.gateway, attempt.save_method) != (chosen.gateway, save):
        if attempt.gateway != BANK:
            raise PaymentUnknown(
                _(
                    "The page of the payment service could not be closed. Paying in another way now could charge you twice:"
                    " look here again in a minute."
                )
            )
        stop_waiting(attempt)  # the customer pays otherwise; money that comes all the same is account credit
        attempt = None
    made = attempt is None
    if attempt is None:
        attempt = _begin(user, invoice, chosen, save)
    if chosen.gateway == BANK and not attempt.gateway_ref:
        begin_waiting(attempt, invoice)
    if customer.preferred_method != chosen.code:
        customer.preferred_method = chosen.code
        customer.save(update_fields=["preferred_method"])
    back = f"{settings.PRORATA_BASE_URL}/payments/{attempt.pk}/return"
    return Intent(
        attempt,
        CheckoutRequest(
            attempt_id=str(attempt.pk), amount_minor=attempt.amount_minor, currency=attempt.currency,
            description=f"{invoice.reference} {invoice.service.name if invoice.service else ''}".strip(),
            return_url=back, cancel_url=back, customer_ref=str(invoice.customer_id), save_method=save,
        ),
        made,
    )  # fmt: skip


def _begin(user: User, invoice: Invoice, chosen: Method, save: bool) -> PaymentAttempt:
    attempt = PaymentAttempt.objects.create(
        invoice=invoice, gateway=chosen.gateway, method=chosen.code, amount_minor=invoice.due_minor,
        currency=invoice.currency, made_by=f"user:{user.pk}", created_at=clock.now(), save_method=save,
    )  # fmt: skip
    note(
        "payment.begun", invoice, actor=f"user:{user.pk}", actor_name=user.email, customer_id=invoice.customer_id,
        changed={
            "attempt": (None, str(attempt.pk)), "amount_minor": (None, attempt.amount_minor),
            "method": (None, chosen.code),
        },
    )  # fmt: skip
    return attempt


def _call(intent: Intent) -> str:
    """Between the transactions: the call; then its result is recorded, only ever forward."""
    with asking(intent.attempt, made=intent.made):
        checkout = gateway(intent.attempt.gateway).create_checkout(intent.request)
    attempts = PaymentAttempt.objects.filter(pk=intent.attempt.pk)
    moved = attempts.filter(state__in=[State.CREATED, State.UNKNOWN]).update(
        state=State.REDIRECTED, gateway_ref=checkout.ref, redirect_url=checkout.redirect_url
    )
    # It may have been given up meanwhile, and another begun.
    if not moved and not attempts.filter(state__in=PaymentAttempt.OPEN).exists():
        raise PaymentUnknown(
            _("The payment service does not answer. We are checking; look here again in a minute.")
        )
    return checkout.redirect_url
