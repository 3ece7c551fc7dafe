"""Import a file: every booked line once, its money into the ledger, and what is unmistakable to its invoice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Max, Min

from prorata import clock
from prorata.events.defer import defer
from prorata.ledger import accounts
from prorata.ledger.post import post
from prorata.payments.bank import BANK
from prorata.payments.bank.accounts import account_of
from prorata.payments.bank.files.csv_columns import Columns
from prorata.payments.bank.files.parsed import BadStatement, ParsedLine, ParsedStatement
from prorata.payments.bank.files.read import form_of, read
from prorata.payments.bank.match import attempt_of, match
from prorata.payments.bank.models import Allocation, BankAccount, Statement, StatementFile, StatementLine
from prorata.payments.bank.once import told_apart
from prorata.payments.models import PaymentAttempt
from prorata.trail.write import note

# A file that was looked at and not imported is forgotten after so long.
UNIMPORTED_FOR = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One line as an import would treat it. `attempt` is the transfer its reference names; known lines add nothing."""

    line: ParsedLine
    known: bool
    attempt: PaymentAttempt | None


@dataclass(frozen=True, kw_only=True)
class Imported:
    new: int
    known: int
    matched: int


def keep(content: bytes, name: str, account: BankAccount | None, actor: str) -> StatementFile:
    """Check a file and keep it, to be looked at before it is imported; the same file again is the same row.

    A CAMT file names its account itself, and must be right from the start; a CSV file needs `account`, and is read when
    its columns are known. Raises BadStatement.
    """
    form = form_of(content)
    if form == "camt":
        account = _account_of(read(content, form, None, ""), account)
    if account is None:
        raise BadStatement("A CSV file does not say whose it is: choose the bank account.")
    StatementFile.objects.filter(
        statements=None, uploaded_at__lt=clock.machine_now() - UNIMPORTED_FOR
    ).delete()
    kept, _made = StatementFile.objects.get_or_create(
        account=account, sha256=hashlib.sha256(content).hexdigest(),
        defaults={
            "name": name[-200:], "format": form, "content": content, "uploaded_by": actor,
            "uploaded_at": clock.machine_now(),
        },
    )  # fmt: skip
    return kept


def _account_of(statements: Sequence[ParsedStatement], chosen: BankAccount | None) -> BankAccount:
    found = None
    for one in statements:
        account = account_of(one.account, one.currency)
        if account is None:
            raise BadStatement(
                f"The statement is of account {one.account[:40]} in {one.currency[:10] or 'no currency'}, which is none of"
                " ours. Write it down under Bank accounts first, or choose another file."
            )
        if found is not None and account != found:
            raise BadStatement("The file has statements of several accounts. Import each account by itself.")
        found = account
    assert found is not None
    if chosen is not None and chosen != found:
        raise BadStatement(f"The statement is of {found}, not of {chosen}. Choose the other account.")
    return found


def statements_of(file: StatementFile) -> tuple[ParsedStatement, ...]:
    """What a kept file says, with the columns its account has now. Raises BadStatement."""
    form = "camt" if file.format == "camt" else "csv"
    columns = Columns.of_json(file.account.csv_columns)
    return read(bytes(file.content), form, columns, file.account.currency)  # type: ignore[arg-type]


def preview(file: StatementFile) -> list[Seen]:
    """Every line of a kept file as an import would treat it now. Raises BadStatement."""
    lines = [line for one in told_apart(file, statements_of(file), statements_of) for line in one.lines]
    _must_not_come_twice(file, lines)
    _must_have_the_numbers(file, lines)
    known = _known(file.account, lines)
    return [
        Seen(
            line=line, known=line.key in known,
            attempt=attempt_of(line.text, file.account) if _may_match(line) and line.key not in known else None,
        )
        for line in lines
    ]  # fmt: skip


def take_in(file: StatementFile, *, actor: str, actor_name: str = "") -> Imported:
    """Import a kept file. All of its lines or none; the same lines again add nothing. Raises BadStatement."""
    ids, known = _write_all(file, actor, actor_name)
    # A job for each that can be matched is written with the lines; this only spares staff the wait for the worker.
    for pk in ids:
        match(pk)
    matched = Allocation.objects.filter(line__in=ids, automatic=True).count()
    return Imported(new=len(ids), known=known, matched=matched)


@transaction.atomic
def _write_all(file: StatementFile, actor: str, actor_name: str) -> tuple[list[int], int]:
    """Under the account's lock, so that two imports at once write one after the other."""
    account = BankAccount.objects.select_for_update(no_key=True).get(pk=file.account_id)
    statements = told_apart(file, statements_of(file), statements_of)
    lines = [line for one in statements for line in one.lines]
    _must_not_come_twice(file, lines)
    _must_have_the_numbers(file, lines)
    known = _known(account, lines)
    ids: list[int] = []
    for parsed in statements:
        fresh = [line for line in parsed.lines if line.key not in known]
        if fresh:
            ids += _write(file, account, parsed, fresh, actor)
    if ids:
        note(
            "statement.imported", file, actor=actor, actor_name=actor_name,
            changed={"new_lines": (None, len(ids)), "known_lines": (None, len(known))},
        )  # fmt: skip
    return ids, len(known)


def _write(
    file: StatementFile,
    account: BankAccount,
    parsed: ParsedStatement,
    fresh: Sequence[ParsedLine],
    actor: str,
) -> list[int]:
    statement = Statement.objects.create(
        account=account, file=file, bank_ref=parsed.bank_ref, opening_minor=parsed.opening_minor,
        closing_minor=parsed.closing_minor, entries_minor=parsed.entries_minor, new_lines=len(fresh),
        known_lines=len(parsed.lines) - len(fresh), imported_by=actor, imported_at=clock.now(),
    )  # fmt: skip
    lines = StatementLine.objects.bulk_create(
        StatementLine(
            account=account, statement=statement, key=one.key, booked_on=one.booked_on, amount_minor=one.amount_minor,
            currency=one.currency, text=one.text, name=one.name, other_account=one.other_account,
            bank_code=one.bank_code, is_reversal=one.is_reversal, several=one.several,
        )
        for one in fresh
    )  # fmt: skip
    for line in lines:
        _post(line, statement, actor)
        if _may_match(line) and attempt_of(line.text, account) is not None:
            defer("bank.match", lock=f"bankline:{line.pk}", id=line.pk)
    return [line.pk for line in lines]


def _may_match(line: ParsedLine | StatementLine) -> bool:
    return line.amount_minor > 0 and not line.several


def _post(line: StatementLine, statement: Statement, actor: str) -> None:
    """What came in waits in suspense to be assigned; what went out is the provider's own business."""
    came = line.amount_minor > 0
    other = accounts.suspense(line.currency) if came else accounts.outside(line.currency)
    post(
        key=line.transfer_key, kind="banked" if came else "withdrawn", origin=f"bankline:{line.pk}",
        legs=[(accounts.clearing(BANK, line.currency), line.amount_minor), (other, -line.amount_minor)],
        at=statement.imported_at, actor=actor,
    )  # fmt: skip


def _must_not_come_twice(file: StatementFile, lines: Sequence[ParsedLine]) -> None:
    """The same movement has one key in CAMT and another in CSV: days that came in one form do not come in the other."""
    other = StatementLine.objects.filter(account=file.account_id).exclude(statement__file__format=file.format)
    days = other.aggregate(first=Min("booked_on"), last=Max("booked_on"))
    if days["first"] is None or not any(days["first"] <= line.booked_on <= days["last"] for line in lines):
        return
    form = "CSV" if file.format == "camt" else "CAMT.053"
    raise BadStatement(
        f"The movements from {days['first']} to {days['last']} came in the form {form}. In another form they would come a"
        " second time: import a file of other days, or of the same form."
    )


def _known(account: BankAccount, lines: Sequence[ParsedLine]) -> set[str]:
    """The keys of the lines that came before, also of those whose number at the bank was not read then."""
    keys = [key for line in lines for key in (line.key, line.row_key) if key]
    rows = StatementLine.objects.filter(account=account, key__in=keys)
    before = set(rows.values_list("key", flat=True))
    return {line.key for line in lines if {line.key, line.row_key} & before}


def _must_have_the_numbers(file: StatementFile, lines: Sequence[ParsedLine]) -> None:
    """Days whose movements are known by the bank's own numbers cannot be recognised without them."""
    if file.format != "csv" or file.account.csv_columns.get("bank_id"):
        return
    numbered = StatementLine.objects.filter(
        account=file.account_id, statement__file__format="csv", key__startswith="id:",
        booked_on__range=(min(one.booked_on for one in lines), max(one.booked_on for one in lines)),
    )  # fmt: skip
    if numbered.exists():
        raise BadStatement(
            "The movements of these days came with the bank's own numbers. Without them they would come a second time:"
            " choose the column of the numbers again."
        )
