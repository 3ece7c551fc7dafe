"""Restart a machine for a change. From every point at which a worker may die, a repeat goes on.

What is pending: Proxmox reboots the machine into it, so that it comes back even if nobody looks. What Proxmox would take
from the running guest at once: the machine is shut down, changed and started. Never is a guest switched off: one that does
not shut down in time keeps running, and the change waits.
"""

from __future__ import annotations

import time
from dataclasses import replace

from prorata.provisioning.drivers.base import Applied, DriverUnreachable
from prorata.provisioning.drivers.proxmox.api import LOOK_EVERY_SECONDS, sentence
from prorata.provisioning.drivers.proxmox.looking import Site, look_on
from prorata.provisioning.drivers.proxmox.machine import Component, Machine
from prorata.provisioning.drivers.proxmox.record import Restarting
from prorata.provisioning.drivers.proxmox.writing import write


def restart(site: Site, machine: Machine, component: Component, target: int) -> Applied:
    """The machine runs again with the new value, or is on its way there. See Driver.apply for what is raised."""
    if machine.running:
        outcome = _down(site, machine, component)
        if outcome is not None:
            return outcome
        machine = _settled(site, machine, component)
    if component.code in machine.record.waiting and not machine.running:
        machine = set_while_off(site, machine, component, target)
    if not machine.running:
        ended = site.api.wait(site.api.post(*machine.path, "status", "start"), site.patience_seconds)
        if ended is None:
            return Applied("accepted", "the machine starts")
        machine = look_on(site, machine.vmid, machine.node)
        if not ended.well and not machine.running:
            raise DriverUnreachable(f"the machine does not start: {ended.words}")
    if machine.now(component) != target:
        return Applied("restart_pending", f"the machine has restarted without the new {component.code}")
    return Applied("done")


def set_while_off(site: Site, machine: Machine, component: Component, target: int) -> Machine:
    """The change that waited for the machine to be off."""
    still = {code: value for code, value in machine.record.waiting.items() if code != component.code}
    return write(site, machine, replace(machine.record, waiting=still), **machine.change(component, target))


def _down(site: Site, machine: Machine, component: Component) -> Applied | None:
    """Ask the guest to go down, or to go down and come back. None: it did, or is about to come back."""
    cold = component.code in machine.record.waiting
    begun = Restarting(component.code, machine.now(component) or 0, cold, _clock(site, machine))
    machine = write(site, machine, replace(machine.record, restarting=begun))
    try:
        upid = site.api.post(
            *machine.path, "status", "shutdown" if cold else "reboot", timeout=site.shutdown_seconds
        )
    except DriverUnreachable as error:
        # It went down between our look and our word: the reboot that was asked for before is under way.
        if "not running" not in str(error):
            raise
        return Applied("accepted", "the machine restarts")
    ended = site.api.wait(upid, site.patience_seconds)
    if ended is None:
        return Applied("accepted", "the machine restarts")
    if not ended.well and look_on(site, machine.vmid, machine.node).running:
        if certain := sentence(ended.words):
            raise certain
        return Applied("restart_pending", f"the guest did not shut down: {ended.words}")
    return None


def _clock(site: Site, machine: Machine) -> int:
    """The node's clock: what it says of its tasks is compared with nothing else."""
    return int(site.api.get("nodes", machine.node, "time")["time"])


def _settled(site: Site, machine: Machine, component: Component) -> Machine:
    """The machine when it is on again, or off for as long as we wait: Proxmox starts it a moment after a reboot's task."""
    until = time.monotonic() + site.patience_seconds
    machine = look_on(site, machine.vmid, machine.node)
    rebooted = component.code not in machine.record.waiting
    while rebooted and not machine.running and time.monotonic() < until:
        time.sleep(LOOK_EVERY_SECONDS)
        machine = look_on(site, machine.vmid, machine.node)
    return machine
