"""Real virtual machines for tests: a libvirt daemon of our own, QEMU without KVM, and a guest that says what it sees.

    with LibvirtDaemon() as libvirt:
        guest = libvirt.start_guest("vm-1042", Size(cpus=1, memory_mib=512, disk_gib=2), Size(4, 1024, 8))
        LibvirtDriver(libvirt.uri)...          # the address for any client, also in another process
        guest.report()                         # Report(cpus=1, memory_kib=488,…, disk_bytes=2147483648)
        guest.use_memory(100)                  # 100 MiB more in use, as the balloon's statistics will show
        guest.wait(lambda seen: seen.cpus == 2, "a second processor")

A machine has up to `most` processors and memory without a restart: processors are plugged, memory comes by the balloon
(slow without KVM: 2 GiB more in `most` than in its size cost 10 seconds). Its disk is "vda", a qcow2 file. It shuts down
properly at the power button and boots in some 5 seconds.

Nothing of it outlives the test process, however that ends. It is a session daemon and needs no rights, no /dev/kvm, no
network and no system daemon; where root runs the tests it runs as nobody, as our PostgreSQL does.
`missing()` says in one line what this computer lacks for all that, or nothing.
"""

from __future__ import annotations

import os
import platform
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from xml.sax.saxutils import escape

from prorata.config.embedded_postgres import NOBODY
from prorata.config.environment import checkout
from support.initrd import build_initrd
from support.sandboxes import wait_until

# Where ./test puts what the guest runs: vmlinuz, its drivers in modules/, and busybox.
SYSTEM = checkout() / ".prorata-test" / "guest-system"
PROGRAMS = ("libvirtd", "qemu-system-x86_64", "qemu-img")
BOOT_SECONDS = 480
ANSWER_SECONDS = 240


def missing() -> str:
    """Why no guest can be started here; nothing if one can."""
    if not sys.platform.startswith("linux") or platform.machine() not in ("x86_64", "AMD64"):
        return f"It is made for Linux on amd64, not for {sys.platform} on {platform.machine()}."
    for name in PROGRAMS:
        if not _program(name):
            return f"Install {name} (on Debian, as root, ./test does it)."
    if not find_spec("libvirt"):
        return "Install libvirt-python (requirements/libvirt.txt); it needs gcc, pkg-config, libvirt-dev, python3-dev."
    if not SYSTEM.exists():
        return f"There is no kernel for it in {SYSTEM}: start ./test on Debian 12."
    if as_nobody() is None:
        return "Root can become nobody else here: run the tests as an ordinary user."
    try:
        pwd.getpwuid(os.geteuid() or NOBODY)
    except KeyError:
        return "libvirt serves only users who have a name (in /etc/passwd)."
    return ""


@cache
def as_nobody() -> tuple[str, ...] | None:
    """What a command must begin with so that it does not run as root; None where that is forbidden."""
    if os.geteuid() != 0:
        return ()
    ways = (
        ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"),
        ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"),
    )
    return next((way for way in ways if _succeeds([*way, "true"])), None)


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def _program(name: str) -> str | None:
    # libvirtd lies in /usr/sbin, which an ordinary user's path lacks.
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


@dataclass(frozen=True)
class Size:
    """How big a machine is. memory in MiB, disk in GiB."""

    cpus: int
    memory_mib: int
    disk_gib: int


@dataclass(frozen=True)
class Report:
    """What the guest sees of itself: processors that run, /proc/meminfo's MemTotal, the size of its disk."""

    cpus: int
    memory_kib: int
    disk_bytes: int


class LibvirtDaemon:
    """A session daemon under a folder of its own in /tmp, running from construction to `close`.

    uri   for libvirt.open, from any process of this computer
    """

    def __init__(self) -> None:
        # Not in pytest's folders: the paths of sockets are limited to 107 bytes.
        self.home = Path(tempfile.mkdtemp(prefix="prorata-libvirt-"))
        self.uri = f"qemu+unix:///session?socket={self.home}/run/libvirt/libvirt-sock"
        config = self.home / "config" / "libvirt"
        config.mkdir(parents=True)
        (self.home / "run").mkdir()
        # Without this another daemon would be started that keeps the machines' logs.
        (config / "qemu.conf").write_text('stdio_handler = "file"\n')
        build_initrd(self.home / "initrd", SYSTEM / "busybox", SYSTEM / "modules")
        # The checkout may lie where only root may look.
        shutil.copy(SYSTEM / "vmlinuz", self.home)
        self.prefix = list(as_nobody() or ())
        if "setpriv" in self.prefix:
            for path in (self.home, *self.home.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        self._start()

    def _start(self) -> None:
        command = [*self.prefix, str(_program("libvirtd"))]
        folders = {
            "HOME": "",
            "XDG_RUNTIME_DIR": "run",
            "XDG_CONFIG_HOME": "config",
            "XDG_CACHE_HOME": "cache",
        }
        # Not in the folder, which is deleted when the daemon ends.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it is the daemon's as long as that runs
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("reaper.py")), str(self.home), *command],
            env={
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "PRORATA_PARENT": str(os.getpid()),
                **{name: str(self.home / folder) for name, folder in folders.items()},
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        try:
            self.connection = self._connect()
        except AssertionError as failure:
            self._end()
            raise AssertionError(f"{failure}\n{self.log}") from failure

    def _connect(self) -> Any:
        import libvirt

        libvirt.registerErrorHandler(lambda *_: None, None)  # errors are raised; they need not be printed too

        def answers() -> Any:
            assert self.process.poll() is None, "libvirtd ended at once"
            try:
                return libvirt.open(self.uri)
            except libvirt.libvirtError:
                return None

        return wait_until(answers, "libvirtd", seconds=180)

    @property
    def log(self) -> str:
        """The end of what the daemon wrote."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), 3000, max(size - 3000, 0)).decode(errors="replace")

    def start_guest(self, name: str, size: Size, most: Size) -> Guest:
        """Define a machine, start it and wait until it answers. Of `most` the disk is ignored: disks have no limit."""
        disk = self.home / f"{name}.qcow2"
        command = [*self.prefix, "qemu-img", "create", "-q", "-f", "qcow2", str(disk), f"{size.disk_gib}G"]
        subprocess.run(command, check=True, capture_output=True)
        self.connection.defineXML(self._xml(name, size, most, disk)).create()
        guest = Guest(name, self.home / f"{name}.serial", self.home / f"{name}.log")
        guest.wait_until_booted()
        # It boots with all its memory, and gives back what it shall not have yet.
        domain = self.domain(name)
        wait_until(
            lambda: domain.memoryStats()["actual"] == size.memory_mib * 1024,
            f"{name}'s memory",
            seconds=BOOT_SECONDS,
        )
        return guest

    def _xml(self, name: str, size: Size, most: Size, disk: Path) -> str:
        return f"""
            <domain type="qemu">
              <name>{escape(name)}</name>
              <vcpu current="{size.cpus}">{most.cpus}</vcpu>
              <memory unit="MiB">{most.memory_mib}</memory>
              <currentMemory unit="MiB">{size.memory_mib}</currentMemory>
              <os>
                <type arch="x86_64" machine="pc">hvm</type>
                <kernel>{self.home / "vmlinuz"}</kernel>
                <initrd>{self.home / "initrd"}</initrd>
                <cmdline>console=ttyS0 quiet loglevel=1 panic=-1</cmdline>
              </os>
              <features><acpi/></features>
              <on_reboot>restart</on_reboot>
              <devices>
                <emulator>{_program("qemu-system-x86_64")}</emulator>
                <disk type="file" device="disk">
                  <driver name="qemu" type="qcow2"/>
                  <source file="{disk}"/>
                  <target dev="vda" bus="virtio"/>
                </disk>
                <serial type="unix">
                  <source mode="bind" path="{self.home / name}.serial"/>
                  <log file="{self.home / name}.log" append="on"/>
                </serial>
                <memballoon model="virtio"><stats period="1"/></memballoon>
                <controller type="usb" model="none"/>
              </devices>
            </domain>"""

    def domain(self, name: str) -> Any:
        """The machine as libvirt's own object, for what tests do by hand."""
        return self.connection.lookupByName(name)

    def begin_backup(self, name: str) -> None:
        """A backup begins that waits for somebody to fetch it: the machine runs on, and may not be changed meanwhile."""
        self.domain(name).backupBegin(
            f"""
            <domainbackup mode="pull">
              <server transport="unix" socket="{self.home}/backup.sock"/>
              <disks><disk name="vda" type="file"><scratch file="{self.home}/{name}.scratch"/></disk></disks>
            </domainbackup>""",
            None,
        )

    def end_backup(self, name: str) -> None:
        """It is given up."""
        domain = self.domain(name)
        domain.abortJob()
        wait_until(lambda: not domain.jobStats()["type"], "the end of the backup")

    def close(self) -> None:
        """End the daemon and all its machines, and delete their files."""
        self.connection.close()
        self._end()

    def _end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Guest:
    """A machine's inside, reached by its serial port; `console` is all it has ever written there."""

    def __init__(self, name: str, port: Path, log: Path) -> None:
        self.name, self.port, self.log = name, port, log
        self._asked = 0

    def report(self, *, seconds: float = ANSWER_SECONDS) -> Report:
        """What the guest sees now."""
        words = dict(part.split("=") for part in self._ask("report", seconds=seconds).split())
        return Report(**{name: int(value) for name, value in words.items()})

    def use_memory(self, mib: int) -> None:
        """From now on so much memory is used for files of the guest."""
        self._ask("use-memory", str(mib))

    def write_disk(self, mib: int) -> None:
        """Fill the beginning of the disk with so much that is new."""
        self._ask("write-disk", str(mib))

    def show(self) -> str:
        """The guest's own programs asked on its console: what was typed and what they wrote."""
        self._ask("show")
        said = self.console.replace("\r", "")
        return said[said.rindex("~ # nproc") : said.rindex("guest ")]

    def wait(self, enough: Callable[[Report], bool], what: str, *, seconds: float = ANSWER_SECONDS) -> Report:
        """Ask again and again until the guest sees what is waited for; what it saw."""
        deadline = time.monotonic() + seconds
        while not enough(seen := self.report()):
            assert time.monotonic() < deadline, f"{self.name} does not see {what}, but {seen}"
            time.sleep(0.1)
        return seen

    def wait_until_booted(self) -> Report:
        """Until the guest answers after its start or restart."""
        return self.report(seconds=BOOT_SECONDS)

    @property
    def console(self) -> str:
        """What came out of the serial port since the machine was made."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _ask(self, question: str, more: str = "", *, seconds: float = ANSWER_SECONDS) -> str:
        """The answer. A guest that is still booting hears nothing, so it is asked again."""
        deadline, patience = time.monotonic() + seconds, 0.5
        while True:
            try:
                return self._ask_once(question, more, patience)
            except OSError as error:
                told = f"{self.name} does not answer ({error}):\n{self.console[-2000:]}"
                assert time.monotonic() < deadline, told
                patience = (
                    min(patience * 2, ANSWER_SECONDS / 3) if isinstance(error, TimeoutError) else patience
                )
                time.sleep(0.1)

    def _ask_once(self, question: str, more: str, patience: float) -> str:
        self._asked += 1
        answer = re.compile(rf"guest {self._asked}: (.*)\r?\n")
        heard = ""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(patience)
            line.connect(str(self.port))
            line.sendall(f"{question} {self._asked} {more}\n".encode())
            while not (found := answer.search(heard)):
                part = line.recv(4096)
                if not part:
                    raise ConnectionResetError("the serial port was closed")
                heard += part.decode(errors="replace")
        return found[1]
