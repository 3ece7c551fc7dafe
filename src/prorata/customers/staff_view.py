"""Staff look at the portal of a customer, who reads why: begin, end, and what makes it end by itself.

Only the session that began a view knows its number, and the row decides: who, whose portal, until when.
"""

from __future__ import annotations

from copy import copy

from django.core.exceptions import PermissionDenied
from django.db import transaction

from prorata import clock
from prorata.customers.models import Customer, StaffView, StaffViewEnd, User
from prorata.events.publish import publish
from prorata.trail.write import note

RIGHT = "customers.view_as_customer"


def may_view(staff: User) -> bool:
    return staff.is_active and staff.is_staff and staff.has_perm(RIGHT)


@transaction.atomic
def begin(staff: User, customer: Customer, reason: str) -> StaffView:
    """From now on for half an hour at most. Raises PermissionDenied."""
    if not may_view(staff):
        raise PermissionDenied
    began = clock.machine_now()
    view = StaffView.objects.create(
        customer=customer, staff=staff, reason=reason, at=clock.now(), began_at=began, until=began + StaffView.LONGEST
    )  # fmt: skip
    note(
        "customer.view_begun", customer, actor=f"user:{staff.pk}", actor_name=staff.email, customer_id=customer.pk,
        reason=reason,
    )  # fmt: skip
    publish("customer.viewed", id=view.pk)
    return view


@transaction.atomic
def end(view: StaffView, why: str) -> None:
    """Before its time. Of two who end it at once the second finds it ended; what is over by itself needs no end."""
    if view.until <= clock.machine_now():
        return
    _row, made = StaffViewEnd.objects.get_or_create(
        view=view, defaults={"why": why, "at": clock.now(), "ended_at": clock.machine_now()}
    )
    if made:
        note(
            "customer.view_ended", view.customer, actor=f"user:{view.staff_id}", actor_name=view.staff.email,
            customer_id=view.customer_id, reason=StaffViewEnd.Why(why).label,
        )  # fmt: skip


def view_of(number: object) -> StaffView | None:
    """The view of this number, open or not."""
    rows = StaffView.objects.select_related("customer", "staff", "end")
    return rows.filter(pk=number).first() if isinstance(number, int) else None


def is_open(view: StaffView) -> bool:
    return not hasattr(view, "end") and clock.machine_now() < view.until


def as_seen_by(staff: User, view: StaffView) -> User:
    """The same person, without the rights of staff, who sees that customer alone. For one request; never stored."""
    viewer = copy(staff)
    viewer.is_staff = viewer.is_superuser = False
    viewer.looks_at = view.customer_id
    return viewer
