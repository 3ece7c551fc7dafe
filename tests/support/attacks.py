"""Attacks on the database from below the models: raw SQL, as the application's role and as the owner.

with attack("application") as sql:                 its own connection, rolled back at the end
    refused(sql, CheckViolation, "UPDATE ...")     the statement itself is refused
    refused_at_commit(sql, CheckViolation)         what was written does not pass the commit
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Placeholder

from support.database import TestDatabase

Connection = psycopg.Connection[tuple[Any, ...]]
Attack = Callable[..., AbstractContextManager[Connection]]
Errors = type[psycopg.Error] | tuple[type[psycopg.Error], ...]
ROLES = ("application", "owner")


@pytest.fixture
def attack(transactional_db: None, database: TestDatabase) -> Attack:
    """Opens a raw connection as "application", "owner" or "eraser" (a superuser where the tests have one)."""

    @contextmanager
    def connect(role: str = "application") -> Iterator[Connection]:
        with psycopg.connect(database.url(getattr(database, role)), autocommit=False) as connection:
            connection.execute("SET lock_timeout = '10s'")
            try:
                yield connection
            finally:
                connection.rollback()

    return connect


def everybody(attack: Attack) -> Iterator[Connection]:
    """A fresh connection of each role in turn: `for sql in everybody(attack): refused(sql, ...)`."""
    for role in ROLES:
        with attack(role) as connection:
            yield connection


def refused(
    connection: Connection, error: Errors, statement: str, values: Any = (), says: str | None = None
) -> None:
    """The statement is refused with this error, and the transaction goes on as if it had not been tried."""
    connection.execute("SAVEPOINT attempt")
    with pytest.raises(error, match=says):
        connection.execute(statement, values)
    connection.execute("ROLLBACK TO SAVEPOINT attempt")


def refused_at_commit(connection: Connection, error: Errors, says: str | None = None) -> None:
    """What was written so far does not pass the checks that PostgreSQL makes at commit."""
    with pytest.raises(error, match=says):
        connection.commit()


def is_refused(connection: Connection, statement: str, values: Any = ()) -> psycopg.Error | None:
    """The error of a statement, or None when it went through; what it did is taken back either way."""
    connection.execute("SAVEPOINT attempt")
    try:
        connection.execute(statement, values)
        return None
    except psycopg.Error as error:
        return error
    finally:
        connection.execute("ROLLBACK TO SAVEPOINT attempt")


def copy(connection: Connection, table: str, where: str = "true", **changes: Any) -> None:
    """Insert the newest row of a table once more, with these columns changed and a new id of its own."""
    known = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'",
        [table],
    ).fetchall()
    columns = [str(name) for (name,) in known if name != "id" or "id" in changes]
    chosen = [Placeholder(name) if name in changes else Identifier(name) for name in columns]
    made = connection.execute(
        SQL("INSERT INTO {table} ({columns}) SELECT {chosen} FROM {table} WHERE {where} ORDER BY id DESC LIMIT 1").format(
            table=Identifier(table), columns=SQL(", ").join(map(Identifier, columns)), chosen=SQL(", ").join(chosen),
            where=SQL(where),  # type: ignore[arg-type]
        ),
        changes,
    )  # fmt: skip
    assert made.rowcount == 1, f"{table} has no row where {where}: the story before the attack is wrong"


def copy_refused(
    connection: Connection,
    error: Errors,
    table: str,
    where: str = "true",
    says: str | None = None,
    **changes: Any,
) -> None:
    connection.execute("SAVEPOINT attempt")
    with pytest.raises(error, match=says):
        copy(connection, table, where, **changes)
    connection.execute("ROLLBACK TO SAVEPOINT attempt")


@contextmanager
def triggers_asleep(connection: Connection) -> Iterator[None]:
    """Put a row where no honest statement could: for setting the scene, never for the attack itself."""
    connection.execute("SET LOCAL session_replication_role = replica")
    yield
    connection.execute("SET LOCAL session_replication_role = origin")
