"""Stored objects that are being deleted: who asked, and what became of it. Only a reading says that one is gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from prorata import clock
from prorata.customers.models import User
from prorata.provisioning.models import Deletion
from prorata.services.models import Service
from prorata.trail.write import note

State = Deletion.State


@transaction.atomic
def asked(service: Service, thing: Mapping[str, Any], user: User) -> Deletion:
    """Remember who asks for `thing` to be deleted, before the machine is told; asked again, it is the same deletion."""
    found, new = Deletion.objects.get_or_create(
        service=service, object_id=thing["id"], ended_at=None,
        defaults={"kind": thing["kind"], "name": thing["name"], "asked_by": user, "asked_at": clock.now()},
    )  # fmt: skip
    if new:
        _note("stored.deletion_asked", found)
    return found


def begun(deletion: Deletion) -> None:
    """The machine has taken it on."""
    Deletion.objects.filter(pk=deletion.pk, ended_at=None).update(state=State.BEGUN)


@transaction.atomic
def refused(deletion: Deletion, reason: str) -> None:
    """The machine said for certain that it did nothing."""
    ended = Deletion.objects.filter(pk=deletion.pk, ended_at=None)
    if ended.update(state=State.REFUSED, reason=reason[:300], ended_at=clock.now()):
        _note("stored.deletion_refused", deletion, reason)


@transaction.atomic
def settle(service: Service, listed: set[str], uncounted: Collection[str]) -> None:
    """A machine was read: what it no longer lists is gone, but for kinds that it could not list."""
    for deletion in Deletion.objects.filter(service=service, ended_at=None).select_related("asked_by"):
        if deletion.object_id in listed or deletion.kind in uncounted:
            continue
        still = Deletion.objects.filter(pk=deletion.pk, ended_at=None)
        if still.update(state=State.GONE, ended_at=clock.now()):
            _note("stored.deleted", deletion)


def _note(what: str, deletion: Deletion, reason: str = "") -> None:
    by = deletion.asked_by
    gone = (
        {deletion.kind: (f"{deletion.name} ({deletion.object_id})", None)} if what == "stored.deleted" else {}
    )
    note(
        what, deletion, actor=f"user:{by.pk}", actor_name=by.email, customer_id=deletion.service.customer_id,
        reason=reason, changed=gone,
    )  # fmt: skip
