"""What can be done while the machine runs, each read back: plug vCPUs, give memory, grow a disk, set a limit."""

from __future__ import annotations

import time
from dataclasses import replace

from prorata.provisioning.drivers.base import Applied, DriverUnreachable, StepRefused
from prorata.provisioning.drivers.kvm.definition import keep_cpus
from prorata.provisioning.drivers.kvm.library import library
from prorata.provisioning.drivers.kvm.machine import disk_bytes
from prorata.provisioning.drivers.kvm.room import volume_of
from prorata.provisioning.drivers.kvm.sight import NEVER_SMALLER
from prorata.provisioning.drivers.kvm.work import DONE, Work

BALLOON_SECONDS, LOOK_EVERY = 5.0, 0.1


def set_limit(work: Work) -> Applied:
    """A limit is a number of ours: value and end of the operation are written in one go."""
    limits = {**work.notes.limits, work.component.code: work.target}
    work.keep(replace(work.notes.end(work.key), limits=limits))
    return DONE


def plug_cpus(work: Work) -> Applied:
    """More vCPUs, now and from the next start on. Never fewer."""
    machine = work.sight.machine
    if work.target > machine.next.most_cpus:
        keep_cpus(work, machine.next.cpus, work.target)
    work.call.effect(machine.domain.setVcpusFlags, work.target, now_and_later())
    if not work.reached():
        raise DriverUnreachable("the machine does not show the vCPUs that were plugged")
    return work.done()


def give_memory(work: Work) -> bool:
    """Let the balloon give memory back to the guest; whether the guest has taken it."""
    machine = work.sight.machine
    kib = work.target * work.component.unit // 1024
    work.call.effect(machine.domain.setMemoryFlags, kib, now_and_later())
    deadline = time.monotonic() + min(BALLOON_SECONDS, work.call.seconds_left / 2)
    while not work.reached():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_EVERY)
    return True


def grow_disk(work: Work) -> Applied:
    """libvirt shrinks a disk in use without a word, so its size is read once more right before the call."""
    machine, disk = work.sight.machine, work.component.disk
    wanted = work.target * work.component.unit
    if disk_bytes(work.call, machine.domain, disk) > wanted:
        raise StepRefused(NEVER_SMALLER)
    if machine.running:
        flags = library().VIR_DOMAIN_BLOCK_RESIZE_BYTES
        work.call.effect(machine.domain.blockResize, disk, wanted, flags)
    else:
        volume = volume_of(work.call, machine, disk)
        if volume is None:
            raise StepRefused("the disk of a machine that is off grows only if it lies in a storage pool")
        work.call.effect(volume.resize, wanted)  # without its flag for shrinking, this call refuses to
    if not work.reached():
        raise DriverUnreachable("the machine does not show the new size of its disk")
    return work.done()


def now_and_later() -> int:
    """For the machine as it runs and for its definition."""
    return int(library().VIR_DOMAIN_AFFECT_LIVE | library().VIR_DOMAIN_AFFECT_CONFIG)
