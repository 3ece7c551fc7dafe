"""What is stored and counts against one resource, such as snapshots: each can be deleted on the way to a reduction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from prorata.catalog.names import in_language
from prorata.changes.free import CannotFree, delete_object
from prorata.changes.limits import Limit
from prorata.changes.refusals import Refused, words
from prorata.changes.situation import Situation
from prorata.customers.scope import may
from prorata.portal.machine_said import own_words
from prorata.portal.quantities import with_unit
from prorata.portal.views.frame import Asked, signed_in
from prorata.portal.views.services import my_situation
from prorata.provisioning.models import Deletion
from prorata.services.readings import is_fresh

ASK_AGAIN_AFTER = timedelta(minutes=1)
LAST_DELETED = 5


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One stored object as listed. `deletion` is the open one, if somebody asked for it."""

    id: str
    name: str
    made: datetime
    size: str
    deletion: Deletion | None
    seen_since: bool
    ask_again: bool


@require_GET
@signed_in
def stored(request: Asked, pk: int, code: str) -> HttpResponse:
    """What is stored under one resource, as it was last measured, each with a way to delete it."""
    found = my_situation(request, pk, measure=True)
    limit = _counted(found, code)
    fresh = is_fresh(found.reading, found.now)
    deletions = list(Deletion.objects.filter(service=found.service, kind=code, ended_at=None))
    gone = Deletion.objects.filter(service=found.service, kind=code, state=Deletion.State.GONE)
    things = _things(found, limit, {one.object_id: one for one in deletions})
    return render(
        request, "portal/stored.html",
        {
            **_page(request, found, limit, len(things)), "things": things, "fresh": fresh,
            "size": with_unit(sum((Decimal(o["size_gb"]) for o in _listed(found, code)), Decimal(0)), "GB"),
            "may_delete": fresh and may(request.user, found.service.customer_id, "change"),
            "deleted": gone.select_related("asked_by").order_by("-ended_at")[:LAST_DELETED],
        },
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@signed_in
def delete_stored(request: Asked, pk: int, code: str, object_id: str) -> HttpResponse:
    """Ask once, naming what will be gone; then delete it at the machine."""
    found = my_situation(request, pk)
    limit = _counted(found, code)
    things = _things(found, limit, {})
    thing = next((one for one in things if one.id == object_id), None)
    if thing is None:
        return _not_there(request, found, code, object_id)
    if request.method == "GET":
        page = {**_page(request, found, limit, len(things)), "thing": thing}
        return render(request, "portal/delete_stored.html", page)
    try:
        deletion = delete_object(request.user, found.service, object_id)
        (messages.success if deletion.ended_at else messages.info)(request, _became(deletion))
    except CannotFree as reason:
        messages.error(request, own_words(str(reason), reason.quote))
    except Refused as refused:
        messages.error(request, " ".join(words(refusal) for refusal in refused.refusals))
    return _back(request, pk, code)


def _counted(found: Situation, code: str) -> Limit:
    limit = found.limits.get(code)
    if limit is None or limit.usage_kind != "objects":
        raise Http404("Nothing is stored under this name.")
    return limit


def _listed(found: Situation, code: str) -> list[Mapping[str, Any]]:
    """What the newest reading lists, however old it is: the page says how old."""
    return [one for one in found.reading.objects_stored if one["kind"] == code] if found.reading else []


def _things(found: Situation, limit: Limit, deletions: Mapping[str, Deletion]) -> list[Thing]:
    """Oldest first: what is deleted first."""
    rows = []
    for one in _listed(found, limit.code):
        deletion = deletions.get(one["id"])
        seen_since = bool(deletion and found.reading and found.reading.taken_at > deletion.asked_at)
        late = bool(deletion and found.now - deletion.asked_at >= ASK_AGAIN_AFTER)
        rows.append(
            Thing(
                id=one["id"], name=one["name"] or one["id"],
                made=datetime.fromisoformat(one["created_at"]), size=with_unit(Decimal(one["size_gb"]), "GB"),
                deletion=deletion,
                seen_since=seen_since,
                ask_again=late or bool(deletion and deletion.state == Deletion.State.ASKED and seen_since),
            )
        )  # fmt: skip
    return sorted(rows, key=lambda thing: thing.made)


def _page(request: Asked, found: Situation, limit: Limit, count: int) -> dict[str, Any]:
    return {
        "situation": found, "service": found.service, "limit": limit, "values": request.GET.urlencode(),
        **_wanted(limit, request.GET.get(limit.code, ""), count),
    }  # fmt: skip


def _wanted(limit: Limit, typed: str, count: int) -> dict[str, Any]:
    """What the sliders said before one came here, and whether it can be chosen by now."""
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10) or int(typed) >= int(limit.current):
        return {"wanted": "", "possible": False}
    over = count - int(typed)
    if over <= 0:
        return {"wanted": _("%(name)s %(value)s can be chosen now.") % _named(limit, typed), "possible": True}
    sentence = ngettext(
        "To choose %(name)s %(value)s, delete one of these.",
        "To choose %(name)s %(value)s, delete %(count)s of these.",
        over,
    )
    return {"wanted": sentence % {**_named(limit, typed), "count": over}, "possible": False}


def _named(limit: Limit, typed: str) -> dict[str, str]:
    return {"name": in_language(limit.name), "value": limit.show(int(typed))}


def _became(deletion: Deletion) -> str:
    name = {"name": deletion.name or deletion.object_id}
    if deletion.state == Deletion.State.GONE:
        return _("“%(name)s” was deleted.") % name
    if deletion.state == Deletion.State.BEGUN:
        return _("“%(name)s” is being deleted. It stands in the list until it is gone.") % name
    return (
        _(
            "The hypervisor has not answered, so it is not known whether “%(name)s” is gone. The list shows it as soon"
            " as it is."
        )
        % name
    )


def _not_there(request: Asked, found: Situation, code: str, object_id: str) -> HttpResponse:
    """Deleted meanwhile, in another tab or by a colleague: the list, with a word. What never was there is not found."""
    deletion = Deletion.objects.filter(service=found.service, object_id=object_id).order_by("-id").first()
    if deletion is None:
        raise Http404("This is not stored any more.")
    gone = deletion.state == Deletion.State.GONE
    messages.info(request, _became(deletion) if gone else _("This is not stored any more."))
    return _back(request, found.service.pk, code)


def _back(request: Asked, pk: int, code: str) -> HttpResponseRedirect:
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(reverse("portal:stored", args=[pk, code]) + query)
