"""The sandbox driver against a real hypervisor process: the contract, and what only the sandbox can do."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prorata.provisioning.drivers.base import DriverUnreachable, MachineBusy, Step, StepRefused
from prorata.provisioning.drivers.contract import DriverContract, MovingContract, finish, new_key, value
from prorata.provisioning.drivers.sandbox import SandboxDriver
from support.sandboxes import HypervisorProcess, start_hypervisor, wait_until

# Longer than any test waits.
FOR_AGES = 3_600


class SandboxWorld:
    """Builds the contract's machines in the sandbox."""

    live, restart, fixed, counted = "cpu", "memory_gb", "nvme_gb", "snapshots"

    def __init__(self, process: HypervisorProcess) -> None:
        self.process = process
        self.made = 0

    def machine(self) -> str:
        self.made += 1
        host = f"node-{self.made}"
        self.process.create_host(host, cpu=12)
        return self.process.create_machine(
            {"cpu": 2, "memory_gb": 8, "nvme_gb": 100, "snapshots": 3},
            host=host,
            components={
                "memory_gb": {"grow": "restart", "shrink": "restart"},
                "nvme_gb": {"grow": "live", "shrink": "never"},
                "snapshots": {"grow": "live", "shrink": "live"},
            },
            usage={"memory_gb": "3.5", "nvme_gb": "62.4"},
            objects=[{"kind": "snapshots", "name": name} for name in ("before-update", "monday")],
        )

    def host(self, machine: str) -> str:
        return str(self.process.machine(machine)["host"])

    def effects(self, external_id: str) -> int:
        return self.process.effects(external_id)

    def fill_host(self, external_id: str) -> None:
        self.process.fill_host(self.host(external_id))

    def roomier_host(self, external_id: str) -> None:
        self.process.create_host(f"{self.host(external_id)}-roomy", cpu=2 + 30)

    def keep_busy(self, external_id: str) -> None:
        self.process.busy(external_id, "backup")

    def release(self, external_id: str) -> None:
        self.process.not_busy(external_id)

    def restart_machine(self, external_id: str) -> None:
        self.process.restart_machine(external_id)

    def lose_call(self, call: str) -> None:
        self.process.fault(call=call, effect="before")

    def lose_answer(self, call: str) -> None:
        self.process.fault(call=call, effect="after")

    def go_down(self) -> None:
        self.process.kill()

    def come_back(self) -> None:
        self.process.restart()


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HypervisorProcess]:
    with start_hypervisor(tmp_path_factory.mktemp("hypervisor")) as process:
        yield process


@pytest.fixture(scope="module")
def worlds(process: HypervisorProcess) -> SandboxWorld:
    return SandboxWorld(process)


@pytest.fixture
def world(worlds: SandboxWorld) -> Iterator[SandboxWorld]:
    yield worlds
    worlds.process.clear_faults()
    worlds.process.settings(down=False, step_seconds=0, latency_seconds=0)


@pytest.fixture
def driver(process: HypervisorProcess) -> SandboxDriver:
    return process.driver()


class TestSandboxDriver(DriverContract, MovingContract):
    """The contract as it stands."""


class TestSlowSandboxDriver(DriverContract, MovingContract):
    """The same when steps take time: accepted first, done later."""

    @pytest.fixture(autouse=True)
    def slow(self, world: SandboxWorld) -> None:
        world.process.settings(step_seconds=0.05)


def test_options_are_words(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine = world.process.create_machine(
        {"instance_type": "1C1G"},
        components={"instance_type": {"grow": "restart", "options": ["1C1G", "2C4G"]}},
    )
    step = Step("instance_type", "1C1G", "2C4G")
    assert driver.plan(machine, step).mode == "restart"
    assert finish(driver, machine, step, key=new_key()).state == "done"
    assert value(driver, machine, "instance_type") == "2C4G"
    assert world.process.restarts(machine) == 1
    with pytest.raises(StepRefused, match="no option 9C9G"):
        driver.apply(machine, Step("instance_type", "2C4G", "9C9G"), key=new_key(), fence=1, may_restart=True)


def test_a_stopped_machine_needs_no_restart(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine = world.machine()
    world.process.change_machine(machine, power="stopped")
    assert driver.read(machine).state == "stopped"
    assert driver.plan(machine, Step("memory_gb", 8, 16)).mode == "live"
    finish(driver, machine, Step("memory_gb", 8, 16), key=new_key(), may_restart=False)
    assert value(driver, machine, "memory_gb") == 16
    assert world.process.restarts(machine) == 0


def test_a_lie_is_seen_by_reading(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine, key, step = world.machine(), new_key(), Step("cpu", 2, 4)
    world.process.fault(call="apply", kind="lie")
    assert driver.apply(machine, step, key=key, fence=1, may_restart=True).state == "done"
    assert value(driver, machine, "cpu") == 2
    assert world.effects(machine) == 0
    assert [line["outcome"] for line in world.process.operations(machine)] == ["lied"]
    assert finish(driver, machine, step, key=key).state == "done"
    assert value(driver, machine, "cpu") == 4


def test_a_failure_that_was_none(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine = world.machine()
    world.process.fault(call="apply", kind="error", effect="after")
    with pytest.raises(DriverUnreachable):
        driver.apply(machine, Step("cpu", 2, 4), key=new_key(), fence=1, may_restart=True)
    assert value(driver, machine, "cpu") == 4


def test_half_a_step_can_be_finished(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine, key, step = world.machine(), new_key(), Step("nvme_gb", 100, 160)
    world.process.fault(call="apply", kind="half_apply")
    with pytest.raises(DriverUnreachable):
        driver.apply(machine, step, key=key, fence=1, may_restart=True)
    assert value(driver, machine, "nvme_gb") == 130
    assert finish(driver, machine, step, key=key).state == "done"
    assert value(driver, machine, "nvme_gb") == 160


def test_a_fault_can_be_meant_for_one_component(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine = world.machine()
    world.process.fault(call="apply", only_for={"component": "memory_gb", "machine": machine}, times=2)
    assert finish(driver, machine, Step("cpu", 2, 4), key=new_key()).state == "done"
    for _ in range(2):
        with pytest.raises(DriverUnreachable):
            driver.apply(machine, Step("memory_gb", 8, 16), key=new_key(), fence=1, may_restart=True)
    assert finish(driver, machine, Step("memory_gb", 8, 16), key=new_key()).state == "done"


def test_a_component_that_refuses_for_good(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine, key = world.machine(), new_key()
    world.process.change_component(machine, "cpu", refuses="the pool of licences is used up")
    plan = driver.plan(machine, Step("cpu", 2, 4))
    assert (plan.possible, plan.reason) == (False, "the pool of licences is used up")
    with pytest.raises(StepRefused, match="licences"):
        driver.apply(machine, Step("cpu", 2, 4), key=key, fence=1, may_restart=True)
    world.process.change_component(machine, "cpu", refuses="")
    assert finish(driver, machine, Step("cpu", 2, 4), key=key).state == "done"


def test_busy_for_a_while(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine = world.machine()
    world.process.busy(machine, "migration")
    with pytest.raises(MachineBusy, match="migration"):
        driver.apply(machine, Step("cpu", 2, 4), key=new_key(), fence=1, may_restart=True)
    world.process.busy(machine, "migration", seconds=0.2)
    wait_until(lambda: driver.read(machine).state == "running", "the migration to end")
    assert finish(driver, machine, Step("cpu", 2, 4), key=new_key()).state == "done"


def test_a_slow_step_shows_and_keeps_others_out(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine, key, step = world.machine(), new_key(), Step("memory_gb", 8, 16)
    world.process.change_component(machine, "memory_gb", seconds=FOR_AGES)
    assert driver.apply(machine, step, key=key, fence=1, may_restart=True).state == "accepted"
    assert driver.apply(machine, step, key=key, fence=1, may_restart=True).state == "accepted"
    reading = driver.read(machine)
    assert (reading.state, reading.busy_with) == ("busy", "changing memory_gb")
    assert reading.configuration["memory_gb"] == 8
    with pytest.raises(MachineBusy):
        driver.apply(machine, Step("cpu", 2, 4), key=new_key(), fence=1, may_restart=True)
    world.process.change_component(machine, "memory_gb", seconds=0.2)
    assert finish(driver, machine, step, key=key).state == "done"
    assert world.process.call("GET", f"/v1/operations/{key}")["state"] == "done"
    assert world.effects(machine) == 1


def test_use_that_grows_during_a_reduction_stops_it(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine, key, step = world.machine(), new_key(), Step("memory_gb", 8, 4)
    world.process.change_component(machine, "memory_gb", seconds=FOR_AGES)
    assert driver.apply(machine, step, key=key, fence=1, may_restart=True).state == "accepted"
    world.process.change_machine(machine, usage={"memory_gb": "4.5"})
    world.process.change_component(machine, "memory_gb", seconds=0)
    wait_until(lambda: driver.read(machine).state == "running", "the step to end")
    assert value(driver, machine, "memory_gb") == 8
    assert world.effects(machine) == 0
    with pytest.raises(StepRefused, match=r"4\.5 of memory_gb are in use"):
        driver.apply(machine, step, key=key, fence=1, may_restart=True)


def test_a_step_goes_on_after_the_process_is_killed(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine, key, step = world.machine(), new_key(), Step("cpu", 2, 4)
    world.process.change_component(machine, "cpu", seconds=FOR_AGES)
    assert driver.apply(machine, step, key=key, fence=1, may_restart=True).state == "accepted"
    world.process.restart()
    assert driver.read(machine).busy_with == "changing cpu"
    world.process.change_component(machine, "cpu", seconds=0.2)
    assert finish(driver, machine, step, key=key).state == "done"
    assert world.effects(machine) == 1


def test_a_value_that_waits_is_replaced_by_a_later_one(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine, first = world.machine(), new_key()
    driver.apply(machine, Step("memory_gb", 8, 16), key=first, fence=1, may_restart=False)
    driver.apply(machine, Step("memory_gb", 8, 32), key=new_key(), fence=1, may_restart=False)
    with pytest.raises(AssertionError, match="404"):
        world.process.call("GET", f"/v1/operations/{first}")
    world.restart_machine(machine)
    assert value(driver, machine, "memory_gb") == 32
    assert world.effects(machine) == 1


def test_headroom_counts_what_waits_and_what_others_hold(driver: SandboxDriver, world: SandboxWorld) -> None:
    world.process.create_host("shared", memory_gb=32)
    first = world.process.create_machine({"memory_gb": 8}, host="shared")
    second = world.process.create_machine(
        {"memory_gb": 8}, host="shared", components={"memory_gb": {"grow": "restart"}}
    )
    assert driver.read(first).headroom == {"memory_gb": 16}
    driver.apply(second, Step("memory_gb", 8, 20), key=new_key(), fence=1, may_restart=False)
    assert driver.read(first).headroom == {"memory_gb": 4}


def test_many_at_once_change_a_machine_once(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine, key, step = world.machine(), new_key(), Step("cpu", 2, 4)
    answers: list[str] = []

    def apply() -> None:
        answers.append(driver.apply(machine, step, key=key, fence=1, may_restart=True).state)

    threads = [threading.Thread(target=apply) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["done"] * 8
    assert world.effects(machine) == 1


def test_an_answer_that_never_comes_is_given_up(process: HypervisorProcess, world: SandboxWorld) -> None:
    machine = world.machine()
    world.process.fault(call="read", kind="hang", seconds=FOR_AGES)
    impatient = process.driver(read_timeout=0.2)
    with pytest.raises(DriverUnreachable, match="ReadTimeout"):
        impatient.read(machine)


def test_down_cuts_every_call(driver: SandboxDriver, world: SandboxWorld) -> None:
    world.process.settings(down=True)
    with pytest.raises(DriverUnreachable):
        driver.list_machines()
    world.process.settings(down=False)
    driver.list_machines()


def test_emptied_it_is_as_it_began(tmp_path: Path) -> None:
    with start_hypervisor(tmp_path) as process:
        driver = process.driver()
        for _ in range(2):
            assert driver.list_machines() == []
            process.create_host("host-1", cpu=4)
            machine = process.create_machine(
                {"cpu": 2, "snapshots": 4}, id="vm-1", objects=[{"kind": "snapshots", "size_gb": "1"}]
            )
            process.settings(latency_seconds=0.001)
            process.fault(call="apply")
            driver.read(machine)
            assert [call["call"] for call in process.calls("read")] == ["read"]
            process.kill()
            process.empty()
        assert process.control("GET", "settings")["latency_seconds"] == 0
        assert process.calls("read") == []
        machine = process.create_machine({"cpu": 2}, id="vm-1")
        step = Step("cpu", 2, 6)
        assert driver.apply(machine, step, key=new_key(), fence=1, may_restart=True).state == "done", (
            "no host is full"
        )


def test_a_wrong_token_is_no_refusal_of_the_step(process: HypervisorProcess, world: SandboxWorld) -> None:
    machine = world.machine()
    stranger = SandboxDriver(process.url, "another-token", mode="test")
    with pytest.raises(DriverUnreachable):
        stranger.apply(machine, Step("cpu", 2, 4), key=new_key(), fence=1, may_restart=True)
    assert world.effects(machine) == 0


@pytest.mark.parametrize("mode", [None, "", "production", "Demo"])
def test_the_driver_does_not_exist_in_production(monkeypatch: pytest.MonkeyPatch, mode: str | None) -> None:
    monkeypatch.delenv("PRORATA_MODE", raising=False)
    with pytest.raises(ValueError, match="PRORATA_MODE=demo"):
        SandboxDriver("http://127.0.0.1:1", "token", mode=mode)


@pytest.mark.parametrize(("url", "token"), [("http://127.0.0.1:1", " "), ("ftp://x", "token"), ("", "token")])
def test_the_driver_wants_an_address_and_a_token(url: str, token: str) -> None:
    with pytest.raises(ValueError, match="sandbox hypervisor"):
        SandboxDriver(url, token, mode="test")


@pytest.mark.parametrize(
    ("environment", "arguments", "line"),
    [
        ({"PRORATA_MODE": "production"}, ["--token", "x"], "PRORATA_MODE=demo or PRORATA_MODE=test"),
        ({}, ["--token", "x"], "PRORATA_MODE=demo or PRORATA_MODE=test"),
        ({"PRORATA_MODE": "test"}, [], "--token"),
        ({"PRORATA_MODE": "test"}, ["--token", "x", "--port", "http"], "not a port"),
        ({"PRORATA_MODE": "test"}, ["--token", "x", "--step-seconds", "nan"], "no duration"),
        ({"PRORATA_MODE": "test"}, ["--token", "x", "--store", "/dev/null/store"], "--store"),
    ],
)
def test_a_wrong_start_is_one_clear_line(
    tmp_path: Path, environment: dict[str, str], arguments: list[str], line: str
) -> None:
    command = [sys.executable, "-m", "prorata.sandbox.hypervisor", "--store", str(tmp_path / "s"), *arguments]
    bare = {name: text for name, text in os.environ.items() if not name.startswith("PRORATA_")}
    run = subprocess.run(command, env={**bare, **environment}, capture_output=True, text=True, timeout=30)
    assert run.returncode == 2
    assert line in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("machines", {"configuration": {"cpu": 1.5}}),
        ("machines", {"configuration": {"cpu": 1}, "usage": {"cpu": "NaN"}}),
        ("machines", {"configuration": {"cpu": 1}, "colour": "red"}),
        ("machines", {"configuration": {"cpu": 1}, "components": {"cpu": {"shrink": "maybe"}}}),
        ("faults", {"call": "applly"}),
        ("faults", {"call": "read", "kind": "lie"}),
        ("settings", {"step_second": 1}),
    ],
)
def test_a_wrong_order_is_refused_in_words(world: SandboxWorld, path: str, body: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="400"):
        world.process.control("POST", path, body)


def test_people_can_look(driver: SandboxDriver, world: SandboxWorld) -> None:
    machine = world.process.create_machine({"cpu": 2}, name="web <01>")
    finish(driver, machine, Step("cpu", 2, 4), key=new_key())
    connection = http.client.HTTPConnection("127.0.0.1", world.process.port)
    connection.request("GET", "/")
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    assert answer.status == 200
    assert "web &lt;01&gt;" in page
    assert "no real machine is touched" in page
    assert '<td class="number">4</td>' in page
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
