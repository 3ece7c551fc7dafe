"""Nodes, their room, and moves between them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from prorata.provisioning.drivers.base import (
    DriverUnreachable,
    HostFull,
    MachineUnknown,
    Step,
    StepRefused,
)
from prorata.provisioning.drivers.contract import new_key
from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from support.proxmox import ProxmoxWorld, apply, driver_of
from support.proxmox_front import Front


class TestPlaces:
    """Machines move, and nodes fill up."""

    def test_a_machine_that_moved_is_found(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        world.front.node("elsewhere")
        world.vm(machine).node = "elsewhere"
        assert driver.read(machine).host == "elsewhere"
        assert apply(driver, machine, Step("cpu", 2, 3)).state == "done"

    def test_templates_and_containers_are_no_machines(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, template = world.machine(), world.machine()
        world.vm(template).template = True
        world.front.pve.add_ct(9999, "a-container", node=world.vm(machine).node)
        assert machine in driver.list_machines()
        assert not {template, "9999"} & set(driver.list_machines())
        for one in (template, "9999", "99999", "0101"):
            with pytest.raises(MachineUnknown):
                driver.read(one)

    def test_a_node_that_is_down(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        world.front.pve.set_node_offline(world.vm(machine).node)
        with pytest.raises(DriverUnreachable, match="595"):
            driver.read(machine)
        assert machine in driver.list_machines()

    def test_headroom_counts_everyone_else_and_what_is_sold(self, front: Front, world: ProxmoxWorld) -> None:
        machine = world.machine()
        node = world.vm(machine).node
        front.pve.add_vm(8001, "off", node=node, config={"cores": 3, "memory": 8192})
        front.pve.add_vm(8002, "template", node=node, template=True, config={"cores": 64, "memory": 65536})
        reading = driver_of(front).read(machine)
        assert (reading.headroom["cpu"], reading.headroom["memory"]) == (12 - 3 - 2, 64 - 8 - 8)
        generous = driver_of(front, overcommit=type(driver_of(front)._site.overcommit)(cpu=Decimal(4)))
        assert generous.read(machine).headroom["cpu"] == 12 - 2, "never more than the node has"

    def test_a_move_that_failed_left_the_machine(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, key = world.machine(), new_key()
        here = world.vm(machine).node
        world.roomier_host(machine)
        world.front.task_errors["qmigrate"] = "migration aborted"
        with pytest.raises(HostFull, match="migration aborted"):
            driver.move(machine, {"cpu": 20}, key=key, fence=1, may_restart=True)
        assert driver.read(machine).host == here
        assert driver.move(machine, {"cpu": 20}, key=key, fence=1, may_restart=True).state == "done"
        assert driver.read(machine).host != here
        assert driver.read(machine).state == "running"

    @pytest.mark.parametrize("what", ["call", "answer"])
    @pytest.mark.parametrize("nth", [1, 2])
    def test_a_move_whose_call_is_lost_is_made_once(
        self, driver: ProxmoxDriver, world: ProxmoxWorld, nth: int, what: str
    ) -> None:
        machine, key, begin = world.machine(), new_key(), len(world.front.calls)
        world.roomier_host(machine)
        world.front.lose_nth_write, world.front.lose_what = nth, what
        with pytest.raises(DriverUnreachable):
            driver.move(machine, {"cpu": 20}, key=key, fence=1, may_restart=True)
        assert driver.move(machine, {"cpu": 20}, key=key, fence=1, may_restart=True).state == "done"
        moved = [
            given
            for method, path, given in world.front.calls[begin:]
            if method == "POST" and "migrate" in path
        ]
        assert len(moved) == 1 + (nth == 2 and what == "call")
        assert all(given["online"] == "1" for given in moved)

    def test_a_move_that_the_manager_makes_later(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, key = world.machine(), new_key()
        world.roomier_host(machine)
        world.front.ha = True
        assert driver.move(machine, {"cpu": 20}, key=key, fence=1, may_restart=True).state == "accepted"
        world.vm(machine).node += "-roomy"
        assert driver.move(machine, {"cpu": 20}, key=key, fence=1, may_restart=True).state == "done"

    def test_only_where_proxmox_lets_it_go(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        world.roomier_host(machine)
        roomy = {node for node, size in world.front.sizes.items() if size["maxcpu"] > 12}
        for told in (
            {"allowed_nodes": []},
            {
                "allowed_nodes": None,
                "not_allowed_nodes": {node: {"unavailable_storages": ["x"]} for node in roomy},
            },
        ):
            world.front.preconditions.update(told)
            with pytest.raises(HostFull, match="no other node has room"):
                driver.move(machine, {"cpu": 20}, key=new_key(), fence=1, may_restart=True)
        world.front.preconditions["not_allowed_nodes"] = {}
        assert driver.move(machine, {"cpu": 20}, key=new_key(), fence=1, may_restart=True).state == "done"

    def test_a_machine_bound_to_its_node(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        world.roomier_host(machine)
        world.front.local_resources.append("hostpci0")
        with pytest.raises(StepRefused, match="uses hostpci0"):
            driver.move(machine, {"cpu": 20}, key=new_key(), fence=1, may_restart=True)

    def test_a_key_of_a_step_moves_nothing(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, key = world.machine(), new_key()
        apply(driver, machine, Step("cpu", 2, 3), key=key)
        with pytest.raises(StepRefused, match="belongs to another change"):
            driver.move(machine, {"cpu": 1}, key=key, fence=1, may_restart=True)
