"""The seals: no row that was sealed is changed, missing or added, and no seal is either."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from django.db import connection

from prorata.verify.models import Run, Seal
from prorata.verify.promise import Asked, Promise, Rows
from prorata.verify.sealed_text import ZEROS, columns_of, hash_of, row_text, sealed_tables, steady

Stretch = tuple[int, int]  # above this id, up to and including that one


def chain_holds(asked: Asked) -> Rows:
    """Each seal begins with the hash of the one before, and each table's stretches follow one another."""
    previous, last = ZEROS, dict[str, int]()
    for pk, table, first, upto, before, after in (
        Seal.objects.order_by("id")
        .values_list("id", "table", "first_id", "last_id", "previous", "hash")
        .iterator(5_000)
    ):
        if bytes(before) != previous:
            yield (
                f"verify_seal {pk}",
                table,
                "does not follow the seal before it: one was changed, removed or put between",
            )
        if first <= last.get(table, -1):
            yield f"verify_seal {pk}", table, f"begins at {first}, which an earlier seal covers"
        previous, last[table] = bytes(after), upto
    known = dict(Seal.objects.values_list("id", "hash"))
    for run in Run.objects.exclude(last_seal=None).order_by("id").iterator(1_000):
        if bytes(known.get(run.last_seal or 0, b"")).hex() != run.last_hash:
            yield (
                f"verify_seal {run.last_seal}",
                "",
                f"is not the seal that verify_run {run.pk} saw, with the hash {run.last_hash}",
            )


def sealed_rows_stay(asked: Asked) -> Rows:
    """Every stretch is hashed anew; where the hash differs, its marks say which rows."""
    steady()
    groups: dict[tuple[str, tuple[str, ...]], list[Seal]] = defaultdict(list)
    above: dict[int, int] = {}
    last: dict[str, int] = {}
    for seal in Seal.objects.defer("marks").order_by("id"):
        groups[seal.table, tuple(seal.columns)].append(seal)
        above[seal.pk] = last.get(seal.table, -1)
        last[seal.table] = seal.last_id
    tables = set(sealed_tables())
    for (table, columns), seals in groups.items():
        if table not in tables or set(columns) - set(columns_of(table)):
            gone = (
                ", ".join(sorted(set(columns) - set(columns_of(table)))) if table in tables else "the table"
            )
            yield f"verify_seal {seals[0].pk}", table, f"covers what is no longer there: {gone}"
            continue
        for pk in _differing(table, columns, seals, above):
            seal = Seal.objects.get(pk=pk)
            yield from _rows_of(seal, (above[pk], seal.last_id))


def _differing(table: str, columns: tuple[str, ...], seals: list[Seal], above: dict[int, int]) -> list[int]:
    """The seals of one table whose hash is not that of their rows now."""
    digest = hash_of(
        previous="s.previous", table="s.\"table\"", columns="%(listed)s", first="s.first_id", last="s.last_id",
            rows="s.rows",
        marks="s.marks", sealed_at="s.sealed_at", text="coalesce(r.text, '')",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT s.id FROM unnest(%(seals)s::bigint[], %(above)s::bigint[]) asked(id, above)
              JOIN verify_seal s ON s.id = asked.id
              CROSS JOIN LATERAL (SELECT string_agg({row_text(columns, "t")}, E'\\n' ORDER BY t.id) AS text FROM {table} t
                                   WHERE t.id > asked.above AND t.id <= s.last_id) r
             WHERE s.hash <> {digest} ORDER BY s.id
            """,
            {
                "seals": [seal.pk for seal in seals], "above": [above[seal.pk] for seal in seals],
                "listed": ",".join(columns),
            },
        )  # fmt: skip
        return [int(pk) for (pk,) in cursor.fetchall()]


def _rows_of(seal: Seal, stretch: Stretch) -> Rows:
    """Which rows of a broken seal are changed, missing or new; the seal itself where it is none of them."""
    sealed, now = _marks(bytes(seal.marks)), _now(seal, stretch)
    place, named = f"verify_seal {seal.pk}", False
    for pk in sorted(sealed.keys() | now.keys()):
        if sealed.get(pk) == now.get(pk):
            continue
        named = True
        if pk not in now:
            what = "was removed after it was sealed"
        elif pk not in sealed:
            what = "was put among rows that were sealed without it"
        else:
            what = "was changed after it was sealed"
        yield f"{seal.table} {pk}", "", f"{what} by {place}"
    if not named:
        yield place, seal.table, "was changed itself: its rows are those it was made of, its hash is not"


def _marks(marks: bytes) -> dict[int, bytes]:
    ends = pairwise(range(0, len(marks) + 1, 16))
    return {int.from_bytes(marks[a : a + 8], "big", signed=True): marks[a + 8 : b] for a, b in ends}


def _now(seal: Seal, stretch: Stretch) -> dict[int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, substr(sha256(convert_to({row_text(seal.columns, 't')}, 'UTF8')), 1, 8) FROM {seal.table} t "
            "WHERE id > %s AND id <= %s",
            list(stretch),
        )
        return {int(pk): bytes(mark) for pk, mark in _all(cursor)}


def _all(cursor: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    yield from cursor


PROMISES = (
    Promise(
        "seals-are-a-chain",
        "Every seal follows the one before, and those that earlier runs saw are there.",
        chain_holds,
    ),
    Promise("sealed-rows-stay", "No row that was sealed is changed, missing, or added.", sealed_rows_stay),
)
