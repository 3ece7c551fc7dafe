"""The one way to reach a customer's objects: by the person who asks, and by what that person may do.

Everything a view, the API or a download shows comes from `mine`. What is not mine does not exist: 404, never 403, so that
ids cannot be probed.

A member of staff who views a customer's portal sees that customer and nothing else, not even customers of their own.
"""

from __future__ import annotations

from typing import Literal, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.http import Http404

from prorata.customers.models import Customer, Membership, User

Right = Literal["read", "change", "pay", "people"]
RIGHTS: dict[str, frozenset[Right]] = {
    Membership.Role.OWNER: frozenset({"read", "change", "pay", "people"}),
    Membership.Role.TECHNICAL: frozenset({"read", "change"}),
    Membership.Role.BILLING: frozenset({"read", "pay"}),
    Membership.Role.READER: frozenset({"read"}),
}
M = TypeVar("M", bound=models.Model)


def mine(
    user: User, rows: models.QuerySet[M], *, right: Right = "read", path: str = "customer"
) -> models.QuerySet[M]:
    """The rows whose customer (reached by `path`) this person may `right`. Inactive people see nothing."""
    if not user.is_authenticated or not user.is_active:
        return rows.none()
    if user.looks_at is not None:
        # Whatever the right: the page is shown as an owner sees it. That nothing is done is seen to in staff/view_as.py.
        return rows.filter(**{path: user.looks_at})
    roles = [role for role, rights in RIGHTS.items() if right in rights]
    customers = Membership.objects.filter(user=user, role__in=roles).values("customer")
    return rows.filter(**{f"{path}__in": customers})


def my_one(
    user: User, rows: models.QuerySet[M], *, right: Right = "read", path: str = "customer", **which: object
) -> M:
    """One row of mine, or Http404."""
    try:
        return mine(user, rows, right=right, path=path).get(**which)
    except (ObjectDoesNotExist, ValueError) as missing:
        raise Http404("There is nothing here that you can see.") from missing


def may(user: User, customer_id: int, right: Right) -> bool:
    return mine(user, Customer.objects.filter(pk=customer_id), right=right, path="pk").exists()
