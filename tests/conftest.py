"""What every test stands on. How to use it: tests/README.md."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

KEPT = (
    "PRORATA_PICTURES",
    "PRORATA_PROVE", "PRORATA_PG_BIN", "PRORATA_OWNER_DATABASE_URL", "PRORATA_SCREENSHOTS", "PRORATA_STORY_SEED",
    "PRORATA_STORY_DAYS", "PRORATA_ONLY",
)  # fmt: skip
# Settings are read once, so the environment of a test is made before anything else is imported.
for _name in [name for name in os.environ if name.startswith("PRORATA_")]:
    if _name not in KEPT:
        del os.environ[_name]
os.environ["PRORATA_MODE"] = "test"
# Tests ask faster than people do; those of the limits set them.
os.environ |= dict.fromkeys(
    ("PRORATA_ESTIMATES_A_MINUTE", "PRORATA_REFRESHES_A_MINUTE", "PRORATA_PDFS_A_MINUTE"), "1000000"
)
os.environ["DJANGO_SETTINGS_MODULE"] = "prorata.config.settings"

import django

django.setup()

import pytest
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from pytest_django import DjangoDbBlocker

from prorata.clock import HandClock, set_clock
from prorata.config.environment import checkout
from support import guest, html_checker
from support.database import TestDatabase, test_database

PROVE = bool(os.environ.get("PRORATA_PROVE"))

# The machine is shared and noisy, so no example is refused for being slow; the same examples on every run, many more
# and new ones when proving.
settings.register_profile(
    "test", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("prove", parent=settings.get_profile("test"), derandomize=False, max_examples=2000)
settings.load_profile("prove" if PROVE else "test")
if not PROVE:
    # Hypothesis draws, among others, the numbers and words that stand in those of our modules that were imported so far:
    # which they are depends on what else runs in the same process, and the examples would be others on every machine.
    providers._get_local_constants = lambda: providers.Constants()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long forms wait for ./prove; stories in a browser need a browser, real machines a hypervisor, HTML Java."""
    chromium, no_machines = find_chromium(), guest.missing()
    for item in items:
        if item.get_closest_marker("prove") and not PROVE:
            item.add_marker(pytest.mark.skip(reason="the long form: run ./prove"))
        if item.get_closest_marker("browser") and not chromium:
            item.add_marker(pytest.mark.skip(reason="no chromium on this machine"))
        if item.get_closest_marker("real_machine") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(1800))  # without KVM, and beside others
        if item.get_closest_marker("real_machine") and no_machines:
            item.add_marker(pytest.mark.skip(reason=no_machines))
        if item.get_closest_marker("html_checker") and html_checker.missing():
            item.add_marker(pytest.mark.skip(reason=html_checker.missing()))


def find_chromium() -> str | None:
    """The browser of this machine, if there is one; CHROMIUM names another."""
    return (
        os.environ.get("CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where the browser is; the test is skipped where there is none."""
    return find_chromium() or pytest.skip("no chromium on this machine")


@pytest.fixture(scope="session")
def database() -> Iterator[TestDatabase]:
    """The PostgreSQL of this run. Tests ask for `db` or `transactional_db` instead."""
    # Two side by side look for what killed runs left, each in a folder of its own: a look takes the lock for a moment.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    with test_database(checkout() / ".prorata-test" / "postgres" / worker) as found:
        yield found


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database: TestDatabase) -> None:
    """The test database is created and migrated by its owner."""
    database.connect_django_as(database.owner)


@pytest.fixture(scope="session")
def django_db_keepdb(database: TestDatabase) -> bool:
    """A throwaway cluster is deleted whole, so its database need not be dropped."""
    return database.cluster is not None


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, database: TestDatabase, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """After migrating, Django works as the application's role."""
    with django_db_blocker.unblock():
        database.remember_migrated_rows()
        database.connect_django_as(database.application)
    reset_before = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = lambda _: database.reset()
    yield
    TransactionTestCase._fixture_teardown = reset_before
    with django_db_blocker.unblock():
        database.connect_django_as(database.owner)


@pytest.fixture
def clock() -> Iterator[HandClock]:
    """The business clock, standing at 2025-06-01 08:00 UTC until the test moves it (move_to, forward)."""
    hand = HandClock(datetime(2025, 6, 1, 8, tzinfo=UTC))
    before = set_clock(hand)
    yield hand
    set_clock(before)


@pytest.fixture
def process_environment(transactional_db: None, database: TestDatabase, tmp_path: Path) -> dict[str, str]:
    """The environment for a process of its own (worker, web server) that works on the test database."""
    kept = {
        name: os.environ[name] for name in ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR") if name in os.environ
    }
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        "PRORATA_MODE": "test",
        "PRORATA_HOME": str(tmp_path),
        "PRORATA_PARENT": str(os.getpid()),
        "DATABASE_URL": database.url(database.application),
        "PRORATA_OWNER_DATABASE_URL": database.url(database.owner),
        "PRORATA_CLOCK_FILE": str(tmp_path / "clock"),
    }


@pytest.fixture(scope="session")
def prorata_command() -> str:
    """The installed `prorata` command of this environment."""
    return str(Path(sys.executable).parent / "prorata")
