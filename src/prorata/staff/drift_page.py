"""One difference on the desk: sold, invoiced and measured side by side, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prorata import clock
from prorata.catalog.models import ResourceType
from prorata.changes.drift.accept import less_than_paid
from prorata.changes.drift.in_flight import in_flight
from prorata.changes.drift.models import Decision, Difference
from prorata.changes.models import Change
from prorata.provisioning.models import Job
from prorata.staff.columns import link_to
from prorata.staff.origins import origin_link
from prorata.staff.pages import page

Kind = Difference.Kind
GAP = "\u00a0"
# What staff do about a machine that is there without a service, or a service without a machine, is done elsewhere.
ADVICE = {
    Kind.ORPHAN: gettext_lazy(
        "No service has this machine. Adopt it if somebody pays for it; else remove it on its hypervisor. The next "
        "comparison closes this by itself."
    ),
    Kind.UNKNOWN: gettext_lazy(
        "The hypervisor says that it has no such machine. Nothing of the service can be changed until it is back: "
        "restore the machine there, or end the service."
    ),
    Kind.LEFT: gettext_lazy(
        "The service has ended and its machine still takes room. Remove the machine on its hypervisor; the next "
        "comparison closes this by itself."
    ),
}


@dataclass(frozen=True)
class Proposal:
    """One way to settle it; `why_not` says why it is not possible as things stand."""

    what: str
    name: Any
    button: Any
    means: str
    why_not: str = ""


def difference_page(request: HttpRequest, model_admin: Any, object_id: str) -> HttpResponse:
    rows = Difference.objects.select_related("service__customer", "service__product")
    one = get_object_or_404(rows, pk=object_id if object_id.isascii() and object_id.isdecimal() else 0)
    if not model_admin.has_view_permission(request, one):
        raise PermissionDenied
    may = request.user.has_perm("drift.add_decision") and one.closed_at is None
    decisions = list(Decision.objects.filter(difference=one).select_related("by"))
    jobs = {job.origin: job for job in Job.objects.filter(origin__in=[made.origin for made in decisions])}
    return page(
        request, "drift.html", title=title_of(one), model=Difference, one=one, sizes=sizes_of(one),
        machine=f"{one.driver}/{one.external_id}", last_change=_last_change(one), left=one.is_left(clock.now()),
        invoiced_by=origin_words(one.invoiced_by), advice=ADVICE.get(Kind(one.kind), ""),
        proposals=proposals(one) if may else [], may_compare=may and one.service is not None,
        decisions=[_decided(made, jobs.get(made.origin), may) for made in decisions],
    )  # fmt: skip


def title_of(one: Difference) -> str:
    """web-01: Memory, or web-01: machine not found."""
    what = component_name(one) if one.component else str(one.get_kind_display()).lower()
    return f"{one.service or one.external_id}: {what}"


def component_name(one: Difference) -> str:
    kind = _resource(one)
    return kind.name if kind else one.component


def sizes_of(one: Difference) -> dict[str, str]:
    """The three sizes as people read them: with their unit, or an option's name."""
    kind = _resource(one)
    options = {option.code: option.name for option in kind.options.all()} if kind else {}
    unit = f"{GAP}{kind.unit}" if kind and kind.unit else ""

    def shown(value: Any) -> str:
        if value is None:
            return ""
        return options.get(value, value) if isinstance(value, str) else f"{value}{unit}"

    return {name: shown(getattr(one, name)) for name in ("sold", "invoiced", "measured")}


def _resource(one: Difference) -> ResourceType | None:
    if one.service is None or not one.component:
        return None
    sold = one.service.product.resource_types.all()  # a list has them at hand
    return next((kind for kind in sold if kind.code == one.component), None)


def origin_words(origin: str) -> str:
    """What settled the invoiced size: a link to the change or term, or words."""
    kind, _colon, name = origin.partition(":")
    if kind == "adopted":
        return _("when the machine was adopted")
    if kind == "drift":
        made = Decision.objects.select_related("difference").filter(pk=name).first()
        return link_to(made.difference, _("taken over by staff")) if made else origin
    return origin_link(origin)


def proposals(one: Difference) -> list[Proposal]:
    """The corrections, in the order in which they should be thought of."""
    found = []
    if one.kind == Kind.SIZE and one.service is not None:
        busy = in_flight(one.service)
        wait = _("%(what)s is under way: decide when it has ended.") % {"what": busy} if busy else ""
        said = sizes_of(one)
        found = [
            Proposal(
                "bring", _("Bring the machine to what is sold"), _("Bring it back …"),
                _("The machine goes from %(measured)s to %(sold)s. It is measured first, and the limits of every change "
                  "hold.") % said,
                wait or _cannot_bring(one),
            ),
            Proposal(
                "accept", _("Take it over without charge"), _("Take it over …"),
                _("The service has %(measured)s from now on. No money moves, and its paid layers stay: a later reduction "
                  "of it gives nothing back.") % said,
                wait or less_than_paid(one, one.service),
            ),
        ]  # fmt: skip
    leave = Proposal(
        "leave", _("Leave it until a date"), _("Leave it …"),
        _("Nobody is reminded before then, unless a size changes. Its customer can still not change it."),
    )  # fmt: skip
    return [*found, leave]


def _cannot_bring(one: Difference) -> str:
    """What can be told without asking the machine; the page that confirms asks it."""
    if one.measured is None:
        return _("The machine does not say how much it has.")
    if one.sold == one.measured:
        return _("The machine has what is sold already.")
    if one.invoiced is not None and one.invoiced != one.sold:
        return _("The configuration says otherwise than the documents: correct that first.")
    return ""


def _last_change(one: Difference) -> str:
    """The newest change of the service that ended, whatever it changed: it tells what was meant to be."""
    if one.service is None:
        return ""
    last = (
        Change.objects.filter(service=one.service, ended_at__isnull=False)
        .order_by("-ended_at", "-id")
        .first()
    )
    if last is None:
        return ""
    status = last.get_status_display().lower()
    return format_html("{} ({}, {})", link_to(last), status, date_format(localtime(last.ended_at), "j M Y"))


def _decided(made: Decision, job: Job | None, may: bool) -> dict[str, Any]:
    failed = job.steps.exclude(reason="").order_by("-position").first() if job else None
    waits = job is not None and job.state in (Job.State.PARKED, Job.State.ATTENTION, Job.State.QUEUED)
    return {
        "made": made, "job": link_to(job, _("the machine's job")) if job else "",
        "state": job.get_state_display().lower() if job else "", "why": (job.detail if job else "")
        or (failed.reason if failed else ""),
        "may_direct": may and waits,
    }  # fmt: skip
