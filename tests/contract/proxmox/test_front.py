"""The front that the tests put before the cluster."""

from __future__ import annotations

from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from support.proxmox import ProxmoxWorld
from support.proxmox_front import Front, said


def test_the_front_answers_as_a_cluster_does(
    front: Front, world: ProxmoxWorld, driver: ProxmoxDriver
) -> None:
    """The front is no friend of the driver: it unplugs, it refuses to shrink, it mixes pending values in."""
    machine = world.machine()
    api, path = driver._site.api, ("nodes", world.vm(machine).node, "qemu", int(machine))
    api.put(*path, "config", vcpus=1)
    assert front.unplugged == ["vcpus"]
    ended = api.wait(api.put(*path, "resize", disk="scsi0", size="50G"), 5)
    assert (ended.well, ended.words) == (False, "shrinking disks is not supported")
    api.put(*path, "config", memory=16384)
    assert api.get(*path, "config")["memory"] == "16384"
    assert api.get(*path, "config", current=1)["memory"] == "8192"
    assert said([]) == (200, "OK", b'{"data": []}')
