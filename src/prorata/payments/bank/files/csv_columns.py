"""A bank's CSV file, read by the columns that staff named for the account."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

from prorata.payments.bank.files.parsed import (
    MOST_LINES,
    BadStatement,
    ParsedLine,
    ParsedStatement,
    clean,
    in_minor,
    joined,
    keyed,
)

ENCODINGS = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "cp932": "Shift JIS", "utf-16": "UTF-16"}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
DATE_FORMATS = {
    "%Y-%m-%d": "2026-08-31", "%d.%m.%Y": "31.08.2026", "%d/%m/%Y": "31/08/2026", "%m/%d/%Y": "08/31/2026",
    "%Y/%m/%d": "2026/08/31", "%Y%m%d": "20260831", "%d.%m.%y": "31.08.26", "%d-%m-%Y": "31-08-2026",
}  # fmt: skip
# What stands before the row of column names: the bank's own words about account and period.
MOST_ROWS_BEFORE = 60


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column is what, by the names in the file's own first row. Either `amount` has a sign, or `credit` and `debit`
    are two columns."""

    date: str
    amount: str = ""
    credit: str = ""
    debit: str = ""
    currency: str = ""
    text: tuple[str, ...] = field(default=())
    name: str = ""
    other_account: str = ""
    bank_id: str = ""
    date_format: str = "%Y-%m-%d"
    decimal: str = "."
    delimiter: str = ","
    encoding: str = "utf-8-sig"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"text": list(self.text)}

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> Columns | None:
        """None where no columns were named yet."""
        return cls(**(kept | {"text": tuple(kept["text"])})) if kept else None

    @property
    def named(self) -> list[str]:
        single = (
            self.date,
            self.amount,
            self.credit,
            self.debit,
            self.currency,
            self.name,
            self.other_account,
        )
        return [one for one in (*single, self.bank_id, *self.text) if one]


def read_csv(content: bytes, columns: Columns, currency: str) -> tuple[ParsedStatement, ...]:
    """One statement without balances, keyed, in the account's `currency`. Raises BadStatement, which names the row."""
    rows = _rows(content, columns)
    head, first = _head(rows, columns)
    lines = []
    for number, row in enumerate(rows[first:], start=first + 1):
        said = dict(zip(head, (clean(cell).strip() for cell in row), strict=False))
        if line := _line(said, columns, currency, f"Row {number}"):
            # The whole row names the movement: columns that are named anew do not make another movement of it.
            lines.append(replace(line, row="\x1e".join(cell.strip() for cell in row)))
    if not lines:
        raise BadStatement("The file has no movement of money in it.")
    if len(lines) > MOST_LINES:
        raise BadStatement(f"The file has more than {MOST_LINES:,} rows. Ask the bank for shorter periods.")
    return keyed(
        [
            ParsedStatement(
                account="", currency=currency, bank_ref="", opening_minor=None, closing_minor=None, lines=tuple(lines)
            )
        ]
    )  # fmt: skip


def column_names(content: bytes, encoding: str, delimiter: str) -> list[str]:
    """The row with most names in it among the first of a file, to choose columns from; empty where nothing can be read."""
    try:
        rows = list(_cells(content, encoding, delimiter))[:MOST_ROWS_BEFORE]
    except BadStatement:
        return []
    names = [[cell.strip() for cell in row] for row in rows]
    widest = max((sum(bool(cell) for cell in row) for row in names), default=0)
    return next((row for row in names if sum(bool(cell) for cell in row) == widest), [])


def guessed(content: bytes) -> tuple[str, str]:
    """(encoding, delimiter) that make most columns of a file nobody has described yet."""
    tried = [
        (len(column_names(content, encoding, delimiter)), encoding, delimiter)
        for encoding in ENCODINGS
        for delimiter in DELIMITERS
    ]
    best = max(tried, key=lambda one: one[0])
    return best[1], best[2]


def _rows(content: bytes, columns: Columns) -> list[list[str]]:
    return list(_cells(content, columns.encoding, columns.delimiter))


def _cells(content: bytes, encoding: str, delimiter: str) -> Iterator[list[str]]:
    try:
        text = content.decode(encoding)
    except UnicodeError as wrong:
        raise BadStatement(
            f"The file is not written in {ENCODINGS.get(encoding, encoding)}. Choose another encoding."
        ) from wrong
    try:
        # A NUL would end the row for some readers and not for others.
        yield from csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    except csv.Error as wrong:
        raise BadStatement(f"The file cannot be read as CSV: {wrong}.") from wrong


def _head(rows: list[list[str]], columns: Columns) -> tuple[list[str], int]:
    """The names of the columns, and where the first row after them stands."""
    wanted = set(columns.named)
    for n, row in enumerate(rows[:MOST_ROWS_BEFORE]):
        names = [cell.strip() for cell in row]
        if wanted <= set(names):
            if twice := next((one for one in wanted if names.count(one) > 1), None):
                raise BadStatement(f"Two columns are called {twice!r}. Give one of them another name.")
            return names, n + 1
    best = max(rows[:MOST_ROWS_BEFORE], key=lambda row: len(wanted & {c.strip() for c in row}), default=[])
    missing = sorted(wanted - {cell.strip() for cell in best})
    raise BadStatement(
        f"No row of the file names all columns; {missing[0]!r} is missing. Choose the columns again."
    )


def _line(said: dict[str, str], columns: Columns, currency: str, where: str) -> ParsedLine | None:
    """None for a row without a day and an amount: a blank one, or the bank's words at the end."""
    day = said.get(columns.date, "")
    amounts = [said.get(name, "") for name in (columns.amount, columns.credit, columns.debit) if name]
    if not day or not any(amounts):
        return None
    spoken = said.get(columns.currency, "").upper() if columns.currency else currency
    if spoken != currency:
        raise BadStatement(
            f"{where} is in {spoken[:10] or 'no currency'}, the account in {currency}. Choose the account of that currency."
        )
    minor = _amount(said, columns, currency, where)
    if not minor:
        return None
    return ParsedLine(
        booked_on=_date(day, columns.date_format, where), amount_minor=minor, currency=currency,
        text=joined(said.get(name) for name in columns.text), name=said.get(columns.name, "")[:200],
        other_account="".join(said.get(columns.other_account, "").split())[:60],
        bank_id=said.get(columns.bank_id, "")[:200] if columns.bank_id else "",
    )  # fmt: skip


def _date(text: str, form: str, where: str) -> date:
    try:
        return datetime.strptime(text[:40], form).date()  # noqa: DTZ007 (a day has no zone)
    except ValueError as wrong:
        raise BadStatement(
            f"{where}: {text[:20]!r} is not a day like {DATE_FORMATS.get(form, form)}. Choose the form of the days."
        ) from wrong


def _amount(said: dict[str, str], columns: Columns, currency: str, where: str) -> int:
    if columns.amount:
        return _number(said.get(columns.amount, ""), columns.decimal, currency, where)
    came = _number(said.get(columns.credit, ""), columns.decimal, currency, where)
    went = _number(said.get(columns.debit, ""), columns.decimal, currency, where)
    if came and went:
        raise BadStatement(f"{where}: it says that money came in and went out.")
    return came - abs(went)


def _number(text: str, decimal: str, currency: str, where: str) -> int:
    """1.234,50 or 1'234.50 or -12 or 12.00-, by the decimal sign of the file, in minor units; nothing is 0."""
    plain = re.sub(r"[\s'\u2019\u00a0\u202f]", "", text.replace("\u2212", "-").replace(currency, ""))
    if not plain:
        return 0
    group = "," if decimal == "." else "."
    shape = rf"([+-]?)(\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|\d+)(?:{re.escape(decimal)}(\d*))?([+-]?)"
    found = re.fullmatch(shape, plain, re.ASCII)
    if found is None or (found[1] and found[4]):
        raise BadStatement(
            f"{where}: {text[:40]!r} is not an amount with the decimal sign {decimal!r}. Choose the decimal sign."
        )
    minor = in_minor(f"{found[2].replace(group, '')}.{found[3] or '0'}", currency, where)
    return -minor if "-" in (found[1], found[4]) else minor
