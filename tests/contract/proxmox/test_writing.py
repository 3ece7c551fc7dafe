"""What is written, and how: digests, tasks, notes."""

from __future__ import annotations

import json
import re

import pytest

from prorata.provisioning.drivers.base import (
    DriverUnreachable,
    MachineBusy,
    Step,
    StepRefused,
)
from prorata.provisioning.drivers.contract import finish, new_key, value
from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from support.proxmox import NOTES, ProxmoxWorld, apply


class TestWriting:
    """Under the digest, with the record in the same call."""

    def test_a_hand_made_change_in_between_is_not_overwritten(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, key, step = world.machine(), new_key(), Step("cpu", 2, 4)
        world.front.before_write = lambda: world.vm(machine).config.update(vcpus=3)
        with pytest.raises(MachineBusy, match="changed at the same moment"):
            apply(driver, machine, step, key=key)
        assert value(driver, machine, "cpu") == 3
        assert apply(driver, machine, step, key=key).state == "done"
        assert value(driver, machine, "cpu") == 4

    def test_every_write_carries_the_digest(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, begin = world.machine(vcpus=6), len(world.front.calls)
        apply(driver, machine, Step("cpu", 6, 4))
        apply(driver, machine, Step("disk", 100, 150))
        apply(driver, machine, Step("snapshots", 0, 2))
        put = [given for method, _, given in world.front.calls[begin:] if method == "PUT"]
        assert len(put) == 6
        assert all(re.fullmatch(r"[0-9a-f]{40}", given["digest"]) for given in put)

    def test_the_notes_of_people_stay(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        for target in (3, 4, 5):
            apply(driver, machine, Step("cpu", 2, target))
        config = world.vm(machine).config
        assert config["description"].startswith(NOTES + "\n\n<!-- prorata: ")
        assert config["description"].count("<!-- prorata: ") == 1
        assert re.fullmatch(rf"customer;prorata-{machine}-[0-9a-f]{{16}}", config["tags"])

    def test_notes_that_were_edited_stop_everything_but_refuse_nothing(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine = world.machine()
        apply(driver, machine, Step("cpu", 2, 3))
        config = world.vm(machine).config
        config["description"] = config["description"].replace('"fence":', '"fences":')
        for ask in (lambda: driver.read(machine), lambda: apply(driver, machine, Step("cpu", 3, 4))):
            with pytest.raises(DriverUnreachable, match="was edited and cannot be read"):
                ask()

    def test_a_clone_does_not_inherit_the_record(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, key = world.machine(), new_key()
        driver.apply(machine, Step("snapshots", 0, 4), key=key, fence=9, may_restart=True)
        copy = world.vm(machine).config
        clone = world.machine(description=copy["description"], tags=copy["tags"])
        assert value(driver, clone, "snapshots") == 0
        assert (
            driver.apply(clone, Step("cpu", 2, 3), key=new_key(), fence=1, may_restart=True).state == "done"
        )
        again = driver.apply(machine, Step("snapshots", 0, 4), key=key, fence=9, may_restart=True)
        assert again.state == "done"
        assert world.vm(clone).config["tags"].count("prorata-") == 1

    def test_a_tag_that_a_clone_took_along_takes_no_key_away(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, key = world.machine(), new_key()
        apply(driver, machine, Step("memory", 8, 16), key=key, may_restart=False)
        world.machine(tags=world.vm(machine).config["tags"])
        apply(
            driver, machine, Step("memory", 8, 32), may_restart=False
        )  # replaces what waited: its key is free again
        assert apply(driver, machine, Step("memory", 8, 16), key=key).state == "done"
        assert value(driver, machine, "memory") == 16

    def test_notes_without_room(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine(description="x" * 8100)
        with pytest.raises(StepRefused, match="notes are too long"):
            apply(driver, machine, Step("cpu", 2, 3))
        assert value(driver, machine, "cpu") == 2

    def test_notes_that_have_no_room_for_one_change(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine(description="x" * 7850)
        steps = iter([Step("cpu", 2, target) for target in (3, 4) * 4])
        with pytest.raises(StepRefused, match="notes are too long"):
            all(apply(driver, machine, step) for step in steps)
        assert len(list(steps)) < 4, "what fits is done"

    def test_the_record_stays_within_the_notes(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine(description="x" * 7600)
        for target in (3, 4) * 6:
            assert finish(driver, machine, Step("cpu", 2, target), key=new_key()).state == "done"
        notes = world.vm(machine).config["description"]
        assert len(notes) <= 8192
        assert json.loads(notes.splitlines()[-2])["operations"]

    def test_a_plug_that_fails_waits_for_the_restart(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, key, step = world.machine(), new_key(), Step("cpu", 2, 6)
        # Somebody lowered the cores by hand, between the look and the write, in a way that keeps the digest.
        words = {"vcpus": "hotplug problem - error hotplugging cpu3\n"}
        world.front.plug_fails = (
            400,
            "Parameter verification failed.",
            json.dumps({"data": None, "errors": words}).encode(),
        )
        assert apply(driver, machine, step, key=key, may_restart=False).state == "restart_pending"
        assert value(driver, machine, "cpu") == 2
        assert apply(driver, machine, step, key=key).state == "done"
        assert value(driver, machine, "cpu") == 6
