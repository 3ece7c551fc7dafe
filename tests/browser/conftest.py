"""Stories in a real browser on a whole installation: gunicorn, worker, gateway, hypervisor, PostgreSQL."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django import Settings

from prorata.clock import Clock, set_clock
from support.books import assert_books_hold
from support.browser import ARGUMENTS, PATIENCE, NewVisitor, Visitor
from support.installation import SECRET, TOKEN, Installation
from support.world import clear_caches

# What fails there says why.
pytest.register_assert_rewrite("browser.papers", "browser.standing", "browser.walk")

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """The browser. It belongs to one file: while it runs, this thread has an event loop, which other tests must not."""
    with pytest.MonkeyPatch.context() as patched, sync_playwright() as playwright:
        # The loop is the browser's and never runs while the test's own code does, so Django may work here.
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages' files as a demo lays them out: made once, whoever of those that run side by side comes first."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "files"
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            _lay_out_files(home.with_suffix(".new"))
            home.with_suffix(".new").rename(home)
    return home / "static"


def _lay_out_files(home: Path) -> None:
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "PRORATA_MODE": "demo", "PRORATA_HOME": str(home), "PRORATA_BASE_URL": "http://127.0.0.1",
        "PRORATA_SECRET_KEY": "x" * 40, "DATABASE_URL": "postgresql://nobody:none@127.0.0.1:1/none",
    }  # fmt: skip
    command = ["-m", "prorata.cli", "manage", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run([sys.executable, *command], env=environment, check=True)


@pytest.fixture
def installed(
    process_environment: dict[str, str], settings: Settings, tmp_path: Path
) -> Iterator[Installation]:
    """An empty installation, not started. A step of its hypervisor takes no time, unless the story says so."""
    with Installation(tmp_path, process_environment) as found:
        found.forward(timedelta(days=int(os.environ.get("PRORATA_STORY_DAYS") or 0)))
        found.leave_the_evening(TOKYO)
        settings.PRORATA_SANDBOX_GATEWAY_URL = found.gateway.url
        settings.PRORATA_SANDBOX_GATEWAY_SECRETS = [SECRET]
        settings.PRORATA_SANDBOX_HYPERVISOR_URL = found.hypervisor.url
        settings.PRORATA_SANDBOX_HYPERVISOR_TOKEN = TOKEN
        clear_caches()
        before = set_clock(Clock(found.clock_file))
        yield found
        troubles = found.troubles()
        print(found.logs(), *queue(), sep="\n")  # shown where the story failed
        assert_books_hold()
        set_clock(before)
        clear_caches()
    assert not troubles, troubles


def queue() -> list[object]:
    """The jobs that have not ended well, or not yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, args, status, attempts FROM procrastinate_jobs WHERE status <> 'succeeded'"
        )
        return list(cursor.fetchall())


@pytest.fixture
def demo(installed: Installation, demo_files: Path) -> Installation:
    """The demo, running: its provider, its customer Aiko and her machines."""
    installed.environment["PRORATA_MODE"] = "demo"
    (installed.home / "static").symlink_to(demo_files)
    installed.load_demo_data()
    installed.start()
    return installed


@pytest.fixture
def visitor(chromium: Browser, installed: Installation) -> Iterator[NewVisitor]:
    """visitor(**options of a browser context): somebody with a browser of her own."""
    with ExitStack() as closing:
        everybody: list[Visitor] = []

        def new(**options: Any) -> Visitor:
            context = chromium.new_context(
                **{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options}
            )
            found = Visitor(context, installed.url, [installed.gateway.url])
            closing.callback(found.close)
            everybody.append(found)
            return found

        yield new
        troubles = [trouble for one in everybody for trouble in one.troubles]
    assert not troubles, "\n".join(troubles)


@pytest.fixture
def aiko(demo: Installation, visitor: NewVisitor) -> Visitor:
    """The demo's customer, signed in."""
    found = visitor()
    found.sign_in("aiko@example.com", "prorata-demo")
    return found
