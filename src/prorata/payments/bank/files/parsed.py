"""What a statement file says, whatever its form, and what makes a line the same line in another file."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from prorata.pricing.display import LARGEST, amount_text
from prorata.pricing.errors import BadInput
from prorata.pricing.money import minor_digits

LARGEST_FILE = 8_000_000  # bytes
MOST_LINES = 5_000
LONGEST_TEXT = 2_000
PLAIN = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)
LONGEST_NUMBER = 40


class BadStatement(ValueError):
    """One sentence that says what is wrong with a file and what to do. Nothing was imported."""


@dataclass(frozen=True, kw_only=True)
class ParsedLine:
    """One booked movement: minor units, positive what came in. `bank_id` is the bank's own, empty where it gives none;
    `row` is what the file says of it, where that does not depend on how the file is read; `several`: it is a sum of
    payments, and which of them is how much is not said. `row_key` is what the key would be had `bank_id` not been read.
    `no_id` is what stands where the bank's id should, such as NONREF."""

    booked_on: date
    amount_minor: int
    currency: str
    text: str = ""
    name: str = ""
    other_account: str = ""
    bank_id: str = ""
    bank_code: str = ""
    is_reversal: bool = False
    several: bool = False
    row: str = ""
    no_id: str = ""
    key: str = ""
    row_key: str = ""

    @property
    def group(self) -> str:
        """The key without its number: equal for equal movements."""
        return self.key.rpartition(":")[0]

    @property
    def old_group(self) -> str:
        """The group it had while what stands for an id was taken for one; "" where there is no such thing."""
        return _digest("id", self, [self.no_id]) if self.no_id else ""

    @property
    def words(self) -> list[str]:
        return words(self.text, self.name, self.other_account)


@dataclass(frozen=True, kw_only=True)
class ParsedStatement:
    """Booked lines in the order of the file. `account` is the IBAN or number in the file, empty where it names none;
    balances are None where the file has none; `left_out` counts entries that are not booked yet."""

    account: str
    currency: str
    bank_ref: str
    opening_minor: int | None
    closing_minor: int | None
    lines: tuple[ParsedLine, ...]
    left_out: int = 0

    @property
    def entries_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


def keyed(statements: Sequence[ParsedStatement]) -> tuple[ParsedStatement, ...]:
    """The same with the key of each line: equal lines of one file are the first, the second, and so on.

    The same movement in an overlapping file gets the same key, and two equal movements get two.
    """
    seen: Counter[str] = Counter()
    return tuple(
        replace(statement, lines=tuple(_with_key(line, seen) for line in statement.lines))
        for statement in statements
    )


def _with_key(line: ParsedLine, seen: Counter[str]) -> ParsedLine:
    said = words(line.row) if line.row else line.words
    if not line.bank_id:
        return replace(line, key=_key("hash", line, said, seen))
    # A bank's id is trusted to be stable, not to be unique: some repeat it on every part of a batch.
    by_id = _key("id", line, [line.bank_id], seen)
    return replace(line, key=by_id, row_key=_key("hash", line, said, seen) if line.row else "")


def _key(kind: str, line: ParsedLine, what: Sequence[str], seen: Counter[str]) -> str:
    group = _digest(kind, line, what)
    seen[group] += 1
    return f"{group}:{seen[group]}"


def _digest(kind: str, line: ParsedLine, what: Sequence[str]) -> str:
    facts = [line.booked_on.isoformat(), str(line.amount_minor), line.currency, *what]
    return f"{kind}:{hashlib.sha256(chr(31).join(facts).encode()).hexdigest()[:40]}"


def words(*said: str) -> list[str]:
    """What a line says, however it is spaced and written in capitals."""
    return [_squeezed(one) for one in said]


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def must_add_up(statement: ParsedStatement) -> None:
    """Raises BadStatement where opening balance and booked entries are not the closing balance."""
    if statement.opening_minor is None or statement.closing_minor is None:
        return
    expected = statement.opening_minor + statement.entries_minor
    if expected != statement.closing_minor:
        said = [
            f"{amount_text(minor, statement.currency)} {statement.currency}"
            for minor in (statement.opening_minor, statement.entries_minor, statement.closing_minor)
        ]
        raise BadStatement(
            f"Statement {statement.bank_ref or 'without a number'} does not add up: {said[0]} at the beginning and"
            f" {said[1]} of entries are not {said[2]} at the end. A part is missing: get the whole file from the bank."
        )


def in_minor(text: str, currency: str, where: str) -> int:
    """A plain decimal such as 1234.50, not negative, in minor units. Raises BadStatement."""
    try:
        digits = minor_digits(currency)
    except BadInput as unknown:
        raise BadStatement(f"{where}: {currency[:10]!r} is not a currency.") from unknown
    if not PLAIN.fullmatch(text) or len(text) > LONGEST_NUMBER:
        raise BadStatement(f"{where}: {text[:40]!r} is not an amount of money.")
    amount = Decimal(text)
    above, below = amount.as_integer_ratio()
    minor, rest = divmod(above * 10**digits, below)
    if rest or minor >= LARGEST:
        raise BadStatement(f"{where}: {text[:40]} {currency} cannot be counted in whole minor units.")
    return int(minor)


def joined(parts: Iterable[str | None]) -> str:
    """The parts that say something, each once, one a line. What a database cannot hold is left out."""
    said = dict.fromkeys(" ".join(clean(part).split()) for part in parts if part)
    return "\n".join(one for one in said if one)[:LONGEST_TEXT]


def clean(text: str) -> str:
    return "".join(one for one in text if one.isprintable() or one.isspace())
