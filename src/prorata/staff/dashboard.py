"""A few true numbers, each of which opens the list it counts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from prorata import clock
from prorata.changes import states
from prorata.changes.drift.open_now import need_somebody
from prorata.changes.models import Change
from prorata.changes.staff_actions import needs_somebody
from prorata.notices.models import Mail
from prorata.payments.bank.models import BankAccount
from prorata.payments.bank.waiting_lines import waiting_lines
from prorata.payments.models import InboxEvent, Reconciliation
from prorata.payments.overdue import overdue
from prorata.support.models import Ticket
from prorata.verify.models import Run


def count_needing_somebody() -> int:
    return needs_somebody().order_by().count()


def figures(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the first page shows; the numbers only for those who may open the lists."""
    shown = []
    user = request.user
    if user.has_perm("changes.view_change"):
        shown += _changes()
    if user.has_perm("support.view_ticket"):
        waiting = Ticket.objects.filter(state=Ticket.State.OPEN).count()
        link = reverse("admin:support_ticket_changelist")
        shown.append(_figure(_("Tickets that wait for us"), waiting, link, bad=True))
    if user.has_perm("payments.view_inboxevent"):
        quarantined = InboxEvent.objects.filter(state=InboxEvent.State.QUARANTINED).count()
        link = reverse("admin:payments_inboxevent_changelist") + "?state__exact=quarantined"
        shown.append(_figure(_("Webhooks in quarantine"), quarantined, link, bad=True))
    if user.has_perm("payments.view_paymentattempt"):
        link = (
            reverse("admin:payments_paymentattempt_changelist") + "?overdue_at__isempty=0&ended_at__isempty=1"
        )
        shown.append(_figure(_("Payments whose end nobody knows"), overdue(), link, bad=True))
    if user.has_perm("payments.view_reconciliation") and (differing := _differing()) is not None:
        link = reverse("admin:payments_reconciliation_change", args=[differing.pk])
        shown.append(
            _figure(_("Payments that differ from a gateway"), len(differing.differences), link, bad=True)
        )
    if user.has_perm("bank.view_statementline") and BankAccount.objects.exists():
        link = reverse("admin:bank_waiting")
        shown.append(
            _figure(_("Bank transfers that wait to be assigned"), waiting_lines().count(), link, bad=True)
        )
    if user.has_perm("drift.view_difference"):
        link = reverse("admin:drift_difference_changelist")
        shown.append(
            _figure(_("Machines that are not as they were sold"), need_somebody().count(), link, bad=True)
        )
    if user.has_perm("notices.view_mail"):
        failed = Mail.objects.filter(state=Mail.State.FAILED).count()
        link = reverse("admin:notices_mail_changelist") + "?state__exact=failed"
        shown.append(_figure(_("Mails that could not be sent"), failed, link, bad=True))
    if user.has_perm("verify.view_run") and (run := Run.objects.first()) is not None and run.broken:
        link = reverse("admin:verify_run_change", args=[run.pk])
        shown.insert(0, _figure(_("Rows that break a promise of the books"), run.broken, link, bad=True))
    return {**context, "figures": shown, "title": _("Dashboard")}


def _differing() -> Reconciliation | None:
    """The last comparison of a gateway that could be made, if it left something over: a failed one does not hide it."""
    last = Reconciliation.objects.filter(problem="").order_by("gateway", "-id").distinct("gateway")
    return next((run for run in last if run.differences), None)


def _changes() -> list[dict[str, Any]]:
    desk = reverse("admin:changes_change_changelist")
    unpaid = Change.objects.filter(status=states.AWAITING_PAYMENT).count()
    applied = Change.objects.filter(
        status__in=[states.APPLIED, states.PARTLY_APPLIED], ended_at__gte=today()
    ).count()
    return [
        _figure(_("Changes that need somebody"), count_needing_somebody(), desk, bad=True),
        _figure(_("Waiting for money"), unpaid, f"{desk}?show=unpaid"),
        _figure(_("Applied today"), applied, f"{desk}?show=today"),
    ]


def today() -> Any:
    """The start of the business day in the zone of the page."""
    return timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)


def _figure(title: str, value: int, link: str, *, bad: bool = False) -> dict[str, Any]:
    return {"title": title, "value": value, "link": link, "bad": bad and value > 0}
