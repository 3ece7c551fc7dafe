"""What an installation says about its libvirt host: each mistake is one line that says what to do."""

from __future__ import annotations

import sys
from fractions import Fraction

import pytest
from pytest_django import Settings

from prorata.config.environment import EnvironmentMistake, libvirt, read_environment
from prorata.provisioning.drivers.kvm.library import library
from prorata.provisioning.drivers.kvm.settings import Component, read_components
from prorata.provisioning.registry import driver

GOOD = {
    "DATABASE_URL": "postgresql://prorata_app:p@db.example.com/prorata",
    "PRORATA_SECRET_KEY": "k" * 50,
    "PRORATA_BASE_URL": "https://portal.example.com",
}
HOST = {"PRORATA_LIBVIRT_URI": "qemu+tls://kvm-1.example.com/system"}
GIB = 2**30


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libvirt, "find_spec", lambda name: name == "libvirt")


def mistakes(**changed: str) -> list[str]:
    with pytest.raises(EnvironmentMistake) as refused:
        read_environment({**GOOD, **HOST, **changed})
    return refused.value.lines


def test_no_host_is_no_mistake() -> None:
    assert read_environment(GOOD).libvirt is None


def test_a_host_with_the_usual_components() -> None:
    found = read_environment({**GOOD, **HOST}).libvirt
    assert found is not None
    assert found.hosts == {"libvirt": "qemu+tls://kvm-1.example.com/system"}
    assert found.settings.components == {
        "cpu": Component("cpu", "cpu"),
        "memory": Component("memory", "memory", GIB),
        "disk": Component("disk", "disk", GIB, "vda"),
        "snapshots": Component("snapshots", "snapshots"),
    }
    assert (found.settings.cpu_ratio, found.settings.memory_reserve) == (4, 2 * GIB)
    with_pool = read_environment({**GOOD, **HOST, "PRORATA_LIBVIRT_BACKUP_POOL": "backups"}).libvirt
    assert with_pool is not None
    assert "backups" in with_pool.settings.components


def test_a_host_with_its_own_words() -> None:
    found = read_environment(
        {
            **GOOD,
            **HOST,
            "PRORATA_LIBVIRT_COMPONENTS": "cores=cpu, memory_mb=memory:512MiB, root=disk:sda:GiB, data=disk:sdb:10GiB",
            "PRORATA_LIBVIRT_CPU_RATIO": "1.5",
            "PRORATA_LIBVIRT_MEMORY_RESERVE": "512MiB",
            "PRORATA_LIBVIRT_DISK_RATIO": "2",
            "PRORATA_LIBVIRT_SHUTDOWN_SECONDS": "90",
        }
    ).libvirt
    assert found is not None
    settings = found.settings
    assert settings.components["memory_mb"] == Component("memory_mb", "memory", 512 * 2**20)
    assert settings.components["data"] == Component("data", "disk", 10 * GIB, "sdb")
    assert (settings.cpu_ratio, settings.disk_ratio) == (Fraction(3, 2), 2)
    assert (settings.memory_reserve, settings.shutdown_seconds) == (GIB // 2, 90.0)


def test_several_hosts_are_a_driver_each(settings: Settings) -> None:
    hosts = {"PRORATA_MODE": "test", "PRORATA_LIBVIRT_URI": "tokyo-1=test:///default osaka-1=qemu:///system"}
    found = read_environment({**GOOD, **hosts}).libvirt
    assert found is not None
    settings.PRORATA_LIBVIRT, settings.PRORATA_DRIVERS = found, found.drivers
    assert sorted(found.drivers) == ["osaka-1", "tokyo-1"]
    pytest.importorskip("libvirt")
    driver.cache_clear()
    assert (driver("tokyo-1").code, driver("tokyo-1").list_machines()) == ("tokyo-1", ["test"])
    driver.cache_clear()


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"PRORATA_LIBVIRT_URI": "qemu:///system qemu+tls://b/system"}, "hosts without a name"),
        ({"PRORATA_LIBVIRT_URI": "a=qemu:///system a=qemu+tls://b/system"}, "a name twice"),
        ({"PRORATA_LIBVIRT_URI": "sandbox=qemu:///system"}, "a name twice"),
        ({"PRORATA_LIBVIRT_URI": "Tokyo=qemu:///system"}, "Set libvirt's address"),
        ({"PRORATA_LIBVIRT_URI": ""}, "PRORATA_LIBVIRT_URI is ''. Set libvirt's address"),
        ({"PRORATA_LIBVIRT_URI": "kvm-1"}, "PRORATA_LIBVIRT_URI is 'kvm-1'. Set libvirt's address"),
        ({"PRORATA_LIBVIRT_URI": "test:///default"}, "where no machine is real"),
        ({"PRORATA_LIBVIRT_COMPONENTS": ","}, "PRORATA_LIBVIRT_COMPONENTS names no component"),
        ({"PRORATA_LIBVIRT_COMPONENTS": "cpu=gpu"}, "holds 'cpu=gpu'. Write code=kind"),
        ({"PRORATA_LIBVIRT_COMPONENTS": "cpu"}, "holds 'cpu'. Write code=kind"),
        ({"PRORATA_LIBVIRT_COMPONENTS": "Cpu=cpu"}, "holds 'Cpu=cpu'. Write code=kind"),
        ({"PRORATA_LIBVIRT_COMPONENTS": "disk=disk"}, "Name the disk as the machine does"),
        ({"PRORATA_LIBVIRT_COMPONENTS": "disk=disk:GiB"}, "Name the disk as the machine does"),
        ({"PRORATA_LIBVIRT_COMPONENTS": "memory=memory:GB"}, "holds 'GB'. Write a size"),
        ({"PRORATA_LIBVIRT_COMPONENTS": "memory=memory:0GiB"}, "holds '0GiB'. Write a size"),
        ({"PRORATA_LIBVIRT_COMPONENTS": "cpu=cpu:2"}, "says too much"),
        ({"PRORATA_LIBVIRT_COMPONENTS": "a=cpu a=memory"}, "twice"),
        ({"PRORATA_LIBVIRT_COMPONENTS": "a=cpu b=cpu"}, "twice"),
        ({"PRORATA_LIBVIRT_COMPONENTS": "backups=backups"}, "Set PRORATA_LIBVIRT_BACKUP_POOL"),
        ({"PRORATA_LIBVIRT_CPU_RATIO": "0"}, "PRORATA_LIBVIRT_CPU_RATIO is '0'. Write a number above zero"),
        ({"PRORATA_LIBVIRT_MEMORY_RESERVE": "4"}, "PRORATA_LIBVIRT_MEMORY_RESERVE holds '4'. Write a size"),
        ({"PRORATA_LIBVIRT_SHUTDOWN_SECONDS": "soon"}, "PRORATA_LIBVIRT_SHUTDOWN_SECONDS is 'soon'"),
    ],
)
def test_a_mistake_is_told(changed: dict[str, str], line: str) -> None:
    [told] = mistakes(**changed)
    assert line in told


def test_the_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libvirt, "find_spec", lambda _: None)
    [told] = mistakes()
    assert "pip install 'prorata[libvirt]'" in told
    monkeypatch.setitem(sys.modules, "libvirt", None)
    with pytest.raises(RuntimeError, match="pip install"):
        library.__wrapped__()  # past the one that is loaded already


def test_components_may_be_lined_up() -> None:
    assert list(read_components("cpu=cpu\n  memory=memory,disk=disk:vda")) == ["cpu", "memory", "disk"]
