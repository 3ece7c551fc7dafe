"""Processes of their own that are killed in the middle of a change; the test's own process only tells the story."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from prorata.clock import machine_now, set_clock
from support.books import assert_books_hold
from support.database import TestDatabase
from support.installation import SECRET, TOKEN
from support.killing import RunningClock, Site
from support.world import World, clear_caches


@pytest.fixture
def site(process_environment: dict[str, str], database: TestDatabase, tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path, process_environment, database) as found:
        yield found


@pytest.fixture
def world(site: Site, settings: Settings) -> Iterator[World]:
    """A provider, a customer and no machine yet, on a 1 June at eight; the books are checked when the story is told."""
    settings.PRORATA_BASE_URL = site.url
    settings.PRORATA_SANDBOX_GATEWAY_URL = site.gateway.url
    settings.PRORATA_SANDBOX_GATEWAY_SECRETS = [SECRET]
    settings.PRORATA_SANDBOX_HYPERVISOR_URL = site.hypervisor.url
    settings.PRORATA_SANDBOX_HYPERVISOR_TOKEN = TOKEN
    clear_caches()
    clock = RunningClock(site.clock_file)
    before = set_clock(clock)
    # The real clock runs behind the story's: the next summer is never in the past.
    year = machine_now().year + 1
    world = World(clock, site.gateway, site.hypervisor)  # type: ignore[arg-type]
    world.open(f"{year}-06-01T08:00+09:00")
    world.summer = f"{year}-08-15T14:02+09:00"  # type: ignore[attr-defined]
    yield world
    assert_books_hold()
    set_clock(before)
    clear_caches()
