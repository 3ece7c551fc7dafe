"""Seal what is written once: in batches, by a job, so that nobody who writes waits for it.

No row can slip in below a seal. Every INSERT into these tables takes its transaction's number before it draws an id
(`guards.numbered`). The job reads the highest id it can see, then takes a transaction number of its own: whoever drew a
lower id has a lower number. When every lower number has ended (`pg_snapshot_xmin`), those rows are committed and visible,
or rolled back for ever, and only then they are read and sealed.
"""

from __future__ import annotations

import json
import time

from django.db import connection, transaction
from django.db.models import Max

from prorata import clock
from prorata.verify.models import Seal
from prorata.verify.sealed_text import ZEROS, columns_of, hash_of, row_text, sealed_tables, steady

BATCH = 2_000
# How long the job waits for transactions that were open when it looked; what they hold up is sealed the next time.
PATIENCE = 20.0
# One chain over all tables needs one writer at a time; sealing alone takes this lock.
LOCK = 0x7365616C


def seal_all(patience: float = PATIENCE) -> int:
    """Seal whatever can be sealed now; returns how many rows were."""
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "sealing waits for other transactions: it must not be in one itself"
        )
    bounds = {table: bound for table in sealed_tables() if (bound := _highest(table)) is not None}
    if not bounds or not _all_ended(_number(), patience):
        return 0
    sealed = 0
    for table, bound in bounds.items():
        while rows := _seal_batch(table, bound):
            sealed += rows
    return sealed


def _highest(table: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(id) FROM {table}")
        found = cursor.fetchone()[0]
        return None if found is None else int(found)


def _number() -> int:
    """A transaction number above all that were taken before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        return int(cursor.fetchone()[0])


def _all_ended(number: int, patience: float) -> bool:
    """Wait until no transaction below `number` is open."""
    deadline = time.monotonic() + patience
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
            if int(cursor.fetchone()[0]) >= number:
                return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.2)


@transaction.atomic
def _seal_batch(table: str, bound: int) -> int:
    """Seal the next rows of a table up to `bound`; returns how many."""
    steady()
    columns = columns_of(table)
    # A seal's text of columns is compared as it stands, so it is made here once, not by whoever reads it.
    listed = ",".join(columns)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute('SELECT coalesce(max(last_id), -1) FROM verify_seal WHERE "table" = %s', [table])
        after = int(cursor.fetchone()[0])
        cursor.execute("SELECT hash FROM verify_seal ORDER BY id DESC LIMIT 1")
        newest = cursor.fetchone()
        digest = hash_of(
            previous="%(previous)s::bytea", table="%(table)s", columns="%(listed)s", first="min(id)", last="max(id)",
            rows="count(*)", marks="string_agg(mark, '' ORDER BY id)", sealed_at="%(at)s::timestamptz",
            text="string_agg(line, E'\\n' ORDER BY id)",
        )  # fmt: skip
        cursor.execute(
            f"""
            WITH next AS MATERIALIZED (
                SELECT id, {row_text(columns, "t")} AS line FROM {table} t
                 WHERE id > %(after)s AND id <= %(bound)s ORDER BY id LIMIT %(batch)s
            ), marked AS MATERIALIZED (
                SELECT id, line, int8send(id) || substr(sha256(convert_to(line, 'UTF8')), 1, 8) AS mark FROM next
            )
            INSERT INTO verify_seal ("table", first_id, last_id, rows, columns, marks, previous, hash, sealed_at)
            SELECT %(table)s, min(id), max(id), count(*), %(columns)s::jsonb, string_agg(mark, '' ORDER BY id),
                   %(previous)s::bytea, {digest}, %(at)s::timestamptz
              FROM marked HAVING count(*) > 0 RETURNING rows
            """,
            {
                "after": after, "bound": bound, "batch": BATCH, "table": table, "listed": listed,
                "columns": json.dumps(columns), "previous": bytes(newest[0]) if newest else ZEROS,
                "at": clock.machine_now(),
            },
        )  # fmt: skip
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def unsealed() -> int:
    """How many rows no seal covers yet."""
    total = 0
    last = dict(Seal.objects.values_list("table").annotate(last=Max("last_id")).order_by())
    with connection.cursor() as cursor:
        for table in sealed_tables():
            cursor.execute(f"SELECT count(*) FROM {table} WHERE id > %s", [last.get(table, -1)])
            total += int(cursor.fetchone()[0])
    return total
