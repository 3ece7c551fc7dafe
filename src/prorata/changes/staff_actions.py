"""What staff may do to a change that needs somebody. Each leaves a line with the reason, which the customer can read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from prorata import clock
from prorata.changes import states
from prorata.changes.lock import lock_change
from prorata.changes.models import Change, Intervention
from prorata.changes.write import APPLY_WITHIN
from prorata.customers.models import User
from prorata.provisioning import direct
from prorata.provisioning.drivers.base import Value
from prorata.trail.write import Changed, note

DEEDS = {"retry": "retried", "reverse": "given_up", "take_over": "taken_over", "overwrite": "overwritten"}


class NotPossible(Exception):
    """One line that says why, and what to do."""


def needs_somebody() -> QuerySet[Change]:
    """Changes in front of staff: parked, in attention, or past their deadline; the oldest deadline first."""
    late = Q(status__in=[states.APPLYING, states.AWAITING_PAYMENT], deadline__lt=clock.now())
    waiting = Q(status__in=[states.PARKED, states.ATTENTION])
    rows = Change.objects.filter(waiting | late).select_related("customer", "service", "owner", "invoice")
    return rows.prefetch_related("lines").order_by("deadline")


def retry(staff: User, reference: str, reason: str) -> Change:
    """Try again now what the machine could not do."""
    return _direct(staff, reference, reason, "retry")


def reverse(staff: User, reference: str, reason: str) -> Change:
    """Give up what is not done; the worker puts back what can be put back, and the money follows by itself."""
    return _direct(staff, reference, reason, "reverse")


@transaction.atomic
def overwrite(staff: User, reference: str, reason: str, *, found: Mapping[str, Value]) -> Change:
    """Go on over what was made by hand: component -> the value that staff have seen on the machine.

    Only these values are replaced. If the machine has another by then, the change is back in front of staff.
    """
    change = _open(reference)
    if (change.status, change.reason) != (states.ATTENTION, "drift"):
        raise NotPossible("Only a change that found its machine changed by hand can go on over it.")
    if not found:
        raise NotPossible("The machine is as it was sold now. Retry the change.")
    try:
        _until(change, direct.go_on_over(change.origin, found, until=_more_time(change)))
    except direct.NotWaiting as busy:
        raise NotPossible(str(busy)) from busy
    _note(
        change,
        staff,
        "overwrite",
        reason,
        {f"machine: {code}": (value, None) for code, value in found.items()},
    )
    return change


@transaction.atomic
def take_over(staff: User, reference: str, reason: str) -> Change:
    """Become the owner of a change."""
    change = _open(reference)
    change.owner = staff
    change.save(update_fields=["owner"])
    _note(change, staff, "take_over", reason)
    return change


@transaction.atomic
def _direct(staff: User, reference: str, reason: str, what: str) -> Change:
    change = _open(reference)
    if change.status not in (states.PARKED, states.ATTENTION):
        raise NotPossible("Only a change that is parked or in attention can be retried or reversed.")
    try:
        if what == "retry":
            _until(change, direct.go_on(change.origin, until=_more_time(change)))
        else:
            direct.give_up(change.origin)
    except direct.NotWaiting as busy:
        raise NotPossible(str(busy)) from busy
    _note(change, staff, what, reason)
    return change


def _more_time(change: Change) -> datetime:
    """Until when it is tried if its own time is over: as long as one that was just paid, and never past the term's end."""
    return min(clock.now() + APPLY_WITHIN, change.service.term_ends_at)


def _until(change: Change, deadline: datetime) -> None:
    if change.deadline != deadline:
        change.deadline = deadline
        change.save(update_fields=["deadline"])


def _open(reference: str) -> Change:
    found = Change.objects.filter(reference=reference).values_list("pk", flat=True).first()
    if found is None:
        raise NotPossible(f"There is no change {reference}.")
    change = lock_change(found)
    if change.status not in states.OPEN:
        raise NotPossible(f"Change {reference} has ended. Nothing can be done to it any more.")
    return change


def _note(change: Change, staff: User, what: str, reason: str, changed: Changed | None = None) -> None:
    if not staff.is_staff:
        raise NotPossible("Only staff may do this.")
    if not reason.strip():
        raise NotPossible("Write the reason: it stays with the change, and the customer can read it.")
    Intervention.objects.create(change=change, what=what, reason=reason.strip(), by=staff, at=clock.now())
    note(
        f"change.{DEEDS[what]}", change, actor=f"user:{staff.pk}", actor_name=staff.email,
        customer_id=change.customer_id, reason=reason.strip(), changed=changed,
    )  # fmt: skip
