"""What staff edit in the desk's forms, for the audit trail: every field that changed, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, cast

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from prorata.customers.models import Customer, User
from prorata.trail.write import note

Changed = dict[str, tuple[Any, Any]]
LONGEST = 2_000
# What nobody may read later: that it changed is enough.
SECRET = ("password", "secret", "key")


def remember(request: HttpRequest, form: Any, formsets: Iterable[Any]) -> None:
    """Keep what a saved form and its rows changed until the deed is noted."""
    changed: Changed = dict(_of(form, ""))
    for formset in formsets:
        for row in formset.forms:
            if row.has_changed() and row not in formset.deleted_forms:
                changed.update(_of(row, _row_name(row)))
        for gone in formset.deleted_objects:
            changed[_name(gone)] = (str(gone), None)
    request._desk_changed = changed  # type: ignore[attr-defined]


def note_edit(request: HttpRequest, obj: Model, did: str) -> None:
    """Put the edit into the trail as "product.edited" and the like; a form saved as it was says nothing."""
    changed: Changed = getattr(request, "_desk_changed", {})
    if did == "edited" and not changed:
        return
    by = cast(User, request.user)
    note(
        f"{obj._meta.model_name}.{did}", obj, actor=f"user:{by.pk}", actor_name=by.email,
        customer_id=_customer_of(obj), changed=changed,
    )  # fmt: skip


def _of(form: Any, prefix: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name in form.changed_data:
        if name == "DELETE":
            continue
        if any(word in name for word in SECRET):
            yield prefix + name, ("not shown", "not shown")
            continue
        before, after = _plain(form[name].initial), _plain(form.cleaned_data.get(name))
        # A field may read a value in another way than it shows it: what is the same for people was not changed.
        if str(before or "") != str(after or ""):
            yield prefix + name, (before, after)


def _row_name(row: Any) -> str:
    return f"{_name(row.instance)}: "


def _name(row: Model) -> str:
    return f"{row._meta.model_name} {row.pk}"


def _customer_of(obj: Model) -> int | None:
    if isinstance(obj, Customer):
        return obj.pk
    found = getattr(obj, "customer_id", None)
    return found if isinstance(found, int) else None


def _plain(value: Any) -> Any:
    """A value of a form as JSON knows it; rows by what people call them."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, QuerySet | list | tuple | set):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)[:LONGEST]
