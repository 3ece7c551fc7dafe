"""Answers that are refusals, silence or nonsense."""

from __future__ import annotations

import pytest

from prorata.provisioning.drivers.base import (
    DriverUnreachable,
    MachineUnknown,
    Step,
)
from prorata.provisioning.drivers.contract import new_key, value
from prorata.provisioning.drivers.proxmox import ProxmoxDriver
from support.proxmox import COMPONENTS, ProxmoxWorld, apply, driver_of
from support.proxmox_front import SECRET, TOKEN_ID, Front
from support.sandboxes import wait_until

REFUSED = (401, 403, 500, 501, 502, 503, 504, 595, 596, 599)


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
        self, front: Front, world: ProxmoxWorld, driver: ProxmoxDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("prorata.provisioning.drivers.proxmox.api.ANSWER_SECONDS", 1.5)
        impatient, machine, key = driver_of(front), world.machine(), new_key()
        front.writes_pass.clear()
        with pytest.raises(DriverUnreachable, match="ReadTimeout"):
            apply(impatient, machine, Step("cpu", 2, 4), key=key)
        front.writes_pass.set()
        # The call that was given up arrives all the same.
        wait_until(lambda: world.effects(machine) == 1, "the call")
        assert apply(driver, machine, Step("cpu", 2, 4), key=key).state == "done"
        assert world.effects(machine) == 1

    def test_a_write_that_proxmox_only_says_it_did(self, driver: ProxmoxDriver, world: ProxmoxWorld) -> None:
        machine, key, step = world.machine(), new_key(), Step("cpu", 2, 4)
        world.front.lies = True
        with pytest.raises(DriverUnreachable, match="does not show it"):
            apply(driver, machine, step, key=key)
        world.front.lies = False
        assert apply(driver, machine, step, key=key).state == "done"
        assert world.effects(machine) == 1
