"""A sandbox's own store: one SQLite file in WAL mode, so that a killed process finds everything again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COMMON_SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fault (
    id INTEGER PRIMARY KEY, call TEXT NOT NULL, kind TEXT NOT NULL, effect TEXT NOT NULL,
    seconds REAL NOT NULL, only_for TEXT NOT NULL, times INTEGER NOT NULL CHECK (times >= 0)
);
CREATE TABLE IF NOT EXISTS call (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, call TEXT NOT NULL, facts TEXT NOT NULL, outcome TEXT NOT NULL
);
"""


class Store:
    """Opens one connection per piece of work; writers queue up behind each other (BEGIN IMMEDIATE)."""

    def __init__(self, path: Path, schema: str, added: dict[str, dict[str, str]] | None = None) -> None:
        """`added` are columns that came later, by table and name: a store made before them gets them now."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        # One idle connection stays open: closing the last one would fold the WAL into the file each time.
        self._kept_open = self._connect(check_same_thread=False)
        self._kept_open.execute("PRAGMA journal_mode = WAL")
        self._kept_open.executescript(COMMON_SCHEMA + schema)
        for table, columns in (added or {}).items():
            held = {row["name"] for row in self._kept_open.execute(f"PRAGMA table_info({table})")}
            for name, kind in columns.items():
                if name not in held:
                    self._kept_open.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")

    def _connect(self, *, check_same_thread: bool = True) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=check_same_thread)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        return db

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One write transaction: all of the block happens, or nothing."""
        db = self._connect()
        try:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
        finally:
            db.close()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view."""
        db = self._connect()
        try:
            db.execute("BEGIN")
            yield db
        finally:
            db.close()


def empty(db: sqlite3.Connection) -> None:
    """Forget everything; numbers begin at 1 again."""
    db.execute(
        "PRAGMA defer_foreign_keys = ON"
    )  # tables in any order; what points nowhere is refused at the end
    tables = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for (table,) in tables.fetchall():
        db.execute(f'DELETE FROM "{table}"')


def read_settings(db: sqlite3.Connection, defaults: dict[str, Any]) -> dict[str, Any]:
    """The defaults, overlaid with what the control API has set."""
    stored = {row["name"]: json.loads(row["value"]) for row in db.execute("SELECT name, value FROM setting")}
    return {name: stored.get(name, default) for name, default in defaults.items()}


def write_setting(db: sqlite3.Connection, name: str, value: Any) -> None:
    """Keep one setting beyond a restart."""
    db.execute(
        "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, json.dumps(value)),
    )
