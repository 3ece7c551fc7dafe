"""What only the Proxmox VE driver must do: restarts that survive a dead worker, locks, digests, tasks, tokens, notes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from prorata.provisioning.drivers.base import (
    Applied,
    DriverUnreachable,
    HostFull,
    MachineBusy,
    MachineUnknown,
    Step,
    StepRefused,
)
from prorata.provisioning.drivers.contract import finish, new_key, value
from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from prorata.provisioning.drivers.proxmox.machine import Component
from support.proxmox import COMPONENTS, NOTES, ProxmoxWorld, driver_of
from support.proxmox_front import GIB, SECRET, TOKEN_ID, Front, said

REFUSED = (401, 403, 500, 501, 502, 503, 504, 595, 596, 599)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    front = Front(tmp_path_factory.mktemp("proxmox"))
    yield front
    front.close()


@pytest.fixture(scope="module")
def worlds(front: Front) -> ProxmoxWorld:
    return ProxmoxWorld(front)


@pytest.fixture
def world(worlds: ProxmoxWorld) -> Iterator[ProxmoxWorld]:
    yield worlds
    front = worlds.front
    front.before_write = front.answers_instead = None
    front.lose_nth_write = 0
    front.lies = front.ha = False
    front.hangs_seconds = 0
    front.pve.failures.clear()
    for thing in (
        front.task_errors,
        front.preconditions,
        front.unplugged,
        front.local_resources,
        front.jobs,
        front.peaks,
    ):
        thing.clear()
    front.slow(0)


@pytest.fixture
def driver(front: Front) -> ProxmoxDriver:
    return driver_of(front)


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


class TestRestarts:
    """Reductions are cold, also where Proxmox would unplug at once."""

    def test_a_cpu_is_never_unplugged(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, key, step = world.machine(vcpus=6), new_key(), Step("cpu", 6, 4)
        assert driver.plan(machine, step).mode == "restart"
        waiting = apply(driver, machine, step, key=key, may_restart=False)
        assert waiting.state == "restart_pending"
        reading = driver.read(machine)
        assert (reading.configuration["cpu"], reading.restart_pending) == (6, {"cpu"})
        begin = len(world.front.calls)
        assert apply(driver, machine, step, key=key).state == "done"
        assert writes(world.front, begin) == [
            "PUT config",
            "POST shutdown timeout",
            "PUT config vcpus",
            "POST start",
        ]
        reading = driver.read(machine)
        assert (reading.state, reading.configuration["cpu"], reading.restart_pending) == (
            "running",
            4,
            frozenset(),
        )
        assert world.front.unplugged == []
        assert world.effects(machine) == 1

    def test_memory_is_plugged_live_and_taken_cold(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine(hotplug="memory,cpu", numa=1)
        grow = Step("memory", 8, 16)
        assert driver.plan(machine, grow).mode == "live"
        assert apply(driver, machine, grow, may_restart=False).state == "done"
        assert value(driver, machine, "memory") == 16
        assert driver.plan(machine, Step("memory", 16, 4)).mode == "restart"
        assert apply(driver, machine, Step("memory", 16, 4)).state == "done"
        assert value(driver, machine, "memory") == 4
        assert world.front.unplugged == []

    def test_without_numa_memory_waits_for_a_restart(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine = world.machine(hotplug="memory")
        assert driver.plan(machine, Step("memory", 8, 16)).mode == "restart"

    def test_more_cpus_than_the_machine_was_started_for(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine = world.machine(cores=4)
        step = Step("cpu", 2, 6)
        assert driver.plan(machine, step).mode == "restart"
        assert apply(driver, machine, step).state == "done"
        assert value(driver, machine, "cpu") == 6
        assert world.vm(machine).config["cores"] == "6"

    @pytest.mark.parametrize(
        ("sockets", "cores", "target", "options"), [(2, 2, 6, ("3", None)), (2, 2, 5, ("3", "5"))]
    )
    def test_sockets_stay_as_they_are(
        self,
        driver: ProxmoxDriver,
        world: ProxmoxWorld,
        sockets: int,
        cores: int,
        target: int,
        options: tuple[str, Any],
    ) -> None:
        machine = world.machine(sockets=sockets, cores=cores, hotplug="disk")
        del world.vm(machine).config["vcpus"]
        assert value(driver, machine, "cpu") == 4
        assert apply(driver, machine, Step("cpu", 4, target)).state == "done"
        config = world.vm(machine).config
        assert (config["cores"], config.get("vcpus")) == options
        assert value(driver, machine, "cpu") == target

    @pytest.mark.parametrize("what", ["call", "answer"])
    @pytest.mark.parametrize("nth", range(1, 6))
    @pytest.mark.parametrize(
        ("config", "step"),
        [
            ({"vcpus": 6}, Step("cpu", 6, 4)),
            ({}, Step("memory", 8, 16)),
            ({}, Step("memory", 8, 4)),
            ({}, Step("disk", 100, 150)),
        ],
        ids=["cold", "growing", "shrinking", "disk"],
    )
    def test_a_worker_that_dies_at_any_write_is_followed_by_one_effect(
        self,
        driver: ProxmoxDriver,
        world: ProxmoxWorld,
        config: dict[str, Any],
        step: Step,
        nth: int,
        what: str,
    ) -> None:
        world.front.pve.storages["local-lvm"].pop("avail", None)
        machine, key = world.machine(**config), new_key()
        world.front.lose_nth_write, world.front.lose_what = nth, what
        try:
            apply(driver, machine, step, key=key)
        except DriverUnreachable:
            seen = driver.read(machine)
            ended = (
                seen.configuration[step.component] == step.target
                and step.component not in seen.restart_pending
            )
            assert not ended or seen.state == "running", "nothing is done while the machine is left off"
        world.front.lose_nth_write = 0
        assert finish(driver, machine, step, key=key).state == "done"
        reading = driver.read(machine)
        assert (reading.state, reading.configuration[step.component]) == ("running", step.target)
        assert reading.restart_pending == frozenset()
        assert world.effects(machine) == 1

    def test_a_guest_that_does_not_shut_down_is_not_switched_off(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, key, step = world.machine(), new_key(), Step("memory", 8, 16)
        world.vm(machine).acpi = False
        waiting = apply(driver, machine, step, key=key)
        assert waiting.state == "restart_pending"
        assert "did not shut down" in waiting.reason
        assert world.vm(machine).status == "running"
        world.vm(machine).acpi = True
        assert apply(driver, machine, step, key=key).state == "done"

    def test_a_machine_that_goes_down_between_look_and_word_is_looked_at_again(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, key, step = world.machine(), new_key(), Step("memory", 8, 16)

        def down_at_the_reboot() -> None:
            if world.front.calls[-1][1].endswith("/reboot"):
                world.vm(machine).status = "stopped"
            else:
                world.front.before_write = down_at_the_reboot

        world.front.before_write = down_at_the_reboot
        assert apply(driver, machine, step, key=key).state == "accepted"
        assert finish(driver, machine, step, key=key).state == "done"
        reading = driver.read(machine)
        assert (reading.state, reading.configuration["memory"]) == ("running", 16)
        assert world.effects(machine) == 1

    def test_a_machine_that_does_not_start_is_told_and_started_later(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, key, step = world.machine(vcpus=6), new_key(), Step("cpu", 6, 4)
        world.vm(machine).start_error = "cannot allocate memory"
        with pytest.raises(DriverUnreachable, match="does not start: cannot allocate memory"):
            apply(driver, machine, step, key=key)
        reading = driver.read(machine)
        assert (reading.state, reading.configuration["cpu"]) == ("stopped", 6)
        assert reading.restart_pending == {"cpu"}, "not done while it is off because of us"
        world.vm(machine).start_error = None
        assert apply(driver, machine, step, key=key, may_restart=False).state == "done"
        assert driver.read(machine).state == "running"

    def test_what_a_customer_switches_off_stays_off(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, key, step = world.machine(vcpus=6), new_key(), Step("cpu", 6, 4)
        apply(driver, machine, step, key=key, may_restart=False)
        world.vm(machine).status = "stopped"
        assert apply(driver, machine, step, key=key).state == "done"
        reading = driver.read(machine)
        assert (reading.state, reading.configuration["cpu"]) == ("stopped", 4)
        assert world.vm(machine).status == "stopped"

    def test_after_a_restart_of_ours_off_means_off(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, key, step = world.machine(vcpus=6), new_key(), Step("cpu", 6, 4)
        assert apply(driver, machine, step, key=key).state == "done"
        world.vm(machine).status = "stopped"
        reading = driver.read(machine)
        assert (reading.configuration["cpu"], reading.restart_pending) == (4, frozenset())
        assert apply(driver, machine, step, key=key).state == "done"
        assert world.vm(machine).status == "stopped"

    def test_a_stopped_machine_needs_no_restart(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        world.vm(machine).status = "stopped"
        assert driver.plan(machine, Step("memory", 8, 16)).mode == "live"
        assert apply(driver, machine, Step("memory", 8, 16), may_restart=False).state == "done"
        assert value(driver, machine, "memory") == 16
        assert world.vm(machine).status == "stopped"

    @pytest.mark.parametrize(("balloon", "after"), [(8192, 4096), (6144, 4096), (2048, 2048), (0, 0)])
    def test_the_balloon_never_holds_more_than_there_is(
        self, driver: ProxmoxDriver, world: ProxmoxWorld, balloon: int, after: int
    ) -> None:
        machine = world.machine(balloon=balloon)
        assert apply(driver, machine, Step("memory", 8, 4)).state == "done"
        assert int(world.vm(machine).config["balloon"]) == after


class TestDisks:
    """Absolute sizes, upwards only."""

    def test_it_grows_to_an_absolute_size_while_the_machine_runs(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, begin = world.machine(), len(world.front.calls)
        assert apply(driver, machine, Step("disk", 100, 160), may_restart=False).state == "done"
        assert writes(world.front, begin) == ["PUT config", "PUT resize disk size"]
        assert world.front.calls[-1 - self.after_resize(world.front)][2]["size"] == "160G"
        assert "discard=on,size=160G" in world.vm(machine).config["scsi0"]

    def after_resize(self, front: Front) -> int:
        """How many calls came after the resize."""
        return next(n for n, (_, path, _g) in enumerate(reversed(front.calls)) if path.endswith("/resize"))

    def test_a_shrink_never_reaches_proxmox(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, begin = world.machine(), len(world.front.calls)
        with pytest.raises(StepRefused, match="cannot shrink"):
            apply(driver, machine, Step("disk", 100, 99))
        assert writes(world.front, begin) == []

    def test_a_hand_grown_disk_is_not_shrunk_by_an_old_target(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine, key = world.machine(), new_key()
        world.front.lose_nth_write, world.front.lose_what = 2, "call"
        with pytest.raises(DriverUnreachable):
            apply(driver, machine, Step("disk", 100, 150), key=key)
        config = world.vm(machine).config
        config["scsi0"] = config["scsi0"].replace("100G", "200G")
        assert apply(driver, machine, Step("disk", 100, 150), key=key).state == "done"
        assert value(driver, machine, "disk") == 200

    @pytest.mark.parametrize(
        ("words", "error"),
        [
            ("lvextend: No space left on device", HostFull),
            ("VM is locked (backup)", MachineBusy),
            ("checksum mismatch (file change by other user?)", MachineBusy),
            ("shrinking disks is not supported", StepRefused),
            ("command 'lvextend' failed: exit code 5", DriverUnreachable),
        ],
    )
    def test_a_task_that_failed(
        self, driver: ProxmoxDriver, world: ProxmoxWorld, words: str, error: type[Exception]
    ) -> None:
        machine, key = world.machine(), new_key()
        world.front.task_errors["resize"] = words
        with pytest.raises(error):
            apply(driver, machine, Step("disk", 100, 150), key=key)
        assert value(driver, machine, "disk") == 100
        assert apply(driver, machine, Step("disk", 100, 150), key=key).state == "done"
        assert value(driver, machine, "disk") == 150

    def test_a_storage_without_room(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        with pytest.raises(HostFull, match="room for 100 more of disk"):
            apply(driver, machine, Step("disk", 100, 201))
        assert not driver.plan(machine, Step("disk", 100, 201)).possible


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


class TestBusy:
    """Locks and tasks keep us out, by name; someone who looks does not."""

    @pytest.mark.parametrize(
        "lock", ["backup", "migrate", "snapshot", "snapshot-delete", "rollback", "suspended"]
    )
    def test_a_lock(self, driver: ProxmoxDriver, world: ProxmoxWorld, lock: str) -> None:
        machine = world.machine()
        world.front.pve.snapshot_lock(int(machine), lock)
        assert (driver.read(machine).state, driver.read(machine).busy_with) == ("busy", lock)
        with pytest.raises(MachineBusy, match=lock):
            apply(driver, machine, Step("cpu", 2, 3))
        with pytest.raises(MachineBusy, match=lock):
            driver.move(machine, {"cpu": 20}, key=new_key(), fence=1, may_restart=True)

    def test_a_lock_that_comes_between_look_and_write(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine = world.machine()
        vm = world.vm(machine)
        world.front.before_write = lambda: setattr(vm, "lock", "backup")
        with pytest.raises(MachineBusy, match=r"VM is locked \(backup\)"):
            apply(driver, machine, Step("cpu", 2, 3))
        vm.lock = None
        assert value(driver, machine, "cpu") == 2

    def test_a_running_task(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        record = {
            "node": world.vm(machine).node,
            "starttime": 1,
            "id": machine,
            "user": TOKEN_ID,
            "upid": "UPID:x",
        }
        log = world.front.pve.tasklog
        log += [{**record, "type": "vncproxy", "status": "running"}]
        assert driver.read(machine).state == "running"
        log += [{**record, "type": "qmrestore", "status": "running"}]
        assert driver.read(machine).busy_with == "qmrestore"
        with pytest.raises(MachineBusy, match="qmrestore"):
            apply(driver, machine, Step("cpu", 2, 3))
        del log[-2:]


class TestAnswers:
    """A certain no is only what Proxmox itself says in so many words."""

    @pytest.mark.parametrize("status", REFUSED)
    def test_no_status_is_a_refusal_of_the_step(
        self, driver: ProxmoxDriver, world: ProxmoxWorld, status: int
    ) -> None:
        machine, key, step = world.machine(), new_key(), Step("cpu", 2, 4)
        world.front.pve.fail("PUT", "/config", status, "something went wrong")
        with pytest.raises(DriverUnreachable, match=str(status)):
            apply(driver, machine, step, key=key)
        world.front.pve.fail("GET", "/config", status, "something went wrong")
        with pytest.raises(DriverUnreachable):
            driver.read(machine)
        world.front.pve.failures.clear()
        assert apply(driver, machine, step, key=key).state == "done"

    @pytest.mark.parametrize(
        "words", ["VM is locked (backup)", "can't lock file '/var/lock/x' - got timeout"]
    )
    def test_looking_never_is_busy_or_refused(
        self, driver: ProxmoxDriver, world: ProxmoxWorld, words: str
    ) -> None:
        machine = world.machine()
        world.front.pve.fail("GET", "/snapshot", 500, words)
        with pytest.raises(DriverUnreachable):
            driver.read(machine)

    @pytest.mark.parametrize(
        "answer",
        [
            (200, "OK", b"<html>a login page</html>"),
            (200, "OK", b'{"no": "data"}'),
            (200, "OK", b'{"data": {"not": "a list"}}'),
            (200, "OK", b'{"data": null}'),
            (400, "Bad Request", b"<html>a proxy</html>"),
            (204, "No Content", b""),
        ],
    )
    def test_what_is_no_answer(
        self, driver: ProxmoxDriver, world: ProxmoxWorld, answer: tuple[int, str, bytes]
    ) -> None:
        machine = world.machine()
        world.front.answers_instead = answer
        for ask in (
            lambda: driver.read(machine),
            driver.list_machines,
            lambda: apply(driver, machine, Step("cpu", 2, 3)),
        ):
            with pytest.raises(DriverUnreachable):
                ask()

    @pytest.mark.parametrize(("token", "secret"), [(TOKEN_ID, "another"), ("prorata@pve!other", SECRET)])
    def test_a_wrong_token_is_no_refusal(
        self, front: Front, world: ProxmoxWorld, token: str, secret: str
    ) -> None:
        machine = world.machine()
        stranger = ProxmoxDriver(front.url, token, secret, ca=front.certificate, components=COMPONENTS)
        for ask in (
            lambda: stranger.read(machine),
            lambda: apply(stranger, machine, Step("cpu", 2, 3)),
            lambda: stranger.delete_object(machine, f"snapshot-{machine}-x"),
        ):
            with pytest.raises(DriverUnreachable, match="401") as refusal:
                ask()
            assert secret not in refusal.value.reason

    def test_a_token_that_may_only_look(
        self, front: Front, world: ProxmoxWorld, driver: ProxmoxDriver
    ) -> None:
        machine = world.machine()
        front.pve.grant(TOKEN_ID, "/", "VM.Audit", "Sys.Audit", "Datastore.Audit")
        try:
            with pytest.raises(DriverUnreachable, match="403"):
                apply(driver, machine, Step("cpu", 2, 3))
        finally:
            front.pve.acl = None
        assert value(driver, machine, "cpu") == 2

    def test_a_token_that_sees_nothing_does_not_make_machines_unknown(
        self, front: Front, world: ProxmoxWorld, driver: ProxmoxDriver
    ) -> None:
        machine = world.machine()
        front.pve.grant("other@pve", "/", "VM.Audit")
        try:
            for ask in (lambda: driver.read(machine), lambda: apply(driver, machine, Step("cpu", 2, 3))):
                with pytest.raises(DriverUnreachable, match="may not see machine"):
                    ask()
        finally:
            front.pve.acl = None
        with pytest.raises(MachineUnknown):
            driver.read("99999")

    def test_a_token_that_sees_no_backups_does_not_make_them_none(
        self, front: Front, world: ProxmoxWorld, driver: ProxmoxDriver
    ) -> None:
        machine = world.machine()
        privileges = ["VM.Audit", "Sys.Audit", "Datastore.Audit"]
        front.pve.grant(TOKEN_ID, "/", *privileges)
        try:
            assert "backups" not in driver.read(machine).usage
            front.pve.grant(TOKEN_ID, "/", "VM.Backup", "Datastore.AllocateSpace")
            assert driver.read(machine).usage["backups"] == 2
            for name in [name for name in front.pve.storages["local"]["volumes"] if f"-{machine}-" in name]:
                del front.pve.storages["local"]["volumes"][name]
            assert driver.read(machine).usage["backups"] == 0
        finally:
            front.pve.acl = None

    def test_an_unknown_certificate_is_not_believed(self, front: Front, world: ProxmoxWorld) -> None:
        stranger = driver_of(front, ca=None)
        begin = len(front.calls)
        with pytest.raises(DriverUnreachable, match="SSLError"):
            stranger.list_machines()
        assert len(front.calls) == begin, "the token was not sent"

    def test_a_redirect_is_not_followed(
        self, front: Front, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        world.front.answers_instead, begin = (301, "Moved", b""), len(front.calls)
        with pytest.raises(DriverUnreachable):
            driver.list_machines()
        assert len(front.calls) == begin + 1, "the token went nowhere else"

    def test_an_answer_that_never_comes_is_given_up(
        self, front: Front, world: ProxmoxWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("prorata.provisioning.drivers.proxmox.api.ANSWER_SECONDS", 0.3)
        impatient, machine, key = driver_of(front), world.machine(), new_key()
        front.hangs_seconds = 1.0
        began = time.monotonic()
        with pytest.raises(DriverUnreachable, match="ReadTimeout"):
            apply(impatient, machine, Step("cpu", 2, 4), key=key)
        assert time.monotonic() - began < 1
        front.hangs_seconds = 0
        time.sleep(1)  # the call that was given up arrives all the same
        assert apply(impatient, machine, Step("cpu", 2, 4), key=key).state == "done"
        assert world.effects(machine) == 1

    def test_a_write_that_proxmox_only_says_it_did(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, key, step = world.machine(), new_key(), Step("cpu", 2, 4)
        world.front.lies = True
        with pytest.raises(DriverUnreachable, match="does not show it"):
            apply(driver, machine, step, key=key)
        world.front.lies = False
        assert apply(driver, machine, step, key=key).state == "done"
        assert world.effects(machine) == 1


class TestObjects:
    """Snapshots, and backups that count."""

    def test_snapshots(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, other = world.machine(), world.machine()
        for one in (machine, other):
            world.vm(one).snapshots["before-update"] = {"snaptime": 1_793_000_000}
        apply(driver, machine, Step("snapshots", 0, 3))
        reading = driver.read(machine)
        assert (reading.configuration["snapshots"], reading.usage["snapshots"]) == (3, 1)
        (snapshot,) = [stored for stored in reading.objects if stored.kind == "snapshots"]
        assert (snapshot.name, snapshot.created_at.year) == ("before-update", 2026)
        with pytest.raises(StepRefused, match="1 of snapshots are stored: before-update"):
            apply(driver, machine, Step("snapshots", 3, 0))
        with pytest.raises(StepRefused):
            driver.delete_object(other, snapshot.id)
        driver.delete_object(machine, snapshot.id)
        driver.delete_object(machine, snapshot.id)
        assert driver.read(machine).usage["snapshots"] == 0
        assert driver.read(other).usage["snapshots"] == 1
        assert apply(driver, machine, Step("snapshots", 3, 0)).state == "done"

    def test_a_protected_backup_is_refused(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        for name, volume in world.front.pve.storages["local"]["volumes"].items():
            volume["protected"] = f"-{machine}-" in name
        with pytest.raises(StepRefused, match="cannot remove protected"):
            driver.delete_object(machine, driver.read(machine).objects[0].id)
        assert driver.read(machine).usage["backups"] == 2

    def test_a_backup_storage_that_is_away_leaves_the_count_unknown(
        self, driver: ProxmoxDriver, world: ProxmoxWorld
    ) -> None:
        machine = world.machine()
        world.front.pve.storages["local"]["active"] = 0
        try:
            reading = driver.read(machine)
            assert "backups" not in reading.usage
            assert reading.configuration["backups"] == 3
            with pytest.raises(DriverUnreachable, match="storage local is away"):
                apply(driver, machine, Step("backups", 3, 1))
        finally:
            world.front.pve.storages["local"]["active"] = 1

    def test_retention_is_that_of_the_machines_own_job(self, front: Front, world: ProxmoxWorld) -> None:
        driver = driver_of(front, components=(Component("backups", "retention"),))
        machine = world.machine()
        assert "backups" not in driver.read(machine).configuration
        with pytest.raises(StepRefused, match="has no retention"):
            apply(driver, machine, Step("backups", 3, 5))
        front.jobs += [
            {"id": "all", "all": 1, "prune-backups": {"keep-last": "9"}},
            {"id": "shared", "vmid": f"{machine},100", "prune-backups": "keep-last=8"},
            {"id": "own", "vmid": machine, "prune-backups": {"keep-last": "3"}},
        ]
        assert driver.read(machine).configuration["backups"] == 3
        with pytest.raises(StepRefused, match="2 of backups are stored"):
            apply(driver, machine, Step("backups", 3, 1))
        assert apply(driver, machine, Step("backups", 3, 5)).state == "done"
        assert driver.read(machine).configuration["backups"] == 5
        assert [job["prune-backups"] for job in front.jobs][1:] == ["keep-last=8", "keep-last=5"]
        old = new_key()
        assert apply(driver, machine, Step("backups", 5, 6), key=old).state == "done"
        assert apply(driver, machine, Step("backups", 6, 5)).state == "done"
        assert apply(driver, machine, Step("backups", 5, 6), key=old).state == "done"
        assert driver.read(machine).configuration["backups"] == 5, "an old key undoes nothing"
        with pytest.raises(StepRefused):
            apply(driver, machine, Step("backups", 5, 0))


class TestUsage:
    """What the guest says, and nothing else."""

    def test_memory_that_the_guest_does_not_tell(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        del world.vm(machine).stats["freemem"]
        assert "memory" not in driver.read(machine).usage
        with pytest.raises(StepRefused, match="does not tell how much of memory"):
            apply(driver, machine, Step("memory", 8, 4))
        assert apply(driver, machine, Step("memory", 8, 16)).state == "done"

    @pytest.mark.parametrize("config", [{}, {"hotplug": "memory", "numa": 1}], ids=["pending", "cold"])
    def test_use_that_grew_while_a_reduction_waited_withdraws_it(
        self, driver: ProxmoxDriver, world: ProxmoxWorld, config: dict[str, Any]
    ) -> None:
        machine, key, step = world.machine(**config), new_key(), Step("memory", 8, 4)
        assert apply(driver, machine, step, key=key, may_restart=False).state == "restart_pending"
        world.vm(machine).stats.update(mem=7 * GIB, freemem=GIB)
        begin = len(world.front.calls)
        with pytest.raises(StepRefused, match=r"7\.00 of memory are in use"):
            apply(driver, machine, step, key=key)
        assert driver.read(machine).restart_pending == frozenset()
        assert not any("POST" in call for call in writes(world.front, begin)), "it was not restarted"
        world.restart_machine(machine)
        assert value(driver, machine, "memory") == 8
        world.vm(machine).stats.update(mem=3 * GIB, freemem=5 * GIB)
        assert apply(driver, machine, step, key=key).state == "done"
        assert value(driver, machine, "memory") == 4

    def test_the_peak_of_the_day_counts(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        world.front.peaks[int(machine)] = 6 * GIB
        assert driver.read(machine).usage["memory"] == 6
        with pytest.raises(StepRefused, match=r"6\.00 of memory are in use"):
            apply(driver, machine, Step("memory", 8, 5))

    def test_the_disk_as_the_agent_tells(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine = world.machine()
        assert "disk" not in driver.read(machine).usage
        on = {"disk": [{"serial": "0QEMU_QEMU_HARDDISK_drive-scsi0"}], "used-bytes": 60 * GIB, "name": "sda1"}
        other = {"disk": [{"serial": "drive-scsi1"}], "used-bytes": 500 * GIB, "name": "sdb1"}
        twice = {**on, "mountpoint": "/snap"}
        world.vm(machine).agent = {"get-fsinfo": [on, other, twice, {"name": "tmpfs", "disk": []}]}
        assert driver.read(machine).usage["disk"] == Decimal(60)
        world.vm(machine).agent_hangs = True
        assert "disk" not in driver.read(machine).usage


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
