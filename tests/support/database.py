"""The database of a test run: a throwaway PostgreSQL that ends with pytest, or the one DATABASE_URL names.

Migrations run as the owner. The application then connects as its own role, so that what it may not do fails.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.db import connections

from prorata.config.embedded_postgres import APPLICATION, DATABASE, OWNER, SUPERUSER, EmbeddedPostgres
from prorata.config.environment import Database, read_environment
from support.migrated import lay_out

# Written by Django itself at each migration; no test changes them.
BOOKKEEPING = {"django_migrations", "django_content_type", "auth_permission"}

# Triggers are off for this one connection ("replica"): tables that money facts live in refuse to be emptied.
EMPTY_ALL = """
DO $reset$
DECLARE
    found record;
    full_table boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    SET LOCAL lock_timeout = '10s';
    FOR found IN
        SELECT c.oid::regclass AS name, to_regclass(format('kept_rows.%%I', c.relname)) AS kept
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND NOT (c.relname = ANY (%(bookkeeping)s))
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %%s)', found.name) INTO full_table;
        IF full_table THEN
            EXECUTE format('DELETE FROM %%s', found.name);
        END IF;
        IF found.kept IS NOT NULL THEN
            EXECUTE format('INSERT INTO %%s OVERRIDING SYSTEM VALUE SELECT * FROM %%s', found.name, found.kept);
        END IF;
    END LOOP;
    PERFORM setval(format('%%I.%%I', q.schemaname, q.sequencename)::regclass, q.start_value, false)
       FROM pg_sequences q
       LEFT JOIN pg_depend d ON d.objid = format('%%I.%%I', q.schemaname, q.sequencename)::regclass
                            AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass
       LEFT JOIN pg_class t ON t.oid = d.refobjid
      WHERE q.schemaname = 'public' AND q.last_value IS NOT NULL
        AND (t.relname IS NULL OR NOT (t.relname = ANY (%(bookkeeping)s) OR t.relname = ANY (%(kept)s)));
END $reset$;
"""


class TestDatabase:
    """Addresses of the test database, and the way to empty it."""

    __test__ = False

    def __init__(self, home: Path) -> None:
        self.cluster: EmbeddedPostgres | None = None
        self._reset: psycopg.Connection[tuple[object, ...]] | None = None
        self._kept: list[str] = []
        if os.environ.get("DATABASE_URL"):
            environment = read_environment({**os.environ, "PRORATA_DATABASE_ROLE": "owner"})
            self.owner = self.eraser = environment.database
            self.application = read_environment().database
        else:
            self.cluster = EmbeddedPostgres(home, throwaway=True)
            lay_out(home)
            self.cluster.start()
            self.owner, self.application, self.eraser = (
                self._role(role) for role in (OWNER, APPLICATION, SUPERUSER)
            )

    def _role(self, role: str) -> Database:
        assert self.cluster is not None
        environment = {"PRORATA_MODE": "test", "DATABASE_URL": self.cluster.url(role, DATABASE)}
        return read_environment(environment).database

    @property
    def name(self) -> str:
        """What Django called the test database."""
        return str(connections["default"].settings_dict["NAME"])

    def connect_django_as(self, role: Database) -> None:
        """Let Django's connection be `role`'s from now on. The database name stays as it is."""
        connection = connections["default"]
        connection.close()
        entry = role.django()
        if connection.settings_dict["NAME"].startswith("test_"):
            del entry["NAME"]
        connection.settings_dict.update(entry)

    def url(self, role: Database) -> str:
        """The address of the test database for another process."""
        return role.url(self.name)

    def remember_migrated_rows(self) -> None:
        """Call after migrating: rows that migrations wrote come back at each reset."""
        with self._connect(self.eraser) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            connection.execute("DROP SCHEMA IF EXISTS kept_rows CASCADE")
            connection.execute("CREATE SCHEMA kept_rows")
            for (table,) in tables:
                filled = connection.execute(f'SELECT 1 FROM public."{table}" LIMIT 1').fetchone()
                if filled and table not in BOOKKEEPING:
                    connection.execute(f'CREATE TABLE kept_rows."{table}" AS TABLE public."{table}"')
                    self._kept.append(str(table))

    def reset(self) -> None:
        """Empty every table of ours, past triggers and privileges, and start the sequences anew."""
        if self._reset is None or self._reset.closed:
            self._reset = self._connect(self.eraser)
        with psycopg.ClientCursor(self._reset) as cursor:
            cursor.execute(EMPTY_ALL, {"bookkeeping": sorted(BOOKKEEPING), "kept": self._kept})

    def close(self) -> None:
        """Let go of everything; a throwaway cluster is deleted."""
        if self._reset is not None:
            self._reset.close()
        if self.cluster is not None:
            self.cluster.stop()
            self.cluster.remove()

    def _connect(self, role: Database) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(role.url(self.name), autocommit=True)


@contextlib.contextmanager
def test_database(homes: Path) -> Iterator[TestDatabase]:
    """A test database under `homes`; what killed runs left there is removed first."""
    _remove_left_behind(homes)
    database = TestDatabase(homes / str(os.getpid()))
    try:
        yield database
    finally:
        database.close()


def _remove_left_behind(homes: Path) -> None:
    for lock in homes.glob("*/lock"):
        with lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            shutil.rmtree(lock.parent, ignore_errors=True)
