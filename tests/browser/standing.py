"""That nothing moved: no money, no document, no service, no machine, whatever was tried in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from support.installation import Installation
from support.sandboxes import wait_until
from support.world import FACTS

# The worker runs by itself here, so its queue moves; what it would have done stands in the other tables.
STANDING = tuple(table for table in FACTS if table != "procrastinate_jobs")


@contextmanager
def unchanged(installed: Installation, *, but: str = "") -> Iterator[None]:
    """Whatever happens in the block changes nothing, except rows of the table `but`. What the worker still has to do of
    what came before is done first: a mail that is sent meanwhile would be a row that changed."""
    wait_until(_rests, "the worker to have done what there is")
    before = _facts(installed)
    yield
    after = _facts(installed)
    moved = {
        name: (before[name], after[name]) for name in after if after[name] != before[name] and name != but
    }
    assert moved == {}, moved


def _rests() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE status = 'doing' "
            "OR (status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()))"
        )
        return cursor.fetchone() is None


def _facts(installed: Installation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for table in STANDING:
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t")
            found[table] = cursor.fetchone()
        cursor.execute("SELECT external_id FROM services_service")
        for (machine,) in cursor.fetchall():
            found[machine] = installed.hypervisor.operations(machine)
    return found
