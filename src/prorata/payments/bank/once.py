"""Movements to which the bank gives no id: each comes once, however its files are cut and whichever comes again.

Equal ones (day, amount, words) are counted. A file that begins with the balance another one ended with goes on from it: what
both show are different movements. Files that begin with the same balance, or of which nobody knows, show the same ones. So
there are as many as any row of files that follow one another shows, and what our books do not have yet is new.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from prorata.payments.bank.files.parsed import BadStatement, ParsedLine, ParsedStatement, words
from prorata.payments.bank.models import StatementFile, StatementLine

Statements = tuple[ParsedStatement, ...]
Read = Callable[[StatementFile], Statements]
# The keys of the movements that are in our books, by their group.
Ours = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class _Part:
    """What one file shows of a day: the balances before and after, and how many movements of each group."""

    begins: int | None
    ends: int | None
    counted: Counter[str]


def told_apart(file: StatementFile, statements: Statements, read: Read) -> Statements:
    """The same, lines without an id with the keys that they have in our books, or will have. `read` reads a kept file.

    Only CAMT says with which balance it begins; a row of CSV is all that is known of a movement.
    """
    unnamed = [line for one in statements for line in one.lines if not line.bank_id]
    if file.format != "camt" or not unnamed:
        return statements
    ours = _ours(file, unnamed)
    if not ours:
        return statements
    new: dict[str, int] = {}
    for day in {line.booked_on for line in unnamed if line.group in ours}:
        parts = [_part(statements, day), *_earlier(file, day, read)]
        for group, shown in parts[0].counted.items():
            new[group] = min(shown, _most(group, parts) - len(ours.get(group, ())))
    keys = _keys(unnamed, ours, new)
    return tuple(
        replace(one, lines=tuple(line if line.bank_id else replace(line, key=next(keys)) for line in one.lines))
        for one in statements
    )  # fmt: skip


def _ours(file: StatementFile, unnamed: Sequence[ParsedLine]) -> Ours:
    """Also of lines that came while what stands for an id was taken for one: those that say the same."""
    groups = {line.group for line in unnamed}
    before = {(line.old_group, *line.words): line.group for line in unnamed if line.no_id}
    days = [line.booked_on for line in unnamed]
    rows = StatementLine.objects.filter(account=file.account_id, booked_on__range=(min(days), max(days)))
    found: dict[str, list[str]] = defaultdict(list)
    for key, *said in rows.order_by("id").values_list("key", "text", "name", "other_account"):
        group = key.rpartition(":")[0]
        if group not in groups:
            group = before.get((group, *words(*said)), "")
        if group:
            found[group].append(key)
    return found


def _earlier(file: StatementFile, day: date, read: Read) -> Iterator[_Part]:
    """The other files that brought a movement of the day."""
    files = StatementFile.objects.filter(
        account=file.account_id, format="camt", statements__lines__booked_on=day
    )
    for one in files.exclude(pk=file.pk).distinct():
        try:
            yield _part(read(one), day)
        except BadStatement:  # it was read once, and is not any more: what it brought is in our books
            continue


def _part(statements: Statements, day: date) -> _Part:
    of_day = [one for one in statements if any(line.booked_on == day for line in one.lines)]
    lines = [line for one in of_day for line in one.lines if line.booked_on == day]
    begins = of_day[0].opening_minor if of_day else None
    if begins is not None:
        begins += sum(line.amount_minor for line in of_day[0].lines if line.booked_on < day)
    ends = None if begins is None else begins + sum(line.amount_minor for line in lines)
    return _Part(begins, ends, Counter(line.group for line in lines if not line.bank_id))


def _most(group: str, parts: Sequence[_Part]) -> int:
    """The most movements of a group that files which follow one another show."""
    shown: dict[int, dict[int, int]] = defaultdict(dict)
    alone = [0]
    for part in parts:
        if part.begins is None or part.ends is None:
            alone.append(part.counted[group])
        else:
            ends = shown[part.begins]
            ends[part.ends] = max(ends.get(part.ends, 0), part.counted[group])

    def onwards(begins: int, passed: frozenset[int]) -> int:
        """From this balance on; the same balance again may be the same files again."""
        if begins in passed:
            return 0
        further = (n + onwards(ends, passed | {begins}) for ends, n in shown.get(begins, {}).items())
        return max(further, default=0)

    return max(*alone, *(onwards(begins, frozenset()) for begins in shown), 0)


def _keys(unnamed: Sequence[ParsedLine], ours: Ours, new: Mapping[str, int]) -> Iterator[str]:
    """One for each line: those of our books for as many as are known, and then further ones."""
    shown, met = Counter(line.group for line in unnamed), Counter[str]()
    for line in unnamed:
        group, known = line.group, shown[line.group] - new.get(line.group, shown[line.group])
        met[group] += 1
        if met[group] <= known:
            yield ours[group][met[group] - 1]
        else:
            yield f"{group}:{len(ours.get(group, ())) + met[group] - known}"
