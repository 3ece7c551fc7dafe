"""Retry, reverse, take over: each asks for a reason on a page that says what the customer will be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prorata.changes import staff_actions, states
from prorata.changes.models import Change, ChangeLine, Intervention
from prorata.provisioning.by_hand import ByHand, made_by_hand
from prorata.provisioning.drivers.base import DriverError
from prorata.staff import fields
from prorata.staff.columns import money
from prorata.staff.pages import page


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing staff may do. `waits` names the states in which it can be done."""

    what: str
    name: Any
    title: Any
    told: Any
    done: Any
    do: Callable[..., Change]
    waits: tuple[str, ...]
    only_for: str = ""
    variant: str = "primary"


ACTIONS = {
    action.what: action
    for action in (
        Action(
            what="retry",
            name=gettext_lazy("Retry"),
            title=gettext_lazy("Retry %(reference)s now"),
            told=gettext_lazy(
                "No mail goes out now. The change page shows the line below, and the machine is tried again at once."
            ),
            done=gettext_lazy("%(reference)s is tried again."),
            do=staff_actions.retry,
            waits=(states.PARKED, states.ATTENTION),
        ),
        Action(
            what="overwrite",
            name=gettext_lazy("Set to what was bought"),
            title=gettext_lazy("Go on with %(reference)s over what was made by hand"),
            told=gettext_lazy(
                "No mail goes out now. The change page shows the line below. What stands on the machine now is replaced by "
                "what was bought; if it is changed by hand again before the worker comes, the change stops again."
            ),
            done=gettext_lazy("%(reference)s goes on over what was made by hand."),
            do=staff_actions.overwrite,
            waits=(states.ATTENTION,),
            only_for="drift",
        ),
        Action(
            what="reverse",
            name=gettext_lazy("Reverse"),
            title=gettext_lazy("Reverse what is not done of %(reference)s"),
            told=gettext_lazy(
                "The change page shows the line below. What is not done is given up, what was reduced is put back, and "
                "what was paid for it comes back by itself as credit; a mail says so when that is done."
            ),
            done=gettext_lazy("%(reference)s is being reversed; the worker puts back what can be put back."),
            do=staff_actions.reverse,
            waits=(states.PARKED, states.ATTENTION),
            variant="danger",
        ),
        Action(
            what="take_over",
            name=gettext_lazy("Take over"),
            title=gettext_lazy("Take over %(reference)s"),
            told=gettext_lazy(
                "No mail goes out. The change page shows the line below; colleagues see that you look after it."
            ),
            done=gettext_lazy("You look after %(reference)s now."),
            do=staff_actions.take_over,
            waits=states.OPEN,
        ),
    )
}


class ReasonForm(fields.PlainForm):
    reason = fields.long_text(gettext_lazy("Reason"), help_text=gettext_lazy("The customer will read this."))


class OverwriteForm(ReasonForm):
    """Goes on over the values that this page showed, and no others."""

    found = forms.JSONField(required=False, widget=forms.HiddenInput)

    def clean_found(self) -> dict[str, Any]:
        found = self.cleaned_data["found"]
        return found if isinstance(found, dict) else {}


def possible(change: Change) -> list[Action]:
    """What can be done to this change as it stands."""
    return [
        action for action in ACTIONS.values()
        if change.status in action.waits and action.only_for in ("", change.reason)
    ]  # fmt: skip


def act(request: HttpRequest, change_id: int, what: str) -> HttpResponse:
    action = ACTIONS.get(what)
    if action is None:
        raise Http404
    rows = Change.objects.select_related("service", "customer", "invoice").prefetch_related("lines")
    change = get_object_or_404(rows, pk=change_id)
    there, silence = _by_hand(change) if action.only_for == "drift" else ((), "")
    seen = {one.component: one.found for one in there if one.found is not None}
    form = (
        OverwriteForm(request.POST or None, initial={"found": seen})
        if action.only_for
        else ReasonForm(request.POST or None)
    )
    if request.method == "POST" and form.is_valid():
        more = {"found": form.cleaned_data["found"]} if action.only_for else {}
        try:
            action.do(request.user, change.reference, form.cleaned_data["reason"], **more)
        except staff_actions.NotPossible as why:
            form.add_error(None, str(why))
        else:
            messages.success(request, action.done % {"reference": change.reference})
            return redirect("admin:changes_change_change", change.pk)
    return page(
        request,
        "change_action.html",
        title=action.title % {"reference": change.reference},
        model=Change,
        form=form,
        change=change,
        action=action,
        button=action.name,
        variant=action.variant,
        money_back=_money_back(change, action),
        by_hand=there,
        silence=silence,
        line_prefix=dict(Intervention._meta.get_field("what").flatchoices)[what],
        back=("admin:changes_change_change", change.pk),
    )


def _by_hand(change: Change) -> tuple[tuple[ByHand, ...], str]:
    """What stands on the machine at this moment, or why it could not be asked."""
    try:
        return made_by_hand(change.origin), ""
    except (DriverError, LookupError) as problem:
        return (), str(problem)


def _money_back(change: Change, action: Action) -> str:
    """What reversing means for the customer's money, in one sentence; empty for the other actions."""
    if action.what != "reverse":
        return ""
    open_lines = [line.name for line in change.lines.all() if line.state == ChangeLine.State.WAITING]
    names = ", ".join(open_lines)
    if change.invoice is None:
        return _("No credit is given for what is not reduced: %(names)s.") % {"names": names}
    paid = money(change.gross_minor, change.currency)
    return _(
        "Of the %(paid)s paid, what belongs to the lines that are not done comes back as credit: %(names)s."
    ) % {
        "paid": paid,
        "names": names,
    }
