"""The tests' own virtual machine: it says what it sees, and it never outlives the tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.guest import ANSWER_SECONDS, LibvirtDaemon, Report, Size
from support.sandboxes import wait_until

pytestmark = pytest.mark.real_machine
MIB, GIB = 1024, 1024**3


@pytest.fixture(scope="module")
def libvirt() -> Iterator[LibvirtDaemon]:
    with LibvirtDaemon() as daemon:
        yield daemon


def test_a_guest_reports_what_it_has_and_what_it_gets(libvirt: LibvirtDaemon) -> None:
    guest = libvirt.start_guest("vm-1", Size(1, 512, 2), most=Size(3, 768, 2))
    first = guest.report()
    assert (first.cpus, first.disk_bytes) == (1, 2 * GIB)
    # The kernel keeps a part for itself before it counts.
    assert 440 * MIB < first.memory_kib < 512 * MIB

    domain = libvirt.domain("vm-1")
    domain.setVcpusFlags(3)
    domain.setMemoryFlags(768 * MIB)
    domain.blockResize("vda", 3 * GIB, 1)
    more = Report(cpus=3, memory_kib=first.memory_kib + 256 * MIB, disk_bytes=3 * GIB)
    guest.wait(lambda seen: seen == more, f"{more}")

    before = domain.blockInfo("vda")[1]
    guest.write_disk(20)
    assert domain.blockInfo("vda")[1] - before >= 20 * MIB * 1024
    # What the balloon tells is a second old: first it must be about the memory that was given last.
    told = wait_until(
        lambda: figures if (figures := domain.memoryStats()).get("available") == more.memory_kib else None,
        "the balloon's figures",
        seconds=ANSWER_SECONDS,
    )
    guest.use_memory(100)
    wait_until(
        lambda: domain.memoryStats()["unused"] < told["unused"] - 90 * MIB,
        "less free memory",
        seconds=ANSWER_SECONDS,
    )

    domain.shutdown()
    wait_until(lambda: not domain.isActive(), "the power button to be heard", seconds=ANSWER_SECONDS)
    domain.create()
    again = guest.wait_until_booted()
    assert (again.cpus, again.disk_bytes) == (1, 3 * GIB), "what was only plugged is gone with the restart"


def test_nothing_outlives_a_test_that_is_killed() -> None:
    """The daemon, QEMU and their files go, although the test could not tidy up."""
    script = """
        import json, time
        from support.guest import ANSWER_SECONDS, LibvirtDaemon, Size
        daemon = LibvirtDaemon()
        daemon.start_guest("vm-1", Size(1, 256, 1), most=Size(1, 256, 1))
        print(json.dumps([str(daemon.home), daemon.process.pid]), flush=True)
        time.sleep(600)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", "\n".join(line.strip() for line in script.splitlines())],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    home, reaper = json.loads(process.stdout.readline())
    ours = commands_with(home)
    assert any("qemu-system" in command for command in ours.values())
    assert any("libvirtd" in command for command in ours.values())
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    wait_until(lambda: not set(ours) & running(), "the killed test's machines to end", seconds=ANSWER_SECONDS)
    wait_until(lambda: not Path(home).exists(), "its files to be deleted")
    assert reaper not in running()


def running() -> set[int]:
    """The processes of this computer that have not ended."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.add(int(folder.name))
    return found


def commands_with(home: str) -> dict[int, str]:
    """The processes that work in a daemon's folder, by its name in their command or surroundings."""
    found = {}
    for pid in running():
        folder = Path(f"/proc/{pid}")
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            inside = home in command or home.encode() in (folder / "environ").read_bytes()
        except OSError:
            continue
        if inside:
            found[pid] = command
    return found
