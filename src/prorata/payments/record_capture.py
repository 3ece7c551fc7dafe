"""Money a gateway has captured enters the ledger: once each, to the invoice it was for, and the rest to the customer."""

from __future__ import annotations

from django.db import connection

from prorata import clock
from prorata.credit.move import Movement, move
from prorata.credit.purse import account_purse
from prorata.customers.lock import assert_locked
from prorata.events.publish import publish
from prorata.invoices.models import Invoice
from prorata.invoices.settle import settle
from prorata.ledger import accounts
from prorata.ledger.post import post
from prorata.payments.bank import BANK
from prorata.payments.gateways.base import GatewayCapture, GatewayPayment
from prorata.payments.models import Capture, PaymentAttempt
from prorata.services.models import Service


class Mismatch(Exception):
    """A payment that is not the one we asked for (other payee, other attempt, test money), of which nothing was booked, or
    one of which more went back than our books have: the rest of it is booked."""


def record_captures(attempt: PaymentAttempt, invoice: Invoice, payment: GatewayPayment) -> None:
    """Book every capture of `payment` that is not booked yet. Customer, invoice and attempt must be locked."""
    assert_locked(invoice.customer_id)
    known = set(
        Capture.objects.filter(
            gateway=attempt.gateway, capture_id__in=[c.id for c in payment.captures]
        ).values_list("capture_id", flat=True)
    )
    for capture in payment.captures:
        if capture.id not in known:
            _book(attempt, invoice, capture)


def _book(attempt: PaymentAttempt, invoice: Invoice, capture: GatewayCapture) -> None:
    now, actor = clock.now(), f"gateway:{attempt.gateway}"
    if capture.currency != invoice.currency:
        held = _keep(attempt, invoice, capture, "suspense", _to_suspense(attempt, capture))
        publish("payment.received", id=held.pk)
        return
    due = invoice.due_minor if may_settle(invoice) else 0
    taken, surplus = min(due, capture.amount_minor), max(capture.amount_minor - due, 0)
    key = f"capture:{attempt.gateway}:{capture.id}"
    cleared = (_held_in(attempt.gateway, capture.currency), capture.amount_minor)
    on_invoice = (accounts.receivable(invoice.customer_id, invoice.currency), -taken)
    if surplus:
        purse = account_purse(invoice.customer_id, invoice.currency)
        transfer = move(
            customer_id=invoice.customer_id, currency=invoice.currency, movements=[Movement(purse.pk, surplus)],
            against=[cleared, on_invoice], key=key, what="surplus" if taken else "late", origin=invoice.origin, at=now,
            actor=actor,
        )  # fmt: skip
    else:
        transfer = post(
            key=key, kind="captured", origin=invoice.origin, legs=[cleared, on_invoice], at=now, actor=actor
        )
    kept = _keep(
        attempt, invoice, capture, "invoice" if not surplus else "surplus" if taken else "credit", transfer
    )
    # One piece of news a capture: what became credit is told as that, with the part that paid the invoice.
    publish("payment.late" if surplus else "payment.received", id=kept.pk)
    if taken:
        invoice.received_minor += taken
        invoice.save(update_fields=["received_minor"])
        if invoice.due_minor == 0:
            settle(invoice, at=now, actor=actor)
            invoice.status = Invoice.Status.PAID


def _held_in(gateway: str, currency: str) -> accounts.AccountName:
    """Where the money stands before it is booked: with the processor, or, from a bank statement, unassigned in suspense."""
    return accounts.suspense(currency) if gateway == BANK else accounts.clearing(gateway, currency)


def may_settle(invoice: Invoice) -> bool:
    """An open invoice takes money until somebody closes it, but never for a service that is over: that would buy nothing."""
    service = invoice.service
    alive = service is None or (
        clock.now() < service.term_ends_at and service.status != Service.Status.TERMINATED
    )
    return invoice.status == Invoice.Status.OPEN and alive


def _to_suspense(attempt: PaymentAttempt, capture: GatewayCapture) -> int:
    """Never converted silently: money in another currency than the invoice's waits for staff."""
    legs = [
        (accounts.clearing(attempt.gateway, capture.currency), capture.amount_minor),
        (accounts.suspense(capture.currency), -capture.amount_minor),
    ]
    return post(
        key=f"capture:{attempt.gateway}:{capture.id}", kind="suspense", origin=f"attempt:{attempt.pk}", legs=legs,
        at=clock.now(), actor=f"gateway:{attempt.gateway}", reason="currency differs from the invoice",
    )  # fmt: skip


def _keep(
    attempt: PaymentAttempt, invoice: Invoice, capture: GatewayCapture, outcome: str, transfer: int
) -> Capture:
    assert connection.in_atomic_block
    return Capture.objects.create(
        gateway=attempt.gateway, capture_id=capture.id, attempt=attempt, customer_id=invoice.customer_id,
        amount_minor=capture.amount_minor, currency=capture.currency, outcome=outcome, captured_at=capture.captured_at,
        recorded_at=clock.now(), transfer_id=transfer,
    )  # fmt: skip
