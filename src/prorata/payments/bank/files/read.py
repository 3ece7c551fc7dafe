"""Read a file in the form it has."""

from __future__ import annotations

from typing import Literal

from prorata.payments.bank.files.camt import read_camt
from prorata.payments.bank.files.csv_columns import Columns, read_csv
from prorata.payments.bank.files.parsed import LARGEST_FILE, BadStatement, ParsedStatement

Form = Literal["camt", "csv"]
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def form_of(content: bytes) -> Form:
    """Whether it is XML or not. Raises BadStatement for a file that is empty or too large to be either."""
    if len(content) > LARGEST_FILE:
        raise BadStatement(
            f"The file is larger than {LARGEST_FILE // 1_000_000} MB. Ask the bank for shorter periods."
        )
    start = content[:200]
    for mark in MARKS:
        start = start.removeprefix(mark)
    start = start.replace(b"\0", b"").strip()
    if not start:
        raise BadStatement("The file is empty.")
    return "camt" if start.startswith(b"<") else "csv"


def read(content: bytes, form: Form, columns: Columns | None, currency: str) -> tuple[ParsedStatement, ...]:
    """What the file says, keyed. `columns` and `currency` are those of a CSV file's account. Raises BadStatement."""
    if form == "camt":
        return read_camt(content)
    if columns is None:
        raise BadStatement("Say first which column of the file is what.")
    return read_csv(content, columns, currency)
