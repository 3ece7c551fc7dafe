"""What a machine has now and what it will have after its next start, and whether something else has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from defusedxml.ElementTree import fromstring

from prorata.provisioning.drivers.base import DriverUnreachable, MachineUnknown
from prorata.provisioning.drivers.kvm.lanes import Call
from prorata.provisioning.drivers.kvm.library import library

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# libvirt's numbers of a machine's states and of jobs, in words for people.
SHUTTING_DOWN = "shutting down"
POWER = {3: "paused", 4: SHUTTING_DOWN, 6: "crashed", 7: "asleep"}
RUNNING, OFF = (1, 2), 5
JOBS = {
    1: "start",
    2: "save",
    3: "restore",
    4: "migration",
    5: "migration",
    6: "snapshot",
    7: "rollback",
    8: "dump",
    9: "backup",
    10: "snapshot-delete",
}


@dataclass(frozen=True)
class Size:
    """vCPUs and bytes of memory, and how much of each can come without a restart."""

    cpus: int
    memory: int
    most_cpus: int
    most_memory: int


@dataclass(frozen=True)
class Machine:
    """One machine at one moment.

    domain      libvirt's object
    process     libvirt's number of the run; another one after each start; -1 while it is off
    busy_with   what else has the machine, in a word or two; "" for nothing
    now, next   what it has, and what it has from its next start on; the same while it is off
    disks       bytes of each, by the name inside the machine
    balloon     whether memory can be given and taken while it runs
    asked       whether its guest is asked, every few seconds, how much memory it uses
    """

    domain: Any
    name: str
    uuid: str
    process: int
    persistent: bool
    busy_with: str
    now: Size
    next: Size
    disks: dict[str, int]
    balloon: bool
    asked: bool

    @property
    def running(self) -> bool:
        return self.process >= 0


def find(call: Call, external_id: str) -> Any:
    """The domain of a name or a UUID. Raises MachineUnknown, DriverUnreachable."""
    if not external_id or "\0" in external_id:
        raise MachineUnknown("there is no machine of this id")
    if UUID.fullmatch(external_id):
        found = call.ask(call.connection.lookupByUUIDString, external_id, unless=("VIR_ERR_NO_DOMAIN",))
        if found is not None:
            return found
    return call.ask(call.connection.lookupByName, external_id)


def look(call: Call, external_id: str) -> Machine:
    """Measure. Raises MachineUnknown, DriverUnreachable."""
    domain = find(call, external_id)
    persistent = bool(call.ask(domain.isPersistent))
    process = call.ask(domain.ID)
    live = fromstring(call.ask(domain.XMLDesc, 0))
    kept = live
    if persistent and process >= 0:
        kept = fromstring(call.ask(domain.XMLDesc, library().VIR_DOMAIN_XML_INACTIVE))
    names = [
        str(target.get("dev"))
        for disk in live.findall("devices/disk")
        if disk.get("device", "disk") == "disk" and (target := disk.find("target")) is not None
    ]
    memballoon = live.find("devices/memballoon")
    return Machine(
        domain=domain,
        name=call.ask(domain.name),
        uuid=call.ask(domain.UUIDString),
        process=process,
        persistent=persistent,
        busy_with=busy_with(call, domain, names if process >= 0 else []),
        now=read_size(live),
        next=read_size(kept),
        disks={name: disk_bytes(call, domain, name) for name in names},
        balloon=memballoon is not None and memballoon.get("model") != "none",
        asked=live.find("devices/memballoon/stats") is not None,
    )


def read_size(tree: Any) -> Size:
    """vCPUs and memory out of a domain's XML. Raises DriverUnreachable where it makes no sense."""
    try:
        vcpu, memory, current = tree.find("vcpu"), tree.find("memory"), tree.find("currentMemory")
        return Size(
            cpus=int(vcpu.get("current", vcpu.text)),
            most_cpus=int(vcpu.text),
            memory=in_bytes(current if current is not None else memory),
            most_memory=in_bytes(memory),
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise DriverUnreachable("libvirt's description of the machine cannot be understood") from error


def in_bytes(element: Any) -> int:
    """libvirt writes KiB, always; anything else is not guessed."""
    if element.get("unit") != "KiB":
        raise ValueError("not in KiB")
    return int(element.text) * 1024


def disk_bytes(call: Call, domain: Any, name: str) -> int:
    """How big the disk is for the machine; never how much of the file is filled."""
    return int(call.ask(domain.blockInfo, name)[0])


def busy_with(call: Call, domain: Any, disks: list[str]) -> str:
    """What has the machine: a job of libvirt's, a copy of a disk, a state in which nobody may touch it; or ""."""
    power = call.ask(domain.state)[0]
    if power == OFF:
        kept = call.ask(domain.hasManagedSaveImage, unless=("VIR_ERR_NO_SUPPORT",))
        return "its memory is kept on disk until it is started" if kept else ""
    if power not in RUNNING:
        return POWER.get(power, "in an unknown state")
    job = call.ask(domain.jobStats, unless=("VIR_ERR_NO_SUPPORT", "VIR_ERR_OPERATION_INVALID"))
    if job and job.get("type"):
        return JOBS.get(job.get("operation", 0), "a job")
    for name in disks:
        copy = call.ask(domain.blockJobInfo, name, unless=("VIR_ERR_NO_SUPPORT", "VIR_ERR_OPERATION_INVALID"))
        if copy and copy.get("type"):
            return "a copy of its disk"
    return ""
