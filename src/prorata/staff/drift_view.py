"""Decide about a difference, each on a page that says what will happen and asks for the reason; and compare now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prorata.changes.drift.accept import accept, less_than_paid
from prorata.changes.drift.bring import as_shown, ask_plan, bring, read_now, why_not
from prorata.changes.drift.compare import compare
from prorata.changes.drift.decide import CannotDecide
from prorata.changes.drift.direct import direct_job
from prorata.changes.drift.leave import leave
from prorata.changes.drift.models import Comparison, Decision, Difference
from prorata.changes.drift.renewal import renewal
from prorata.customers.models import User
from prorata.events.defer import defer
from prorata.staff.columns import money
from prorata.staff.drift_forms import BringForm, LeaveForm, ReasonForm, SeenForm
from prorata.staff.drift_page import origin_words, sizes_of, title_of
from prorata.staff.pages import page


@dataclass(frozen=True, kw_only=True)
class Way:
    """One decision. `told` are the sentences that say what it does; raises CannotDecide where it is not possible."""

    name: Any
    done: Any
    form: type[ReasonForm]
    told: Callable[[Difference], list[str]]
    do: Callable[..., Decision]
    variant: str = "primary"


def decide(request: HttpRequest, difference_id: int, what: str) -> HttpResponse:
    way = WAYS.get(what)
    if way is None:
        raise Http404
    rows = Difference.objects.select_related("service__customer", "service__product")
    one = get_object_or_404(rows, pk=difference_id)
    back = ("admin:drift_difference_change", one.pk)
    try:
        told = way.told(one)
    except CannotDecide as why:
        messages.error(request, str(why))
        return redirect(*back)
    form = way.form(request.POST or None, initial={"shown_measured": one.measured})
    if request.method == "POST" and form.is_valid():
        try:
            way.do(cast(User, request.user), one.pk, form.cleaned_data["reason"], **form.decided())
        except CannotDecide as why:
            form.add_error(None, str(why))
        else:
            messages.success(request, way.done)
            return redirect(*back)
    return page(
        request, "drift_decide.html", title=title_of(one), model=Difference, form=form, told=told, heading=way.name,
        one=one, sizes=sizes_of(one), invoiced_by=origin_words(one.invoiced_by), button=way.name, variant=way.variant,
        back=back,
    )  # fmt: skip


def compare_one(request: HttpRequest, difference_id: int) -> HttpResponse:
    """Measure the machine of one difference now, and say what came of it."""
    one = get_object_or_404(Difference, pk=difference_id, service__isnull=False)
    if request.method == "POST":
        seen = compare(cast(int, one.service_id))
        if seen.busy_with:
            said = _("%(what)s is under way: its machine is between two sizes.") % {"what": seen.busy_with}
            messages.warning(request, said)
        elif seen.silence:
            messages.warning(request, _("It was not measured: %(why)s") % {"why": seen.silence})
        else:
            messages.success(request, _("Compared just now."))
    return redirect("admin:drift_difference_change", one.pk)


def compare_everything(request: HttpRequest) -> HttpResponse:
    """Ask the worker for a comparison of everything; it takes a call to each machine."""
    if request.method == "POST":
        with transaction.atomic():
            defer("drift.compare_now", lock="drift", id=cast(int, request.user.pk))
        messages.success(request, _("Everything is being compared. Look again in a minute."))
        return redirect("admin:drift_difference_changelist")
    last = Comparison.objects.first()
    return page(
        request, "drift_compare.html", title=_("Compare everything now"), model=Difference, last=last,
        button=_("Compare now"), back=("admin:drift_difference_changelist",),
    )  # fmt: skip


def _told_of_bringing(one: Difference) -> list[str]:
    """Asks the machine: what it has at this moment, and how it would be changed."""
    service = _service(one)
    reading, plan = read_now(service), ask_plan(one, service)
    as_shown(one, reading)
    if why := why_not(one, service, reading, plan):
        raise CannotDecide(why)
    how = (
        _("It can be done while the machine runs.")
        if plan.mode == "live"
        else _("The machine must be restarted for it.")
    )
    moves = _(
        "The machine goes from %(measured)s to %(sold)s, by a job with the ordinary journal."
    ) % sizes_of(one)
    return [
        moves,
        how,
        _("It was measured just now. If it is changed by hand again before the job comes, the job stops."),
    ]


def _told_of_accepting(one: Difference) -> list[str]:
    service = _service(one)
    if why := less_than_paid(one, service):
        raise CannotDecide(why)
    said = sizes_of(one)
    before = renewal(service, service.configuration)
    after = renewal(service, {**service.configuration, one.component: cast(Any, one.measured)})
    prices = {
        "months": service.term_months, "before": money(before, service.currency), "after": money(after, service.currency),
    }  # fmt: skip
    return [
        _("The service is from now on what its machine is: %(measured)s instead of %(sold)s.") % said,
        _(
            "No money moves and no document is written. Paid layers stay, so a later reduction of it gives nothing back."
        ),
        _("The renewal of %(months)s months goes from %(before)s to %(after)s.") % prices,
    ]


def _told_of_leaving(one: Difference) -> list[str]:
    if one.closed_at is not None:
        raise CannotDecide(_("This difference is closed: nothing is left to decide."))
    return [
        _("It stays open, and nobody is reminded of it before the date, unless one of its sizes changes."),
        _(
            "Its customer cannot change this resource meanwhile, and is told that our staff are looking at it."
        ),
    ]


def _told_of_directing(one: Difference) -> list[str]:
    _last_bring(one)
    return [_("The machine's job waits. What it has done so far stays done; nothing that was sold changes.")]


def _last_bring(one: Difference) -> Decision:
    last = Decision.objects.filter(difference=one, what=Decision.What.BRING).first()
    if last is None:
        raise CannotDecide(_("No job of this difference waits."))
    return last


def _service(one: Difference) -> Any:
    if one.service is None or one.kind != Difference.Kind.SIZE or one.closed_at is not None:
        raise CannotDecide(_("There is no open difference in sizes here any more."))
    return one.service


def _retry(staff: User, difference_id: int, reason: str) -> Decision:
    return direct_job(staff, _last_bring(Difference.objects.get(pk=difference_id)).pk, reason, give_up=False)


def _give_up(staff: User, difference_id: int, reason: str) -> Decision:
    return direct_job(staff, _last_bring(Difference.objects.get(pk=difference_id)).pk, reason, give_up=True)


WAYS = {
    "bring": Way(
        name=gettext_lazy("Bring the machine to what is sold"), form=BringForm, told=_told_of_bringing, do=bring,
        done=gettext_lazy("The machine's job is on its way. When it has ended, the machine is compared again."),
    ),
    "accept": Way(
        name=gettext_lazy("Take it over without charge"), form=SeenForm, told=_told_of_accepting, do=accept,
        done=gettext_lazy("The service is what its machine is now. Its customer can change it again."),
    ),
    "leave": Way(
        name=gettext_lazy("Leave it until then"), form=LeaveForm, told=_told_of_leaving, do=leave,
        done=gettext_lazy("It is left as it is until then."),
    ),
    "retry": Way(
        name=gettext_lazy("Try again now"), form=ReasonForm, told=_told_of_directing, do=_retry,
        done=gettext_lazy("The machine is tried again."),
    ),
    "give_up": Way(
        name=gettext_lazy("Give up"), form=ReasonForm, told=_told_of_directing, do=_give_up, variant="danger",
        done=gettext_lazy("The job is given up: what is not done stays as it is."),
    ),
}  # fmt: skip
