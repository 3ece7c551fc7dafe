"""Single rows are corrupted from below everything that guards them, and `verify` must name each of them."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, connection

from prorata import clock
from prorata.verify.promise import Asked, Finding
from prorata.verify.seal import seal_all
from prorata.verify.walk import PROMISES, broken
from stories.conftest import gateway_process, hypervisor_process, shared_gateway, shared_hypervisor, world
from support.corruption import found_after
from support.database import TestDatabase
from support.every_kind import every_kind
from support.world import World

__all__ = ["gateway_process", "hypervisor_process", "shared_gateway", "shared_hypervisor", "world"]
PROVE = bool(os.environ.get("PRORATA_PROVE"))
SEED = int(os.environ.get("PRORATA_STORY_SEED", "20261126"))
# How many corruptions a table: all kinds of them when proving.
EACH = 24 if PROVE else 2
# Money, state and link columns: each is corrupted as its type and its name suggest.
COLUMNS = {
    "ledger_account": "code kind currency",
    "ledger_transfer": "key kind origin reverses_id",
    "ledger_entry": "transfer_id account_id amount_minor currency",
    "credit_purse": "customer_id kind currency balance_minor expires_at",
    "credit_logline": "customer_id purse_id transfer_id what amount_minor balance_after_minor currency origin",
    "credit_pledge": "purse_id origin amount_minor state",
    "credit_voucher": "amount_minor",
    "credit_voucheruse": "voucher_id customer_id origin currency amount_minor state",
    "payments_paymentattempt": "invoice_id gateway amount_minor currency",
    "payments_capture": "gateway capture_id attempt_id customer_id amount_minor currency outcome transfer_id",
    "bank_bankaccount": "currency",
    "bank_statement": "account_id file_id new_lines",
    "bank_statementline": "account_id statement_id key amount_minor currency",
    "bank_allocation": "line_id position what amount_minor customer_id invoice_id",
    "bank_unallocation": "allocation_id from_invoice_minor from_purse_minor debt_minor",
    "payments_refund": "capture_id amount_minor currency",
    "payments_moneyback": "gateway kind outside_id way capture_id customer_id amount_minor currency credit_minor owed_minor "
    "transfer_id",
    "invoices_invoice": "customer_id service_id origin reference number status currency net_minor tax_minor gross_minor "
    "tax_rate credit_minor gifted_minor received_minor voucher_code",
    "invoices_invoiceline": "invoice_id component exact net_minor tax_minor raised_minor discount_minor",
    "invoices_creditnote": "customer_id service_id invoice_id origin number reason currency net_minor tax_minor gross_minor "
    "tax_rate cash_minor gifted_minor transfer_id",
    "invoices_creditnoteline": "credit_note_id component exact net_minor tax_minor",
    "invoices_creditsource": "line_id invoice_line_id layer_id",
    "invoices_numberseries": "prefix next_number",
    "invoices_layer": "service_id component price_book_id low_price high_price amount tax gifted origin",
    "invoices_unwinding": "layer_id top_price left_price origin",
    "changes_quote": "service_id customer_id currency net_minor tax_minor gross_minor price_book_id voucher_id",
    "changes_change": "quote_id service_id customer_id status currency gross_minor invoice_id",
    "changes_changeline": "change_id component exact net_minor tax_minor state",
    "changes_soldterm": "service_id customer_id status months configuration price_book_id schedule_id currency net_minor "
    "tax_minor gross_minor invoice_id",
    "services_service": "customer_id product_id currency configuration carry differing",
    "drift_difference": "service_id component",
    "drift_decision": "difference_id service_id component reason",
    "provisioning_job": "service_id origin state",
    "provisioning_jobstep": "job_id kind component state",
    "recognition_day": "day",
    "recognition_recognised": "day_id product_id currency amount_minor account transfer_id",
    "recognition_opening": "service_id day_id currency amount_minor starts ends transfer_id",
}  # fmt: skip
# Words that a column of states or kinds may also hold.
OTHER_WORDS = {
    "kind": ["asset", "liability", "expense", "account", "gifted", "granted", "captured", "settled", "pledged",
        "refund", "dispute", "reduce", "grow"],
    "state": ["held", "posted", "voided", "used", "released", "waiting", "applied", "reversed"],
    "status": ["open", "paid", "cancelled", "expired", "applied", "partly_applied", "reversed", "awaiting_payment",
        "parked"],
    "what": ["granted", "pledged", "released", "spent", "returned", "surplus", "invoice", "credit", "debt", "not_ours"],
    "outcome": ["invoice", "surplus", "credit", "suspense"],
    "reason": ["reduced", "reversed"],
    "way": ["out", "in"],
    "currency": ["JPY", "USD", "EUR"],
    "component": ["cpu", "memory", "disk", "backups"],
}  # fmt: skip


# What no single value of these columns breaks: a CHECK refuses it first, it takes several rows, or it lies within a quote's
# JSON. Each has a test of its own in tests/stories/test_verify.py, the seals in test_seals.py.
NEVER_ALONE = {
    "seals-are-a-chain", "invoice-status", "not-more-than-paid", "quotes-replay", "adopted-terms-are-their-layers",
}  # fmt: skip
SEALED = (
    "ledger_transfer",
    "ledger_entry",
    "credit_logline",
    "payments_capture",
    "bank_statementline",
    "bank_allocation",
    "payments_moneyback",
    "invoices_layer",
    "changes_quote",
    "recognition_recognised",
    "support_message",
    "support_attachment",
    "customers_staffview",
    "customers_staffviewend",
)


@dataclass(frozen=True)
class Corruption:
    table: str
    id: Any
    column: str
    was: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.table} {self.id}: {self.column} from {self.was!r} to {self.now!r}"

    @property
    def named_by(self) -> re.Pattern[str]:
        return re.compile(rf"\b{self.table} {self.id}\b")


def another(dice: random.Random, column: str, was: Any, others: list[Any]) -> Any:
    """A value that the column might hold if somebody had put it there."""
    if column.endswith("_id"):
        return dice.choice([one for one in others if one not in (was, None)] or [None])
    if column in OTHER_WORDS:
        return dice.choice([word for word in OTHER_WORDS[column] if word != was])
    if column == "configuration":
        values = json.loads(was)
        code = dice.choice(sorted(values))
        return json.dumps(values | {code: values[code] + 1 if isinstance(values[code], int) else "4c8g"})
    if column == "differing":
        return json.dumps([code for code in ("cpu", "disk") if code not in json.loads(was)])
    if isinstance(was, date):
        return was + timedelta(days=dice.choice([-30, -1, 1, 30]))
    if was is None or isinstance(was, str):
        return dice.choice([one for one in others if one not in (was, None)] + [f"{was or ''}7"])
    return was + dice.choice([-1, 1]) * dice.choice(
        [1, 1, 10, 1_000] if isinstance(was, int) else [Decimal(1), Decimal("0.01")]
    )


def corruptions(dice: random.Random, table: str) -> Iterator[Corruption]:
    """Endless: any row, any of its columns, another value."""
    columns = COLUMNS[table].split()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {', '.join(columns)} FROM {table} ORDER BY id")
        rows = cursor.fetchall()
    # Some ids are made by chance: the dice shall find the same row under the same number on every run.
    rows.sort(key=lambda row: [str(one) for one in row if not isinstance(one, UUID)])
    while True:
        row, n = dice.choice(rows), dice.randrange(len(columns))
        now = another(dice, columns[n], row[n + 1], [other[n + 1] for other in rows])
        if now != row[n + 1]:
            yield Corruption(table, row[0], columns[n], row[n + 1], now)


def seen(database: TestDatabase, corruption: Corruption) -> list[Finding] | None:
    """What verify finds with this corruption in place; None where PostgreSQL itself refused it."""
    statement = f"UPDATE {corruption.table} SET {corruption.column} = %s WHERE id = %s"
    try:
        return found_after(database, statement, [corruption.now, corruption.id])
    except (IntegrityError, DataError):
        return None


def is_named(corruption: Corruption, found: list[Finding]) -> bool:
    return any(corruption.named_by.search(f"{one.place} {one.what}") for one in found)


def drill(database: TestDatabase, dice: random.Random, noticed: set[str]) -> tuple[int, list[str]]:
    """How many corruptions there were, and those that were not named with their table and row.

    `noticed` grows by the keys of the promises that were broken.
    """
    count, missed = 0, []
    for table in COLUMNS:
        left, tries = EACH, 200
        for corruption in corruptions(dice, table):
            found, tries = seen(database, corruption), tries - 1
            if found is not None:
                count, left = count + 1, left - 1
                noticed.update(one.promise for one in found)
                if not is_named(corruption, found):
                    missed.append(str(corruption))
            if not left or not tries:
                break
        assert not left, f"PostgreSQL refused nearly every corruption of {table}: choose other columns"
    return count, missed


@pytest.mark.timeout(3_600 if PROVE else 1_800)
def test_drill(world: World, database: TestDatabase) -> None:
    """Untouched books say nothing. Then rows are corrupted before their seal and after it, and removed."""
    every_kind(world)
    untouched = list(broken(Asked(now=clock.now(), every_quote=True), in_time=False))
    assert untouched == []

    noticed: set[str] = set()
    count, missed = drill(database, random.Random(SEED + 1), noticed)
    print(f"{count} corruptions before sealing, {len(missed)} of them not named:", *missed, sep="\n  ")
    assert not missed, "\n".join(missed)

    seal_all()
    count, missed = drill(database, random.Random(SEED), noticed)
    print(f"{count} corruptions of what was sealed, {len(missed)} of them not named")
    assert count == EACH * len(COLUMNS)
    assert not missed, "\n".join(missed)

    dice = random.Random(SEED)
    for table in SEALED:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {table} ORDER BY id")
            gone = dice.choice(cursor.fetchall())[0]
        found = found_after(database, f"DELETE FROM {table} WHERE id = %s", [gone])
        assert any(f"{table} {gone}" == one.place and "removed" in one.what for one in found), table
    if PROVE:
        never = {promise.key for promise in PROMISES if not promise.in_time} - noticed - NEVER_ALONE
        assert not never, "no corruption breaks these promises: what are they for?"
