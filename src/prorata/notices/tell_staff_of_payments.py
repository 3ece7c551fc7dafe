"""Mails to staff about payments: one whose end nobody knows, and books that differ from what a gateway says."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prorata.notices.models import Mail
from prorata.notices.outbox import write
from prorata.notices.plain import body, link, local, money
from prorata.notices.reader import told_to_staff
from prorata.payments.models import PaymentAttempt, Reconciliation

SHOWN = 20


@told_to_staff
@transaction.atomic
def overdue(invoice_id: int) -> None:
    """The open attempt of this invoice that should have ended by now."""
    to = getattr(settings, "PRORATA_STAFF_EMAIL", "")
    open_now = PaymentAttempt.objects.filter(
        invoice_id=invoice_id, state__in=PaymentAttempt.OPEN, overdue_at__isnull=False
    )
    attempt = open_now.select_related("invoice__seller", "invoice__customer").first()
    if not to or attempt is None:
        return
    invoice = attempt.invoice
    text = body(
        "payment_overdue.txt", attempt=attempt, invoice=invoice, state=attempt.get_state_display().lower(),
        amount=money(attempt.amount_minor, attempt.currency), since=local(attempt.created_at, invoice.seller.zone),
        page=link(reverse("admin:payments_paymentattempt_change", args=[attempt.pk])),
    )  # fmt: skip
    write(
        key=f"payment.overdue:{attempt.pk}", to=to, body=text, origin=f"attempt:{attempt.pk}", customer_id=None,
        audience=Mail.Audience.STAFF,
        subject=_("Needs you: nobody knows how the payment of %(reference)s ended")
        % {"reference": invoice.reference},
    )  # fmt: skip


@told_to_staff
@transaction.atomic
def differ(run_id: int) -> None:
    """What the daily comparison with a gateway's own list left over, or why it could not be made."""
    run = Reconciliation.objects.get(pk=run_id)
    to = getattr(settings, "PRORATA_STAFF_EMAIL", "")
    if not to or not (run.differences or run.problem):
        return
    text = body(
        "payments_differ.txt", run=run, differences=list(map(_with_amount, run.differences[:SHOWN])),
        more=max(len(run.differences) - SHOWN, 0),
        page=link(reverse("admin:payments_reconciliation_change", args=[run.pk])),
    )  # fmt: skip
    count = len(run.differences)
    subject = (
        ngettext(
            "Needs you: %(n)d payment differs from what %(gateway)s says",
            "Needs you: %(n)d payments differ from what %(gateway)s says",
            count,
        )
        if count
        else _("Needs you: the payments of %(gateway)s could not be compared")
    )
    write(
        key=f"payments.differ:{run.pk}", to=to, body=text, origin=f"reconciliation:{run.pk}", customer_id=None,
        audience=Mail.Audience.STAFF,
        subject=subject % {"n": count, "gateway": run.gateway},
    )  # fmt: skip


def _with_amount(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "amount": money(one["amount_minor"], one["currency"])}
