"""Services, what one of them has, what is stored, what happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from prorata.changes import states
from prorata.changes.models import Change, ChangeLine
from prorata.changes.refusals import Refusal
from prorata.changes.situation import Situation
from prorata.changes.words import status_words
from prorata.portal.cards import card
from prorata.portal.catalogue.made_up import NOW, ZONE, aiko, allowance, reading, service, situation
from prorata.portal.catalogue.pages_of_money import invoice
from prorata.portal.catalogue.rows import Rows
from prorata.portal.offer import days_left, monthly
from prorata.portal.timeline import Fact, Kind
from prorata.portal.views.services import Meter, share
from prorata.portal.views.stored import Thing
from prorata.portal.views.timeline import kind_words
from prorata.provisioning.models import Deletion
from prorata.services.models import Service
from prorata.services.readings import is_fresh
from prorata.support.models import Ticket

Context = dict[str, Any]
METERS = [
    Meter(name="CPU cores", text="2", share=""),
    Meter(name="Memory", text="2.2 of 4\u00a0GB", share="55%"),
    Meter(name="NVMe SSD", text="72 of 100\u00a0GB", share="72%"),
    Meter(name="Snapshot limit", text="2 of 2", share="100%"),
]


def listed() -> Context:
    """Each state that a service can be in, and each that an open change can give it."""
    rows: list[Context] = []
    told = {"suspended": "An older invoice is overdue.", "terminated": "You cancelled it."}
    for status in Service.Status:
        one = service(f"web-{len(rows) + 1:02}", status=status, status_reason=told.get(status, ""))
        rows.append({"service": one, "meters": METERS, "days_left": 107, "change_words": ""})
    for change in states.OPEN:
        one = service(f"web-{len(rows) + 1:02}")
        one.change_status = change  # type: ignore[attr-defined]
        words = status_words(Change(status=change))
        rows.append({"service": one, "meters": METERS, "days_left": -1, "change_words": words})
    return {"rows": rows, "page": Rows(), "zone": ZONE}


def none() -> Context:
    return {"rows": [], "page": Rows(more=False), "zone": ZONE}


def overview() -> Context:
    """Something to pay, something asked, and what happened last."""
    asked = Ticket(
        pk=0, reference="S-3F8M-2KQA", state=Ticket.State.ANSWERED, subject="The machine still shows 4 GB"
    )
    return _overview(unpaid=[invoice("not_begun")], tickets=[asked], facts=_facts(), pending={"memory"})


def new_service() -> Context:
    return _overview(unpaid=[], tickets=[], facts=[], pending=set())


def _overview(**changed: Any) -> Context:
    found = situation()
    return {
        "situation": found, "service": found.service, "days_left": days_left(found), "monthly": monthly(found),
        "tab": "overview", "meters": METERS, "zone": ZONE, "fresh": True, "may_change": True, "change_words": "",
    } | changed  # fmt: skip


def _resources(found: Situation, **changed: Any) -> Context:
    assert found.book is not None
    cards = [card(limit, found.book, "JPY") for limit in found.limits.values()]
    rows = [
        {
            "card": one, "share": share(one.limit.used, one.limit.current),
            "floor_share": share(one.limit.floor, one.limit.current), "measured": 4, "pending": False, "changing": None,
        }
        for one in cards
    ]  # fmt: skip
    return {
        "situation": found, "service": found.service, "rows": rows, "monthly": monthly(found), "days_left": days_left(found),
        "fresh": is_fresh(found.reading, NOW), "may_change": True, "pending": set(), "change": found.open_change,
        "tab": "resources", "change_words": "",
    } | changed  # fmt: skip


def resources() -> Context:
    return _resources(situation(minimum_charge_minor=500))


def under_way() -> Context:
    """A change is being applied, and a part of an earlier one waits for the restart."""
    change = Change(reference="C-9QXM-71TV", status=states.APPLYING)
    found = situation(
        open_change=change, obstacles=(Refusal("open_change", None, {"reference": change.reference}),)
    )
    context = _resources(found, change_words=status_words(change), pending={"memory"})
    line = ChangeLine(component="cpu", name="CPU cores", from_name="2", to_name="4")
    context["rows"][0]["changing"], context["rows"][1]["pending"] = line, True
    return context


def silent() -> Context:
    """The machine has not answered for three hours."""
    return _resources(situation(reading=reading(taken_at=NOW - timedelta(hours=3))))


def suspended() -> Context:
    told = {"status": "Suspended", "reason": "An older invoice is overdue."}
    return _resources(
        situation(
            service=service(status=Service.Status.SUSPENDED), obstacles=(Refusal("not_active", None, told),)
        )
    )


def limited() -> Context:
    left = allowance(
        changes_a_day=3, changes_left=1, reductions_a_term=2, reductions_left=1, cooldown_hours=1
    )
    return _resources(situation(allowance=left))


def look_only() -> Context:
    return _resources(situation(), may_change=False)


def _stored(*things: Thing, **changed: Any) -> Context:
    found = situation()
    return {
        "situation": found, "service": found.service, "limit": found.limits["snapshots"], "things": list(things),
        "fresh": True, "size": "12.8\u00a0GB", "may_delete": True, "deleted": [], "values": "snapshots=1", "possible": False,
        "wanted": "",
    } | changed  # fmt: skip


def _thing(name: str, days: int, deletion: Deletion | None = None) -> Thing:
    return Thing(
        id=f"snap-{name}", name=name, made=NOW - timedelta(days=days), size="6.4\u00a0GB",
        deletion=deletion, seen_since=False, ask_again=deletion is not None and deletion.state == "asked",
    )  # fmt: skip


def stored() -> Context:
    """One that can be deleted, one that is being deleted, one whose deletion nobody has confirmed, one that is gone."""
    asked = {"asked_at": NOW - timedelta(minutes=2), "asked_by": aiko()}
    gone = Deletion(name="old-kernel", state="gone", ended_at=NOW - timedelta(days=1), **asked)
    return _stored(
        _thing("before-php8", 13), _thing("before-migration", 4, Deletion(state="begun", **asked)),
        _thing("weekly", 2, Deletion(state="asked", **asked)),
        deleted=[gone], wanted="Delete one more, and Snapshot limit 1 can be chosen.",
    )  # fmt: skip


def nothing_stored() -> Context:
    return _stored(wanted="Snapshot limit 1 can be chosen now.", possible=True)


def delete_stored() -> Context:
    return _stored() | {"thing": _thing("before-php8", 13)}


def timeline() -> Context:
    return _timeline(_facts())


def _facts() -> list[Fact]:
    """One line of each kind, over two months."""
    told: tuple[tuple[Kind, int, str, str, str, str], ...] = (
        ("money", 0, "Paid ¥5,596 by card", "", "INV-000031", "by itself"),
        ("change", 0, "Change submitted", "Memory 4 → 8 GB", "C-9QXM-71TV", "Aiko Tanaka"),
        ("machine", 0, "Memory is 8 GB", "", "C-9QXM-71TV", "by itself"),
        ("ticket", 1, "Our staff answered", "", "S-3F8M-2KQA", "our staff"),
        ("staff", 9, "Looked at by our staff", "The host is moved on Sunday.", "", "our staff"),
        ("term", 75, "Term begun", "1 Jun 2026 → 1 Dec 2026", "", "by itself"),
    )
    return [
        Fact(
            key=f"fact-{n}", at=NOW - timedelta(days=days, minutes=n), kind=kind, what=what, by=by, detail=detail,
            address="/catalogue" if reference else "", reference=reference, row=n,
        )
        for n, (kind, days, what, detail, reference, by) in enumerate(told)
    ]  # fmt: skip


def no_timeline() -> Context:
    return _timeline([])


def _timeline(facts: list[Fact]) -> Context:
    return {
        "service": service(), "facts": facts, "page": Rows(more=bool(facts)), "zone": ZONE, "tab": "timeline", "all": False,
        "kinds": [(kind, name, kind != "staff") for kind, name in kind_words().items()], "query": "kind=change",
    }  # fmt: skip
