"""Walk the books of a live installation and collect what does not hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from prorata.verify.models import Seal
from prorata.verify.promise import Asked, Finding, Promise
from prorata.verify.promises import (
    bank,
    causes,
    changes,
    drift,
    invoices,
    layers,
    ledger,
    payments,
    purses,
    recognition,
    replays,
    seals,
    terms,
    vouchers,
)
from prorata.verify.seal import unsealed

PROMISES: tuple[Promise, ...] = (
    *ledger.PROMISES, *causes.PROMISES, *purses.PROMISES, *payments.PROMISES, *bank.PROMISES, *invoices.PROMISES,
    *recognition.PROMISES, *layers.PROMISES, *vouchers.PROMISES, *changes.PROMISES, *drift.PROMISES, *terms.PROMISES,
    *replays.PROMISES, *seals.PROMISES,
)  # fmt: skip
# What is walked, for the count of rows.
TABLES = (
    "ledger_account", "ledger_transfer", "ledger_entry", "credit_purse", "credit_logline", "credit_pledge",
        "credit_voucheruse",
    "payments_paymentattempt", "payments_capture", "bank_bankaccount", "bank_statement", "bank_statementline",
    "bank_allocation", "bank_unallocation", "invoices_invoice", "invoices_invoiceline", "invoices_creditnote",
    "invoices_creditnoteline", "invoices_layer", "invoices_unwinding", "changes_quote", "changes_change",
    "changes_changeline", "changes_soldterm", "drift_difference", "drift_decision",
    "provisioning_job", "provisioning_jobstep", "services_service",
    "recognition_day", "recognition_recognised", "recognition_opening",
)  # fmt: skip
# One core and no waiting: a walk reads whole tables once and joins them by hash, which needs room more than it needs help.
SETTINGS = (
    "SET LOCAL jit = off", "SET LOCAL work_mem = '256MB'", "SET LOCAL max_parallel_workers_per_gather = 0",
    "SET LOCAL statement_timeout = 0",
)  # fmt: skip


@dataclass(frozen=True)
class Walk:
    """What one walk found. `rows` is how many rows stand in the tables walked, `seconds` what it took on the wall.

    `unsealed` rows are newer than their table's last seal. `last_hash` is that of the newest seal, in
    hexadecimal: whoever keeps it elsewhere can prove later that nothing before it was changed.
    """

    findings: tuple[Finding, ...]
    promises: int
    rows: int
    seconds: float
    unsealed: int
    last_seal: int | None
    last_hash: str

    @property
    def holds(self) -> bool:
        return not self.findings


def walk(asked: Asked, progress: Callable[[Promise], None] | None = None) -> Walk:
    """Prove every promise in one snapshot of the database, in a transaction that can write nothing."""
    begun = time.monotonic()
    found: list[Finding] = []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            for setting in SETTINGS:
                cursor.execute(setting)
        for promise in PROMISES:
            if progress:
                progress(promise)
            found += promise.broken(asked)
        rows, open_rows, newest = _rows(), unsealed(), Seal.objects.order_by("-id").first()
    return Walk(
        tuple(found), len(PROMISES), rows, time.monotonic() - begun, open_rows, newest.pk if newest else None,
        bytes(newest.hash).hex() if newest else "",
    )  # fmt: skip


def broken(asked: Asked, *, in_time: bool = True) -> Iterator[Finding]:
    """The findings in the transaction at hand; without `in_time` only promises that hold at every instant."""
    for promise in PROMISES:
        if in_time or not promise.in_time:
            yield from promise.broken(asked)


def _rows() -> int:
    counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        return int(cursor.fetchone()[0])
