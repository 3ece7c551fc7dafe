"""Write to a machine's configuration: always under its digest, always with the record in the same call."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

from prorata.provisioning.drivers.base import DriverUnreachable
from prorata.provisioning.drivers.proxmox.api import NotPlugged
from prorata.provisioning.drivers.proxmox.looking import Site, look_on
from prorata.provisioning.drivers.proxmox.machine import Machine
from prorata.provisioning.drivers.proxmox.record import Record, with_tag, write_record


def write(site: Site, machine: Machine, record: Record, *, key: str = "", **options: object) -> Machine:
    """Set options and record, and look again. A hand-made change since the last look is refused, not overwritten.

    Raises MachineBusy, StepRefused (nothing was written), DriverUnreachable.
    """
    if machine.running and record.restarting is machine.record.restarting:
        record = replace(record, restarting=None)  # it has been started since
    options["description"] = write_record(str(machine.config.get("description", "")), record)
    if key:
        options["tags"] = with_tag(str(machine.config.get("tags", "")), machine.vmid, key)
    with contextlib.suppress(NotPlugged):  # written down all the same: it waits for a restart
        site.api.put(*machine.path, "config", **config_of(machine, **options))
    after = look_on(site, machine.vmid, machine.node)
    if after.record.operations[-1:] != record.operations[-1:]:
        raise DriverUnreachable("Proxmox VE took the change and does not show it")
    return after


def config_of(machine: Machine, **changes: Any) -> dict[str, Any]:
    """Changes as options, under the digest of what was looked at."""
    return {**changes, "digest": machine.config["digest"]}
