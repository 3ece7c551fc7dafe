"""The yardstick U: one stored function that inserts exactly the rows which one submitted and settled change leaves.

The rows are taken from a real change. They go into tables of a schema of their own that have the same columns, defaults,
checks and indexes, but neither foreign keys nor triggers nor anything to compute: nothing that keeps these rows durably
can be much faster, so the portal's speed is told as a share of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString, cast

import psycopg
from psycopg import sql

SCHEMA = "null_order"
CALL = "SELECT null_order.place(%s)"
Connection = psycopg.Connection[tuple[Any, ...]]
Marks = Mapping[str, int]


def marks(connection: Connection) -> dict[str, int]:
    """The highest id of every table that counts its rows by an id."""
    found = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id'"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.atttypid IN (20, 23)"  # int8 and int4
    ).fetchall()
    return {table: _highest(connection, table) for (table,) in found}


def _highest(connection: Connection, table: str) -> int:
    row = connection.execute(
        sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(sql.Identifier(table))
    ).fetchone()
    assert row is not None
    return int(row[0])


def rows_since(connection: Connection, before: Marks) -> dict[str, int]:
    """How many rows each table has above its mark; tables without new rows are left out."""
    counted = {}
    for table, mark in before.items():
        query = sql.SQL("SELECT count(*) FROM {} WHERE id > {}").format(sql.Identifier(table), mark)
        row = connection.execute(query).fetchone()
        assert row is not None
        if row[0]:
            counted[table] = int(row[0])
    return counted


def make(owner: Connection, before: Marks, application: str) -> dict[str, int]:
    """Write the function from the rows above the marks, and let the role `application` call it; returns the counts."""
    counts = rows_since(owner, before)
    owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(SCHEMA)))
    owner.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))
    inserts = []
    for table in counts:
        copied = sql.Identifier(SCHEMA, table)
        owner.execute(
            sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(copied, sql.Identifier("public", table))
        )
        inserts += _inserts(owner, table, before[table])
    body = sql.SQL("\n").join(inserts).as_string(owner)
    owner.execute(
        sql.SQL(
            "CREATE FUNCTION null_order.place(n bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS {}"
        ).format(sql.Literal(f"BEGIN\n{body}\nEND"))
    )
    role = sql.Identifier(application)
    owner.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(SCHEMA), role))
    owner.execute(sql.SQL("GRANT EXECUTE ON FUNCTION null_order.place TO {}").format(role))
    return counts


def _inserts(owner: Connection, table: str, mark: int) -> list[sql.Composable]:
    """One INSERT with all rows of a table; only what must be unique differs from call to call, by its number n."""
    columns, distinct = _columns(owner, table), _unique(owner, table)
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name, _ in columns)
    rows = owner.execute(
        sql.SQL("SELECT {} FROM {} WHERE id > {} ORDER BY id").format(texts, sql.Identifier(table), mark)
    ).fetchall()
    tuples = sql.SQL(",\n").join(
        sql.SQL("({})").format(
            sql.SQL(", ").join(
                _value(value, kind, name in distinct)
                for value, (name, kind) in zip(row, columns, strict=True)
            )
        )
        for row in rows
    )
    copied = sql.Identifier(SCHEMA, table)
    return [sql.SQL("INSERT INTO {} ({}) VALUES\n{};").format(copied, names, tuples)]


def _value(value: str | None, kind: str, distinct: bool) -> sql.Composable:
    if value is None:
        return sql.SQL("NULL")
    if distinct and kind in ("text", "character varying"):
        return sql.SQL("{} || n").format(sql.Literal(value))
    if distinct and kind == "bigint":
        return sql.SQL("n")
    # The type's name comes from PostgreSQL's own catalog.
    return sql.SQL("{}::{}").format(sql.Literal(value), sql.SQL(cast(LiteralString, kind)))


def _columns(owner: Connection, table: str) -> list[tuple[str, str]]:
    """Name and type of every column but the id, which counts by itself."""
    return [
        (str(name), str(kind))
        for name, kind in owner.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass"
            " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname <> 'id' ORDER BY attnum",
            [f"public.{table}"],
        ).fetchall()
    ]


def _unique(owner: Connection, table: str) -> set[str]:
    """Columns that are part of a unique index."""
    return {
        str(name)
        for (name,) in owner.execute(
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)"
            " WHERE i.indrelid = %s::regclass AND i.indisunique",
            [f"public.{table}"],
        ).fetchall()
    }
