"""What of a row is hashed, and how: the same text whoever asks, whatever the session's settings.

A row is PostgreSQL's own text of a composite value, which quotes what needs it, so two different rows never read alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import apps
from django.db import connection

from prorata.ledger.append_only import AppendOnly
from prorata.verify.models import Seal

ZEROS = bytes(32)
# How dates, times and numbers read must not depend on who asks.
SETTINGS = (
    "SET LOCAL TimeZone = 'UTC'", "SET LOCAL DateStyle = 'ISO, YMD'", "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL extra_float_digits = 1", "SET LOCAL bytea_output = 'hex'",
)  # fmt: skip
# A seal's own facts are hashed with its rows, so that none of them can be changed either.
HASH = """
sha256(%(previous)s || convert_to(concat_ws('|', %(table)s, %(columns)s, %(first)s, %(last)s, %(rows)s,
    encode(sha256(%(marks)s), 'hex'),
       %(sealed_at)s) || E'\\n' || %(text)s, 'UTF8'))
"""


def sealed_tables() -> list[str]:
    """Every table whose rows are written once; the seals themselves are a chain already."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models()
        if issubclass(model, AppendOnly) and model is not Seal
    )


def columns_of(table: str) -> list[str]:
    """The columns of a table now, in the order of their names: adding one never moves another."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
            "ORDER BY attname",
            [table],
        )
        return [str(name) for (name,) in cursor.fetchall()]


def row_text(columns: Sequence[str], alias: str) -> str:
    """SQL that gives a row's text."""
    name = connection.ops.quote_name
    return f"ROW({', '.join(f'{alias}.{name(column)}' for column in columns)})::text"


def steady() -> None:
    """Call in a transaction before any text of rows is made."""
    with connection.cursor() as cursor:
        for setting in SETTINGS:
            cursor.execute(setting)


def hash_of(**parts: str) -> str:
    """SQL of a seal's hash from SQL of its parts."""
    return HASH % parts
