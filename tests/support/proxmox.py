"""Machines of the driver contract on a Proxmox VE cluster of fakepve, behind our own front."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from prorata.provisioning.drivers.base import Applied, Step
from prorata.provisioning.drivers.contract import new_key
from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from prorata.provisioning.drivers.proxmox.cluster import Overcommit
from prorata.provisioning.drivers.proxmox.machine import Component
from support.proxmox_front import GIB, SECRET, TOKEN_ID, Front

ONE_TO_ONE = Overcommit(cpu=Decimal(1), memory=Decimal(1))
COMPONENTS = (
    Component("cpu", "cpu"),
    Component("memory", "memory"),
    Component("disk", "scsi0"),
    Component("snapshots", "snapshots"),
    Component("backups", "backups", 3),
)
NOTES = "# web server\nasked for by **Aiko**"


def driver_of(front: Front, **more: Any) -> ProxmoxDriver:
    """A driver for the cluster, with its certificate as the authority."""
    asked = {
        "ca": front.certificate,
        "components": COMPONENTS,
        "overcommit": ONE_TO_ONE,
        "patience_seconds": 1.0,
    }
    return ProxmoxDriver(front.url, TOKEN_ID, SECRET, **{**asked, **more})


def apply(
    driver: ProxmoxDriver, machine: str, step: Step, *, key: str = "", may_restart: bool = True
) -> Applied:
    return driver.apply(machine, step, key=key or new_key(), fence=1, may_restart=may_restart)


def writes(front: Front, since: int) -> list[str]:
    """What was written since: "PUT config vcpus", in words."""
    return [
        f"{method} {path.split('/')[-1]} {' '.join(sorted(given.keys() - {'digest', 'description', 'tags'}))}".strip()
        for method, path, given in front.calls[since:]
        if method != "GET"
    ]


class ProxmoxWorld:
    """Builds the contract's machines: two of twelve CPUs plugged, memory that needs a restart, two backups of three."""

    live, restart, fixed, counted = "cpu", "memory", "disk", "backups"

    def __init__(self, front: Front) -> None:
        self.front = front
        self.made = 100

    def machine(self, **config: Any) -> str:
        self.made += 1
        vmid, node = self.made, f"pve{self.made}"
        self.front.node(node)
        vm = self.front.pve.add_vm(
            vmid,
            f"web-{vmid}",
            node=node,
            status="running",
            config={
                "sockets": 1, "cores": 12, "vcpus": 2, "hotplug": "network,disk,usb,cpu", "memory": 8192,
                "scsi0": f"local-lvm:vm-{vmid}-disk-0,discard=on,size=100G", "description": NOTES, "tags": "customer",
                "agent": "1", **config,
            },
        )  # fmt: skip
        vm.stats.update(mem=int(3.5 * GIB), freemem=int(4.5 * GIB))
        vm.shutdown_secs = vm.start_secs = self.front.step_seconds
        volumes = self.front.pve.storages["local"].setdefault("volumes", {})
        for day in (1, 2):
            volumes[f"backup/vzdump-qemu-{vmid}-2026_11_0{day}-03_00_00.vma.zst"] = {
                "content": "backup", "format": "vma.zst", "size": 18 * GIB, "vmid": vmid, "ctime": 1_793_500_000 + day,
            }  # fmt: skip
        self.front.count()
        return str(vmid)

    def vm(self, external_id: str) -> Any:
        """fakepve's own machine."""
        return self.front.pve.vm(int(external_id))

    def effects(self, external_id: str) -> int:
        return self.front.effects(int(external_id))

    def fill_host(self, external_id: str) -> None:
        self.made += 1
        config = {"cores": 10, "memory": 1024}
        self.front.pve.add_vm(self.made, "neighbour", node=self.vm(external_id).node, config=config)

    def roomier_host(self, external_id: str) -> None:
        self.front.node(f"{self.vm(external_id).node}-roomy", cpu=2 + 30)

    def keep_busy(self, external_id: str) -> None:
        self.front.pve.snapshot_lock(int(external_id), "backup")

    def release(self, external_id: str) -> None:
        self.front.pve.unlock(int(external_id))

    def restart_machine(self, external_id: str) -> None:
        self.vm(external_id).apply_pending()

    def lose_call(self, call: str) -> None:
        self.front.lost_calls.append(call)

    def lose_answer(self, call: str) -> None:
        self.front.lost_answers.append(call)

    def go_down(self) -> None:
        self.front.stop_listening()

    def come_back(self) -> None:
        self.front.listen()
