"""Mails to the customer about a payment: received, with its receipt, or failed, with what to do."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from prorata import clock
from prorata.changes.models import SoldTerm
from prorata.invoices.models import Invoice
from prorata.notices.outbox import write
from prorata.notices.plain import body, link, local, money, table
from prorata.notices.reader import told_to_customer
from prorata.payments.models import Capture, PaymentAttempt
from prorata.payments.reasons import in_readers_words
from prorata.payments.receipts import Receipt, captures, receipt


@told_to_customer(Capture)
@transaction.atomic
def received(capture_id: int) -> None:
    """Money came for an invoice, or in a currency that keeps it apart. What became credit is told by the mail about that."""
    told = receipt(captures().get(pk=capture_id))
    invoice, capture = told.invoice, told.capture
    if invoice.status == Invoice.Status.PAID and SoldTerm.objects.filter(invoice=invoice).exists():
        return  # the mail that the term is paid has the receipts
    amount = money(capture.amount_minor, capture.currency)
    is_open = invoice.status == Invoice.Status.OPEN
    text = body(
        "payment_received.txt", amount=amount, facts=_facts(told), invoice=invoice, held=bool(told.held_minor),
        rest=money(invoice.due_minor, invoice.currency) if is_open and invoice.received_minor else "",
        until=local(invoice.pay_until, invoice.seller.zone), invoice_page=link(f"/invoices/{invoice.reference}"),
        receipt_page=link(f"/receipts/{capture.pk}"),
    )  # fmt: skip
    write(
        key=f"payment.received:{capture.gateway}:{capture.capture_id}", to=invoice.customer.email, body=text,
        subject=_("We received your payment of %(amount)s (%(invoice)s)") % {"amount": amount, "invoice": invoice},
        origin=invoice.origin, customer_id=capture.customer_id,
    )  # fmt: skip


@told_to_customer(Invoice)
@transaction.atomic
def failed(invoice_id: int) -> None:
    """A payment ended without money while its invoice still waits; nothing where it was paid or closed meanwhile."""
    invoice = Invoice.objects.select_related("customer", "seller", "service").get(pk=invoice_id)
    last = invoice.attempts.first()
    if last is None or last.state != PaymentAttempt.State.FAILED or not invoice.due_minor:
        return
    amount = money(last.amount_minor, last.currency)
    text = body(
        "payment_failed.txt", amount=amount, invoice=invoice, reason=in_readers_words(last.reason),
        until=local(invoice.pay_until, invoice.seller.zone), in_time=clock.now() < invoice.pay_until,
        page=link(f"/invoices/{invoice.reference}"),
    )  # fmt: skip
    write(
        key=f"payment.failed:{last.pk}", to=invoice.customer.email, body=text, origin=invoice.origin,
        subject=_("Your payment of %(amount)s failed, nothing was taken (%(invoice)s)")
        % {"amount": amount, "invoice": invoice},
        customer_id=invoice.customer_id,
    )  # fmt: skip


def _facts(told: Receipt) -> str:
    invoice = told.invoice
    rows = [(_("Receipt"), told.number), (_("Paid with"), told.method_name), (_("Invoice"), str(invoice))]
    if invoice.service is not None:
        rows.append((_("Service"), invoice.service.name))
    return table(rows)
