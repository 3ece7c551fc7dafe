"""Delete a stored thing that stands in the way of a reduction: a snapshot, an old backup."""

from __future__ import annotations

from contextlib import suppress

from django.utils.translation import gettext as _

from prorata.catalog.names import in_language
from prorata.changes import machine_words
from prorata.changes.refusals import Refusal, Refused
from prorata.customers.models import User
from prorata.customers.scope import my_one
from prorata.provisioning.deletions import asked, begun, refused
from prorata.provisioning.drivers.base import DriverError, DriverUnreachable, MachineBusy
from prorata.provisioning.measure import measure
from prorata.provisioning.models import Deletion
from prorata.provisioning.registry import UnknownDriver, driver
from prorata.services.models import Service
from prorata.services.readings import newest


class CannotFree(Exception):
    """One line that says why it was not deleted; `quote` is what the machine said, where there are no words for it."""

    def __init__(self, words: str, quote: str = "") -> None:
        super().__init__(words)
        self.quote = quote


def delete_object(user: User, service: Service, object_id: str) -> Deletion:
    """Delete one stored object of my machine and measure again; the deletion's state says how far it came.

    Asked again, it is the same deletion. What the hypervisor did not answer stays open until a reading knows. Raises
    CannotFree where nothing was deleted, Refused, or Http404.
    """
    mine = my_one(user, Service.objects.all(), right="change", pk=service.pk)
    if mine.status != Service.Status.ACTIVE:
        shown = {"status": mine.get_status_display(), "reason": in_language(mine.status_reason)}
        raise Refused(Refusal("not_active", None, shown))
    last = newest(mine.pk)
    thing = next((o for o in last.objects_stored if o["id"] == object_id), None) if last else None
    if thing is None:
        raise CannotFree(_("This is not stored any more."))
    deletion = asked(mine, thing, user)
    try:
        driver(mine.driver).delete_object(mine.external_id, object_id)
        begun(deletion)
    except DriverUnreachable:
        pass  # it may be gone: the next reading tells
    except MachineBusy as busy:
        refused(deletion, busy.reason)
        raise CannotFree(_("The machine is busy now. Nothing was deleted; try again in a minute.")) from busy
    except (DriverError, UnknownDriver) as refusal:
        refused(deletion, str(refusal))
        raise _not_deleted(str(refusal)) from refusal
    with suppress(DriverError, UnknownDriver):
        measure(mine)
    deletion.refresh_from_db()
    return deletion


def _not_deleted(said: str) -> CannotFree:
    why = machine_words.refused(said)
    if why.quote:
        return CannotFree(_("It was not deleted. The machine said:"), why.quote)
    return CannotFree(_("It was not deleted: %(reason)s.") % {"reason": why.words})
