"""What an installation says about its Proxmox VE cluster."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import override_settings

from prorata.config import wiring
from prorata.config.environment.proxmox import read_proxmox
from prorata.provisioning.drivers.proxmox import ProxmoxDriver

CLUSTER = {
    "PRORATA_PROXMOX_URL": "https://pve.example.com:8006",
    "PRORATA_PROXMOX_TOKEN_ID": "prorata@pve!portal",
    "PRORATA_PROXMOX_TOKEN_SECRET": "0f0e-secret",
}


def read(**changed: str) -> tuple[object, list[str]]:
    mistakes: list[str] = []
    environ = {**CLUSTER, **changed}
    return read_proxmox(environ, environ.keys(), mistakes), mistakes


def test_a_cluster() -> None:
    assert read_proxmox({}, (), []) is None
    found, mistakes = read(
        PRORATA_PROXMOX_COMPONENTS="cpu=cpu, nvme_gb=virtio0,snapshots=snapshots:3,backups=retention"
    )
    assert mistakes == []
    assert found.components == {
        "cpu": ("cpu", 0),
        "nvme_gb": ("virtio0", 0),
        "snapshots": ("snapshots", 3),
        "backups": ("retention", 0),
    }
    assert (found.ca, found.cpu_ratio, found.memory_ratio, found.shutdown_seconds) == (None, 4, 1, 120)
    assert "0f0e-secret" not in repr(found)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"PRORATA_PROXMOX_TOKEN_SECRET": " "}, "Set PRORATA_PROXMOX_TOKEN_SECRET (the token's secret)"),
        ({"PRORATA_PROXMOX_URL": ""}, "Set PRORATA_PROXMOX_URL"),
        ({"PRORATA_PROXMOX_URL": "http://pve.example.com:8006"}, "Give https://host:8006"),
        ({"PRORATA_PROXMOX_URL": "https://pve.example.com:8006/api2/json"}, "Give https://host:8006"),
        ({"PRORATA_PROXMOX_URL": "https://root:x@pve.example.com"}, "Give https://host:8006"),
        ({"PRORATA_PROXMOX_TOKEN_ID": "root@pam"}, "is no token id"),
        ({"PRORATA_PROXMOX_CA": "/nowhere.pem"}, "PRORATA_PROXMOX_CA cannot be read"),
        ({"PRORATA_PROXMOX_CA": "/dev/null"}, "PRORATA_PROXMOX_CA holds no certificate"),
        ({"PRORATA_PROXMOX_COMPONENTS": "cpu=cpu,cores=cpu"}, "'cores=cpu'"),
        ({"PRORATA_PROXMOX_COMPONENTS": "disk=net0"}, "'disk=net0'"),
        ({"PRORATA_PROXMOX_COMPONENTS": "disk=scsi0:4"}, "'disk=scsi0:4'"),
        ({"PRORATA_PROXMOX_CPU_RATIO": "0"}, "PRORATA_PROXMOX_CPU_RATIO is '0'"),
        ({"PRORATA_PROXMOX_MEMORY_RATIO": "NaN"}, "PRORATA_PROXMOX_MEMORY_RATIO is 'NaN'"),
        ({"PRORATA_PROXMOX_SHUTDOWN_SECONDS": "9"}, "10 to 3600"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(changed: dict[str, str], line: str) -> None:
    _, (said,) = read(**changed)
    assert line in said
    assert "0f0e-secret" not in said


@pytest.mark.parametrize("only", sorted(CLUSTER))
def test_half_a_cluster_is_one_clear_line(only: str) -> None:
    mistakes: list[str] = []
    read_proxmox({only: CLUSTER[only]}, {only}, mistakes)
    (said,) = mistakes
    assert said.startswith("Proxmox VE is half set up.")
    assert all(name in said for name in CLUSTER if name != only)


def test_the_driver_is_made_from_the_settings() -> None:
    found, _ = read(PRORATA_PROXMOX_CPU_RATIO="2.5", PRORATA_PROXMOX_COMPONENTS="cores=cpu")
    with override_settings(PRORATA_PROXMOX=found):
        driver = wiring.proxmox_driver()
    assert isinstance(driver, ProxmoxDriver)
    assert [(one.code, one.means) for one in driver._site.components] == [("cores", "cpu")]
    assert driver._site.overcommit.cpu == Decimal("2.5")


@pytest.mark.parametrize("gone", ["proxmoxer", "requests"])
def test_without_the_extra_one_line_says_what_to_type(monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    monkeypatch.setitem(sys.modules, gone, None)
    monkeypatch.delitem(sys.modules, "proxmoxer.backends.https", raising=False)
    with pytest.raises(ImportError, match=r"pip install prorata\[proxmox\]"):
        ProxmoxDriver(*CLUSTER.values())
    _, (said,) = read()
    assert "Type: pip install prorata[proxmox]" in said


@pytest.mark.parametrize(
    ("url", "token", "secret"),
    [
        ("http://pve:8006", "a@pve!b", "s"),
        ("", "a@pve!b", "s"),
        ("https://pve", "a@pve", "s"),
        ("https://pve", "a@pve!b", " "),
    ],
)
def test_the_driver_itself_takes_no_half_login(url: str, token: str, secret: str) -> None:
    with pytest.raises(ValueError, match="Proxmox VE"):
        ProxmoxDriver(url, token, secret)


def test_nothing_of_the_certificate_is_left_unchecked(tmp_path: Path) -> None:
    assert ProxmoxDriver(*CLUSTER.values())._site.api._root._store["session"].auth.verify_ssl is True
    with_ca = ProxmoxDriver(*CLUSTER.values(), ca=str(tmp_path / "ca.pem"))
    session = with_ca._site.api._root._store["session"]
    assert session.auth.verify_ssl == str(tmp_path / "ca.pem")
    assert not session.trust_env
    assert session.max_redirects == 0
