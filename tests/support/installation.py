"""A whole installation for tests: web server, worker, sandbox gateway and hypervisor, each a process of its own.

    with Installation(home, environment) as installed:
        installed.load_demo_data()
        installed.hypervisor.machine("vm-1042")
        httpx.get(installed.url)

The processes are started as `./demo` starts them, on free ports and on the test database. Webhooks go from the gateway
to the web server. They end with the test process, however it ends (on Linux; elsewhere when the context is left).
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import httpx
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import override_settings

from prorata.clock import Clock, machine_now, read_ahead, set_clock, write_ahead
from prorata.config import demo_data
from prorata.config.supervisor import WEBHOOK_PATH
from prorata.config.wiring import SANDBOX_PAYEE
from support.ports import own_port
from support.sandboxes import GatewayProcess, HypervisorProcess, wait_until

SECRET = "the sandbox gateway signs with this in browser stories"
TOKEN = "the sandbox hypervisor knows the portal by this"
STOP_SECONDS = 15


class HashedOnce(PBKDF2PasswordHasher):
    """As a demo hashes passwords, but each of them once a run: it takes half a second, on purpose."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        return _hashed(password)


@lru_cache
def _hashed(password: str) -> str:
    return PBKDF2PasswordHasher().encode(password, "EachPasswordOfARunIsHashedOnce")


class Installation:
    """Running from construction to `close`. `url` is the portal's address, without a slash at its end."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home = home
        self.url = f"http://127.0.0.1:{own_port()}"
        self.clock_file = Path(environment["PRORATA_CLOCK_FILE"])
        self.gateway = GatewayProcess(
            home / "gateway.sqlite3", self.url + WEBHOOK_PATH, [SECRET], SANDBOX_PAYEE
        )
        self.hypervisor = HypervisorProcess(home / "hypervisor.sqlite3", 0, TOKEN)
        self.environment = {
            **environment,
            "PRORATA_BASE_URL": self.url,
            "PRORATA_SECRET_KEY": "signs nothing that anybody else believes, and is long enough",
            "PRORATA_SANDBOX_GATEWAY_URL": self.gateway.url,
            "PRORATA_SANDBOX_GATEWAY_SECRETS": SECRET,
            "PRORATA_SANDBOX_HYPERVISOR_URL": self.hypervisor.url,
            "PRORATA_SANDBOX_HYPERVISOR_TOKEN": TOKEN,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *, worker: bool = True) -> None:
        """Web server and worker, as `prorata serve` and `prorata worker` run them."""
        if worker:
            self._start("worker")
        self._start("serve", "--bind", self.url.removeprefix("http://"), "--processes", "1")
        wait_until(self._answers, f"the web server\n{self._log('serve')}", seconds=60)

    def load_demo_data(self) -> None:
        """The demo's provider, customer and machines. Made in this process: another would only take longer."""
        there = {
            "PRORATA_BASE_URL": self.url,
            "PRORATA_SANDBOX_HYPERVISOR_URL": self.hypervisor.url,
            "PRORATA_SANDBOX_HYPERVISOR_TOKEN": TOKEN,
            # The passwords of a test are hashed in a way that a demo would not take.
            "PASSWORD_HASHERS": [f"{__name__}.HashedOnce"],
        }
        before = set_clock(Clock(self.clock_file))
        with override_settings(**there):
            demo_data.load()
        set_clock(before)

    def manage(self, *arguments: str) -> str:
        """`prorata manage ...`; what it printed."""
        return self._run("-m", "prorata.cli", "manage", *arguments)

    # --- time -----------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The business time of this installation."""
        return machine_now() + timedelta(seconds=read_ahead(self.clock_file))

    def forward(self, by: timedelta) -> None:
        """Move the business clock of every process on."""
        write_ahead(self.clock_file, read_ahead(self.clock_file) + int(by.total_seconds()))

    def leave_the_evening(self, zone: ZoneInfo) -> None:
        """A story must not run over midnight: after eight in the evening it begins on the next morning at nine."""
        here = self.now().astimezone(zone)
        if here.hour >= 20:
            morning = (here + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
            self.forward(morning - here)

    # --- processes ------------------------------------------------------------------------------------------

    def _start(self, command: str, *arguments: str) -> None:
        with (self.home / f"{command}.log").open("ab") as log:
            self.processes[command] = subprocess.Popen(
                [sys.executable, "-m", "prorata.cli", command, *arguments],
                env={**self.environment, "PRORATA_PARENT": str(os.getpid())},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _answers(self) -> bool:
        assert self.processes["serve"].poll() is None, self._log("serve")
        try:
            return httpx.get(f"{self.url}/accounts/login/", timeout=10, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def _log(self, command: str) -> str:
        file = self.home / f"{command}.log"
        return file.read_text(encoding="utf-8", errors="replace")[-3000:] if file.exists() else ""

    def logs(self) -> str:
        """The end of what web server and worker wrote."""
        return "\n".join(f"--- {command}\n{self._log(command)}" for command in self.processes)

    def troubles(self) -> str:
        """What web server and worker wrote into their logs that tells of something broken."""
        lines = [
            line
            for command in self.processes
            for line in self._log(command).splitlines()
            if "Traceback" in line or " ERROR " in f" {line} " or "CRITICAL" in line
        ]
        return "\n".join(lines)

    def close(self) -> None:
        """End everything, in the order of `./demo`."""
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.gateway.close()
        self.hypervisor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
