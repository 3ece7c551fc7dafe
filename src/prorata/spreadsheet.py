"""Rows as a CSV file that spreadsheets open as they are: nothing in it is run as a formula, and no letter is lost."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

Cell = str | int | Decimal | None
# A spreadsheet takes a text that begins so for a formula, also where the sign is a wide one or stands after spaces.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Excel reads a file without this mark in the letters of its own country.
MARK = "\ufeff"
CONTENT_TYPE = "text/csv; charset=utf-8"


def csv_lines(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The file in pieces, one a row, in UTF-8 with its mark. Numbers are written plainly; a text is never a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(MARK)
    for row in rows:
        writer.writerow([_cell(cell) for cell in row])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


def _cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
    # The apostrophe is the spreadsheet's own sign for "this is text".
    starts = cell.lstrip()
    return f"'{cell}" if starts.startswith(FORMULA) or cell[:1] in ("\t", "\r", "\n") else cell
