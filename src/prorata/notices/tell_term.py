"""Mails to the customer about a term that staff sold: its invoice, that it is paid, or that it was given up."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from prorata.changes.models import SoldTerm
from prorata.invoices.models import Invoice
from prorata.notices import change_facts as facts
from prorata.notices.outbox import write
from prorata.notices.plain import body, link, local, money
from prorata.notices.reader import told_to_customer
from prorata.payments.models import Capture

Status = SoldTerm.Status


@told_to_customer(SoldTerm)
@transaction.atomic
def sold(term_id: int) -> None:
    """There is an invoice to pay. What is paid already, or given up, is told by another mail."""
    term = _read(term_id)
    if term.invoice is None or term.invoice.status != Invoice.Status.OPEN:
        return
    zone, due = term.invoice.seller.zone, money(term.invoice.due_minor, term.currency)
    _tell(
        term, _("%(due)s to pay") % {"due": due}, "term_sold.txt", due=due, lines=facts.paid_table(term.invoice),
        deadline=local(term.deadline, zone), page=link(f"/invoices/{term.invoice.reference}"),
    )  # fmt: skip


@told_to_customer(SoldTerm)
@transaction.atomic
def paid(term_id: int) -> None:
    term = _read(term_id)
    if term.status != Status.PAID:
        return
    settled = (
        term.invoice if term.invoice is not None and term.invoice.status == Invoice.Status.PAID else None
    )
    _tell(
        term, _("paid"), "term_paid.txt", invoice=settled, paid=facts.paid_table(settled) if settled else "",
        receipts=_receipts(settled), page=link(f"/services/{term.service_id}/resources"),
    )  # fmt: skip


def _receipts(invoice: Invoice | None) -> list[str]:
    """The addresses of what was paid with, besides credit."""
    found = Capture.objects.filter(attempt__invoice=invoice).order_by("id") if invoice is not None else []
    return [link(f"/receipts/{one.pk}") for one in found]


@told_to_customer(SoldTerm)
@transaction.atomic
def given_up(term_id: int) -> None:
    """Cancelled, or expired because it was not paid in time."""
    term = _read(term_id)
    if term.status not in (Status.CANCELLED, Status.EXPIRED):
        return
    expired, back = term.status == Status.EXPIRED, facts.returned(term.origin, term.customer_id)
    subject = _("not paid in time, nothing was charged") if expired else _("cancelled, nothing was charged")
    _tell(
        term, subject, "term_given_up.txt", expired=expired, back=money(back, term.currency) if back else "",
        credit_page=link("/credit"),
    )  # fmt: skip


def _read(term_id: int) -> SoldTerm:
    rows = SoldTerm.objects.select_related("service", "customer", "invoice__seller")
    return rows.prefetch_related("invoice__lines").get(pk=term_id)


def _tell(term: SoldTerm, subject: str, template: str, **more: object) -> None:
    zone = term.inputs["zone"]
    what = _("renewal") if term.kind == SoldTerm.Kind.RENEWAL else _("new service")
    text = body(
        template, term=term, service=term.service, renewal=term.kind == SoldTerm.Kind.RENEWAL,
        starts=local(term.starts_at, zone), ends=local(term.ends_at, zone), **more,
    )  # fmt: skip
    write(
        key=f"term.{term.status}:{term.reference}", to=term.customer.email,
        subject=f"{term.service.name}: {what} – {subject} ({term.invoice or term.reference})", body=text,
        origin=term.origin, customer_id=term.customer_id,
    )  # fmt: skip
