"""What verify finds when somebody who can do everything has changed a row; the change is rolled back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from prorata import clock
from prorata.verify.promise import Asked, Finding
from prorata.verify.walk import broken
from support.database import TestDatabase


def found_after(
    database: TestDatabase, statement: str, values: Sequence[Any] = (), *, commit: bool = False
) -> list[Finding]:
    """Run a statement as a superuser with triggers asleep, look, and take it back unless it is to stay."""
    database.connect_django_as(database.eraser)
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(statement, values or None)
            found = list(broken(Asked(now=clock.now(), every_quote=True), in_time=False))
            transaction.set_rollback(not commit)
        return found
    finally:
        database.connect_django_as(database.application)
