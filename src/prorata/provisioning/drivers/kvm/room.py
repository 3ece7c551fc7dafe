"""What the host still has for a machine: its processors, memory and storage, less what all machines on it are sold.

A machine that is off counts: its owner may start it at any moment. So does a value that waits for a restart.
"""

from __future__ import annotations

from typing import Any

from defusedxml.ElementTree import fromstring

from prorata.provisioning.drivers.kvm.lanes import Call
from prorata.provisioning.drivers.kvm.library import library
from prorata.provisioning.drivers.kvm.machine import Machine, Size, read_size
from prorata.provisioning.drivers.kvm.settings import Component, HostSettings


def headroom(call: Call, machine: Machine, settings: HostSettings) -> dict[str, int]:
    """Units of each component that the host can give the machine now. Raises DriverUnreachable."""
    free_cpus, free_memory = left(call, machine, settings)
    found: dict[str, int] = {}
    for component in settings.components.values():
        if component.kind == "cpu":
            found[component.code] = max(0, free_cpus)
        elif component.kind == "memory":
            found[component.code] = max(0, free_memory // component.unit)
        elif component.disk in machine.disks:
            free = left_in_pool(call, machine, component, settings)
            if free is not None:
                found[component.code] = max(0, free // component.unit)
    return found


def left(call: Call, machine: Machine, settings: HostSettings) -> tuple[int, int]:
    """vCPUs and bytes of memory that nobody has been sold, this machine's own left out, with what waits for a restart."""
    node = call.ask(call.connection.getInfo)
    cpus = int(node[2] * settings.cpu_ratio) - max(machine.now.cpus, machine.next.cpus)
    memory = node[1] * 2**20 - settings.memory_reserve - max(machine.now.memory, machine.next.memory)
    for sold in call.ask(others, call.connection, machine.uuid):
        cpus -= max(size.cpus for size in sold)
        memory -= max(size.memory for size in sold)
    return cpus, memory


def others(connection: Any, uuid: str) -> list[list[Size]]:
    """What each other machine has and will have. Descriptions need no answer from QEMU: one that hangs hinders nobody."""
    found = []
    for domain in connection.listAllDomains():
        if domain.UUIDString() == uuid:
            continue
        try:
            texts = [domain.XMLDesc(library().VIR_DOMAIN_XML_INACTIVE)]
            if domain.ID() >= 0:
                texts.append(domain.XMLDesc(0))
        except library().libvirtError as error:
            if error.get_error_code() == library().VIR_ERR_NO_DOMAIN:
                continue  # it has just been removed
            raise
        found.append([read_size(fromstring(text)) for text in texts])
    return found


def left_in_pool(call: Call, machine: Machine, component: Component, settings: HostSettings) -> int | None:
    """Bytes that the disk's pool may still promise; None for a disk in no pool.

    What counts is how big the disks in it may become, not how full they are.
    """
    volume = volume_of(call, machine, component.disk)
    if volume is None:
        return None

    def look() -> int:
        pool = volume.storagePoolLookupByVolume()
        return int(pool.info()[1] * settings.disk_ratio) - sum(one.info()[1] for one in pool.listAllVolumes())

    return int(call.ask(look, unless=("VIR_ERR_NO_STORAGE_VOL",)) or 0)


def volume_of(call: Call, machine: Machine, disk: str) -> Any:
    """The storage volume behind a disk, or None where no pool knows it."""
    tree = fromstring(call.ask(machine.domain.XMLDesc, 0))
    for device in tree.findall("devices/disk"):
        target, source = device.find("target"), device.find("source")
        if target is not None and target.get("dev") == disk and source is not None:
            path = source.get("file") or source.get("dev")
            if path:
                return call.ask(
                    call.connection.storageVolLookupByPath,
                    path,
                    unless=("VIR_ERR_NO_STORAGE_VOL", "VIR_ERR_NO_SUPPORT"),
                )
            pool, volume = source.get("pool"), source.get("volume")
            if pool and volume:
                found = call.ask(call.connection.storagePoolLookupByName, pool)
                return call.ask(found.storageVolLookupByName, volume, unless=("VIR_ERR_NO_STORAGE_VOL",))
    return None
