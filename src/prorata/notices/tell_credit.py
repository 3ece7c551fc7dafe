"""Mails to the customer about credit: booked for a reduction, or made of money that came late."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from prorata.credit.models import LogLine
from prorata.invoices.models import CreditNote
from prorata.notices import change_facts as facts
from prorata.notices.outbox import write
from prorata.notices.plain import body, link, money
from prorata.notices.reader import told_to_customer
from prorata.payments.models import Capture


@told_to_customer(CreditNote)
@transaction.atomic
def booked(note_id: int) -> None:
    """A reduction gave credit. What an undelivered line gives back is told by the mail about its change."""
    note = CreditNote.objects.select_related("customer", "service").prefetch_related("lines").get(pk=note_id)
    if note.reason != "reduced":
        return
    amount = money(note.gross_minor, note.currency)
    text = body(
        "credit_booked.txt",
        note=note,
        amount=amount,
        credited=facts.credited_table(note),
        page=link("/credit"),
        reference=note.origin.removeprefix("change:"),
    )
    name = f"{note.service.name}: " if note.service else ""
    write(
        key=f"credit.booked:{note.number}",
        to=note.customer.email,
        origin=note.origin,
        customer_id=note.customer_id,
        subject=_("%(name)scredit of %(amount)s booked (%(number)s)")
        % {"name": name, "amount": amount, "number": note.number},
        body=text,
    )


@told_to_customer(Capture)
@transaction.atomic
def late_payment(capture_id: int) -> None:
    """Money that no invoice waited for became account credit by itself."""
    rows = Capture.objects.select_related("customer", "attempt__invoice__service")
    capture = rows.get(pk=capture_id)
    credited = sum(
        LogLine.objects.filter(transfer=capture.transfer_id).values_list("amount_minor", flat=True)
    )
    if credited <= 0:
        return
    invoice, amount = capture.attempt.invoice, money(credited, capture.currency)
    text = body(
        "payment_late.txt",
        amount=amount,
        received=money(capture.amount_minor, capture.currency),
        invoice=invoice,
        surplus=capture.outcome == "surplus",
        page=link("/credit"),
        receipt_page=link(f"/receipts/{capture.pk}"),
    )
    write(
        key=f"payment.late:{capture.gateway}:{capture.capture_id}",
        to=capture.customer.email,
        origin=invoice.origin,
        customer_id=capture.customer_id,
        body=text,
        subject=_("Your payment of %(amount)s is account credit now (%(invoice)s)")
        % {"amount": amount, "invoice": invoice},
    )
