"""Mails to staff: about a change that cannot go on by itself, and about books that do not hold."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prorata.changes import states
from prorata.notices import change_facts as facts
from prorata.notices.models import Mail
from prorata.notices.outbox import write
from prorata.notices.plain import body, link, local, money
from prorata.notices.reader import told_to_staff
from prorata.payments.models import MoneyBack
from prorata.provisioning.models import Job
from prorata.verify.models import Run

SHOWN = 20


@told_to_staff
@transaction.atomic
def needs_you(change_id: int) -> None:
    change = facts.read(change_id)
    to = getattr(settings, "PRORATA_STAFF_EMAIL", "")
    if not to or change.status != states.ATTENTION:
        return
    lines = list(change.lines.all())
    # A change may come before staff again after a retry; each time is a fact of its own, told once.
    runs = Job.objects.filter(origin=change.origin).values_list("attempts", flat=True).first() or 0
    text = body(
        "needs_you.txt",
        change=change,
        lines=facts.lines_table(lines),
        amount=money(change.gross_minor, change.currency),
        deadline=local(change.deadline, change.quote.figures["zone"]),
        why=change.reason.replace("_", " "),
        page=link(reverse("admin:changes_change_change", args=[change.pk])),
    )
    shown = {
        "service": change.service.name,
        "why": change.reason.replace("_", " "),
        "reference": change.reference,
    }
    write(
        key=f"change.attention:{change.reference}:{runs}",
        to=to,
        body=text,
        origin=change.origin,
        customer_id=change.customer_id,
        audience=Mail.Audience.STAFF,
        subject=_("Needs you: %(service)s, %(why)s (%(reference)s)") % shown,
    )


@told_to_staff
@transaction.atomic
def books_broken(run_id: int) -> None:
    """What the nightly walk over the books found: the first rows, and where to read the rest."""
    run = Run.objects.get(pk=run_id)
    to = getattr(settings, "PRORATA_STAFF_EMAIL", "")
    if not to or not run.broken:
        return
    text = body(
        "books_broken.txt", run=run, findings=run.findings[:SHOWN], more=max(run.broken - SHOWN, 0),
        page=link(reverse("admin:verify_run_change", args=[run.pk])),
    )  # fmt: skip
    subject = ngettext(
        "Needs you: %(n)d row breaks a promise of the books",
        "Needs you: %(n)d rows break a promise of the books",
        run.broken,
    )
    write(
        key=f"verify.broken:{run.pk}", to=to, body=text, origin=f"verify_run:{run.pk}", customer_id=None,
        audience=Mail.Audience.STAFF,
        subject=subject % {"n": run.broken},
    )  # fmt: skip


@told_to_staff
@transaction.atomic
def money_taken_back(money_back_id: int) -> None:
    """A bank took a payment back, or it is with us again; refunds are made by staff and told to nobody."""
    back = MoneyBack.objects.select_related("customer", "capture__attempt__invoice").get(pk=money_back_id)
    to = getattr(settings, "PRORATA_STAFF_EMAIL", "")
    if not to or back.kind != "dispute":
        return
    shown = {"amount": money(back.amount_minor, back.currency), "name": back.customer}
    same = MoneyBack.objects.filter(gateway=back.gateway, kind=back.kind, outside_id=back.outside_id)
    rest = same.get(way="out").amount_minor - back.amount_minor
    subject = (
        _("A bank took back %(amount)s of %(name)s")
        if back.way == "out"
        else _("%(amount)s of a dispute of %(name)s that is lost in part are back")
        if rest
        else _("A dispute over %(amount)s of %(name)s is won")
    )
    text = body(
        "money_taken_back.txt", back=back, rest=money(rest, back.currency) if rest else "",
        invoice=back.capture.attempt.invoice, amount=shown["amount"],
        credit=money(back.credit_minor, back.currency), owed=money(back.owed_minor, back.currency),
        page=link(reverse("admin:payments_capture_change", args=[back.capture_id])),
    )  # fmt: skip
    write(
        key=f"payment.taken_back:{back.pk}", to=to, body=text, origin=back.transfer.origin,
        customer_id=back.customer_id, subject=subject % shown,
        audience=Mail.Audience.STAFF,
    )  # fmt: skip
