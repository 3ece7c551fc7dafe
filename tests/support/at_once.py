"""What the tests of several at once stand on: a service to change, no deadlock, and the code of a refusal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from prorata.changes.refusals import Refused
from prorata.services.models import Service
from support.threads import Doing
from support.world import World

OPEN, LATER = "2026-06-01T08:00+09:00", "2026-08-15T14:02+09:00"


@pytest.fixture(autouse=True)
def no_deadlock(transactional_db: None) -> Iterator[None]:
    """PostgreSQL counts the deadlocks it had to end; there must be none, also where somebody caught the error."""
    before = _deadlocks()
    yield
    assert _deadlocks() == before


def _deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def refusal(doing: Doing) -> str:
    """The code of the refusal an action met."""
    error = doing.error()
    assert isinstance(error, Refused), repr(error)
    return error.refusals[0].code


@pytest.fixture
def web(world: World) -> Service:
    world.open(OPEN)
    service: Service = world.service(paid=34_188)
    world.at(LATER)
    return service
