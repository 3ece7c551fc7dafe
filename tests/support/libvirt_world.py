"""The contract's machines on a real libvirt daemon: real QEMU processes, with nothing to boot, so that they are quick."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

from prorata.provisioning.drivers.kvm.driver import LibvirtDriver
from prorata.provisioning.drivers.kvm.lanes import Call
from prorata.provisioning.drivers.kvm.machine import Machine
from prorata.provisioning.drivers.kvm.notes import PREFIX, SPACE
from prorata.provisioning.drivers.kvm.settings import HostSettings, read_components
from prorata.provisioning.drivers.kvm.sight import MemoryFigures
from support.guest import NOBODY, LibvirtDaemon
from support.libvirt_wire import Wire

# What the protocol calls the calls that change something.
CREATE, DESTROY, VOLUME_DELETE, VCPUS, MEMORY, BLOCK_RESIZE, METADATA = 9, 12, 94, 199, 204, 251, 264
KIB_PER_UNIT = 32 * 1024
HOST_CPUS = 12
KEPT, ELEMENT = 2, 2  # libvirt's AFFECT_CONFIG and METADATA_ELEMENT


class LibvirtWorld:
    """The contract's world. Memory is sold in units of 32 MiB, so that ten machines fit on a small computer.

    A machine that boots nothing has no balloon driver, so what it uses of its memory is told by the world; the stories
    on the real guest have it from the guest. What changed is counted by looking at the machine whenever the daemon has
    answered a call that changes something.
    """

    live, restart, fixed, counted = "cpu", "memory", "disk", "backups"

    def __init__(self, daemon: LibvirtDaemon) -> None:
        self.daemon, self.connection = daemon, daemon.connection
        self.made = 0
        self.used_kib = 7 * KIB_PER_UNIT // 2
        self._guard = threading.Lock()
        self._last: dict[str, tuple[object, ...]] = {}
        self._effects: dict[str, int] = {}
        self._home = daemon.home / "world"
        self._home.mkdir()
        if "setpriv" in daemon.prefix:
            os.chown(self._home, NOBODY, NOBODY)
        for pool in ("backups", "disks"):
            self._pool(pool)
        watched = (CREATE, VCPUS, MEMORY, BLOCK_RESIZE, METADATA)
        self.wire = Wire(daemon.home, daemon.home / "run/libvirt/libvirt-sock", watched, self._look)

    @contextlib.contextmanager
    def hanging(self, external_id: str) -> Iterator[None]:
        """QEMU of this machine answers nothing meanwhile."""
        pid = int((self.daemon.home / "run/libvirt/qemu/run" / f"{external_id}.pid").read_text())
        os.kill(pid, signal.SIGSTOP)
        last = self._last.pop(external_id)  # nor does it answer us
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
            self._last[external_id] = last

    def settings(self, **more: Any) -> HostSettings:
        """The whole host has twelve vCPUs to sell, whatever this computer has."""
        facts: dict[str, Any] = {
            "components": read_components(
                "cpu=cpu memory=memory:32MiB disk=disk:vda:GiB snapshots=snapshots backups=backups"
            ),
            "backup_pool": "backups",
            "cpu_ratio": Fraction(HOST_CPUS, self.connection.getInfo()[2]),
            "memory_reserve": 0,
            "disk_ratio": Fraction(1000),
            "shutdown_seconds": 0.3,  # nothing in the machine hears the power button
        }
        return HostSettings(**{**facts, **more})

    def driver(
        self, *, seconds: float = 14.0, figures: MemoryFigures | None = None, **more: Any
    ) -> LibvirtDriver:
        """A driver whose calls go through the wire; `more` are settings other than the world's."""
        return LibvirtDriver(
            self.wire.uri, self.settings(**more), figures=figures or self.figures, seconds=seconds
        )

    def figures(self, call: Call, machine: Machine) -> dict[str, int]:
        actual = machine.now.memory // 1024
        return {"actual": actual, "usable": actual - self.used_kib}

    def machine(self, *, cpus: int = 2, most_cpus: int = 16, most_memory: int = 8, memory: int = 8) -> str:
        self.made += 1
        name = f"vm-{self.made}"
        disk = self._home / "disks" / f"{name}.qcow2"
        self.volume("disks", f"{name}.qcow2", 100 * 2**30, "qcow2")
        for label in ("monday", "tuesday"):
            self.volume("backups", f"{name}@{label}", 2**20, "raw")
        domain = self.connection.defineXML(f"""
            <domain type="qemu">
              <name>{name}</name>
              <vcpu current="{cpus}">{most_cpus}</vcpu>
              <memory unit="KiB">{most_memory * KIB_PER_UNIT}</memory>
              <currentMemory unit="KiB">{memory * KIB_PER_UNIT}</currentMemory>
              <os><type arch="x86_64" machine="pc">hvm</type></os>
              <features><acpi/></features>
              <devices>
                <emulator>/usr/bin/qemu-system-x86_64</emulator>
                <disk type="file" device="disk">
                  <driver name="qemu" type="qcow2"/><source file="{disk}"/><target dev="vda" bus="virtio"/>
                </disk>
                <controller type="usb" model="none"/>
              </devices>
            </domain>""")
        limit = f'<machine><limit component="{self.counted}" value="3"/></machine>'
        domain.setMetadata(ELEMENT, limit, PREFIX, SPACE, KEPT)
        domain.create()
        self._effects[name] = 0
        self._last[name] = self._values(name)
        return name

    def domain(self, external_id: str) -> Any:
        """libvirt's own object, by a connection that never breaks."""
        return self.daemon.domain(external_id)

    def effects(self, external_id: str) -> int:
        self._look()
        return self._effects[external_id]

    def fill_host(self, external_id: str) -> None:
        self.connection.defineXML(f"""
            <domain type="qemu">
              <name>filler</name><vcpu>{HOST_CPUS - 2}</vcpu><memory unit="KiB">{KIB_PER_UNIT}</memory>
              <os><type arch="x86_64" machine="pc">hvm</type></os>
            </domain>""")

    def keep_busy(self, external_id: str) -> None:
        """A real backup, which waits for somebody to fetch it."""
        self.daemon.begin_backup(external_id)

    def release(self, external_id: str) -> None:
        self.daemon.end_backup(external_id)

    def restart_machine(self, external_id: str) -> None:
        domain = self.domain(external_id)
        domain.destroy()
        domain.create()
        self._look()

    def lose_call(self, call: str) -> None:
        self.wire.lose_call = True

    def lose_answer(self, call: str) -> None:
        self.wire.lose_answer_to = {"apply": VCPUS, "delete_object": VOLUME_DELETE}[call]

    def go_down(self) -> None:
        self.wire.go_down()

    def come_back(self) -> None:
        self.wire.come_back()

    def clear(self) -> None:
        """No machine, no disk, no backup."""
        self.wire.clear()
        self.used_kib = 7 * KIB_PER_UNIT // 2
        with self._guard:
            self._last.clear()
        for domain in self.connection.listAllDomains():
            for snapshot in domain.listAllSnapshots():
                snapshot.delete(2)  # what libvirt knows of it; its disk goes too
            runs = domain.isActive()
            if domain.isPersistent():
                domain.undefine()
            if runs:
                domain.destroy()
        for pool in self.connection.listAllStoragePools():
            pool.refresh()
            for volume in pool.listAllVolumes():
                volume.delete()

    def volume(self, pool: str, name: str, capacity: int, format: str) -> None:
        """A file in a storage pool, made by the daemon."""
        self.connection.storagePoolLookupByName(pool).createXML(
            f"<volume><name>{name}</name><capacity>{capacity}</capacity>"
            f'<target><format type="{format}"/></target></volume>'
        )

    def _pool(self, name: str) -> None:
        pool = self.connection.storagePoolDefineXML(
            f'<pool type="dir"><name>{name}</name><target><path>{self._home}/{name}</path></target></pool>'
        )
        pool.build()
        pool.create()

    def _look(self) -> None:
        with self._guard:
            for name, last in self._last.items():
                now = self._values(name)
                if now and now != last:
                    self._last[name] = now
                    self._effects[name] += 1

    def _values(self, name: str) -> tuple[object, ...]:
        """What the machine has while it runs, and the limits that are ours."""
        domain = self.domain(name)
        if not domain.isActive():
            return ()
        _, _, memory, cpus, _ = domain.info()
        notes = ElementTree.fromstring(domain.metadata(ELEMENT, SPACE, KEPT))
        limits = [(limit.get("component"), limit.get("value")) for limit in notes.findall("limit")]
        return (cpus, memory, domain.blockInfo("vda")[0], *limits)
