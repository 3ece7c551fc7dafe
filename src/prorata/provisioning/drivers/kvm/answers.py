"""What libvirt's errors mean for the one who asked."""

from __future__ import annotations

from typing import Any

from prorata.provisioning.drivers.base import DriverError, DriverUnreachable, MachineBusy, StepRefused
from prorata.provisioning.drivers.kvm.library import library

# Said before anything was touched, and said again every time. A missing permission is not here: a mistake in our own
# set-up must not undo what a customer has paid for.
NEVER = (
    "VIR_ERR_NO_SUPPORT",
    "VIR_ERR_CONFIG_UNSUPPORTED",
    "VIR_ERR_OPERATION_UNSUPPORTED",
    "VIR_ERR_ARGUMENT_UNSUPPORTED",
    "VIR_ERR_INVALID_ARG",
)
# Something else has the machine, or it is no longer in the state in which we saw it.
LATER = ("VIR_ERR_OPERATION_INVALID", "VIR_ERR_RESOURCE_BUSY", "VIR_ERR_BLOCK_COPY_ACTIVE")


def meaning(error: Any) -> DriverError:
    """The driver error of a call that should have had an effect. Whatever is in doubt is DriverUnreachable."""
    code, reason = error.get_error_code(), one_line(error)
    if code in numbers(*NEVER):
        return StepRefused(reason)
    if code in numbers(*LATER):
        return MachineBusy(reason)
    # The other timeout of libvirt's comes after the machine was asked.
    if code in numbers("VIR_ERR_OPERATION_TIMEOUT") and "state change lock" in reason:
        return MachineBusy(reason)
    return DriverUnreachable(reason)


def numbers(*names: str) -> set[int]:
    """libvirt's numbers of its errors, of those that this libvirt knows."""
    return {getattr(library(), name) for name in names if hasattr(library(), name)}


def one_line(error: Any) -> str:
    """libvirt's own words, for staff and logs."""
    return " ".join(str(error.get_error_message() or "libvirt gave no reason").split())
