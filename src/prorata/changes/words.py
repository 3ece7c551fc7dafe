"""The states of a change in the customer's words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prorata.changes import states
from prorata.changes.models import Change
from prorata.changes.restarted import waits_for_restart


def status_words(change: Change) -> str:
    if change.status == states.APPLIED and waits_for_restart(change):
        return _("Applied, active after a restart")
    return {
        states.AWAITING_PAYMENT: _("Waiting for payment"),
        states.APPLYING: _("Applying"),
        states.PARKED: _("Waiting for the machine"),
        states.ATTENTION: _("Being looked at by our staff"),
        states.APPLIED: _("Applied"),
        states.PARTLY_APPLIED: _("Partly applied"),
        states.REVERSED: _("Reversed"),
        states.CANCELLED: _("Cancelled"),
        states.EXPIRED: _("Expired"),
    }[change.status]


def reason_words(reason: str) -> str:
    """Why a change waits or ended as it did; the key comes from the machine's job."""
    return {
        "": "",
        "busy": _("The machine is busy with something else. We go on as soon as it is free."),
        "host_full": _("The host has no room for the growth now. We keep trying until the deadline."),
        "no_host": _(
            "Neither its own host nor another one has room for the growth now. We keep looking until the deadline;"
            " what cannot be done then comes back by itself."
        ),
        "moving": _("The machine is moving to a host with room for the growth."),
        "broken": _("Something went wrong on our side. We try again, and our staff are told if it stays so."),
        "unreachable": _("The hypervisor does not answer. We keep asking until it does."),
        "not_reached": _("The machine does not show the new value yet. We try again."),
        "slow": _("The machine takes longer than usual. We keep looking."),
        "restart": _("The reduction takes effect when you restart the machine; the credit follows then."),
        "drift": _(
            "The machine is not as it was sold: somebody changed it by hand. Our staff decide what to do."
        ),
        "undo_failed": _(
            "Part of the change could not be put back. Your money is safe; our staff look after it."
        ),
        "step_failed": _("Part of it could not be done. What was paid for that part came back."),
        "machine_unknown": _("The hypervisor does not know this machine. Our staff look after it."),
    }.get(reason, _("Our staff look after it."))
