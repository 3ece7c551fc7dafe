"""The Nu HTML checker: what a page's HTML breaks of the standard, whole pages as they were served.

    assert mistakes({"services": page.content.decode(), "credit": ...}) == []

The first question starts a small server, some seconds, which answers all others of this test process in milliseconds and
ends with it. A test that asks is marked `@pytest.mark.html_checker`; `missing()` says in one line what this computer lacks
for it, or nothing.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from prorata.config.environment import checkout
from support.ports import own_port
from support.sandboxes import wait_until

# Where ./test puts it.
JAR = (
    checkout() / ".prorata-test" / "html-checker" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
)
OLDEST_JAVA = 17
# Its schemas need a deep stack. It ends before better compiled code would have paid.
JAVA = ("java", "-Xss4m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
START_SECONDS = 120
# What it warns of and we mean: in the explanation of a price two lines may say the same, each of its own resource.
MEANT = ("Duplicate “dt” name",)


@cache
def missing() -> str:
    """Why no page can be checked here; nothing if one can."""
    if java_version() < OLDEST_JAVA:
        return f"Install Java {OLDEST_JAVA} or newer (on Debian, as root, ./test does it)."
    if not JAR.exists():
        return "Install npm and start ./test: it fetches the checker."
    return ""


def java_version() -> int:
    """This computer's Java; 0 if there is none. A Mac has a `java` that only says where to get one."""
    command = ["java", "-XshowSettings:properties", "-version"]
    try:
        told = subprocess.run(command, capture_output=True, text=True).stderr
    except OSError:
        return 0
    versions = [line.split("=")[1] for line in told.splitlines() if "java.specification.version =" in line]
    # Until 8 they were called 1.8: too old in any case.
    return int(float(versions[0])) if versions else 0


def mistakes(pages: Mapping[str, str]) -> list[str]:
    """What is wrong in these pages (a name -> its HTML), warnings too: page, line and the checker's words."""
    return [_line(name, said) for name, html in pages.items() for said in _server().check(html)]


def whole(fragment: str) -> str:
    """What is sent to stand inside a page, as a page of its own."""
    return f'<!doctype html><html lang="en"><head><title>A part</title></head><body><h1>A part</h1>{fragment}</body></html>'


def _line(page: str, said: dict[str, Any]) -> str:
    kind, place = said.get("subType", said["type"]), " ".join(said.get("extract", "").split())
    return f"{page}, line {said.get('lastLine', '?')}: {kind}: {said['message']} [{place}]"


class CheckerServer:
    """The checker on a port of this computer, from construction to `close`."""

    def __init__(self) -> None:
        self.port = own_port()
        self.folder = Path(tempfile.mkdtemp(prefix="prorata-html-checker-"))
        self.log = (self.folder / "log").open("w+")
        command = [
            *JAVA, "-Dnu.validator.servlet.bind-address=127.0.0.1", "-cp", str(JAR), "nu.validator.servlet.Main",
            str(self.port),
        ]  # fmt: skip
        if sys.platform == "linux":  # there it can be made to end with the tests, however they end
            command = [sys.executable, str(Path(__file__).with_name("reaper.py")), str(self.folder), *command]
        self.process = subprocess.Popen(
            command,
            env={**os.environ, "PRORATA_PARENT": str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        atexit.register(self.close)
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", timeout=START_SECONDS, trust_env=False
        )
        wait_until(self._answers, "the HTML checker", seconds=START_SECONDS)

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"the HTML checker ended at once:\n{self._said()}"
        try:
            return self._http.get("/").status_code < 500
        except httpx.TransportError:
            return False

    def _said(self) -> str:
        self.log.seek(0)
        return self.log.read()[-2000:]

    def check(self, html: str) -> list[dict[str, Any]]:
        """The checker's messages about one page, without mere information."""
        answer = self._http.post(
            "/?out=json", content=html.encode(), headers={"Content-Type": "text/html; charset=utf-8"}
        )
        assert answer.status_code == 200, (
            f"the HTML checker answers {answer.status_code}: {answer.text[:500]}"
        )
        said: list[dict[str, Any]] = answer.json()["messages"]
        told = [one for one in said if one["type"] != "info" or one.get("subType") == "warning"]
        return [one for one in told if not one["message"].startswith(MEANT)]

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()
        self._http.close()
        self.log.close()


@cache
def _server() -> CheckerServer:
    return CheckerServer()
