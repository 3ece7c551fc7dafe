"""How long `prorata verify` takes over a million ledger entries, on one core.

    .venv/bin/python -m bench.verify          about 5 minutes, most of them making the rows
    .venv/bin/python -m bench.verify --smoke  a few hundred entries

One real change is submitted, paid from two gifts and applied; one real gift is granted. Their rows are copied as they
are, with ids and references of their own, until there are enough. Then everything is sealed, and the books are walked.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any

import psycopg

from bench.cpu import Meter
from bench.figures import circumstances
from bench.ground import Ground
from bench.null_order import marks
from prorata.config.embedded_postgres import SUPERUSER
from prorata.ledger import accounts

# 75,000 changes leave 8 entries each, 200,000 gifts leave 2 each.
CHANGES, GIFTS = 75_000, 200_000
SMOKE_CHANGES, SMOKE_GIFTS = 40, 90
# Further apart than the rows of one change in any table.
APART = 1_000
LEFT_OUT = ("procrastinate_", "django_", "notices_", "services_reading", "provisioning_host", "verify_")
# What stands in texts of the copied row, and SQL of what stands in its n-th copy instead.
Names = dict[str, str]
Connection = psycopg.Connection[tuple[Any, ...]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.verify", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="a few rows, to see that it works")
    smoke = parser.parse_args().smoke
    with Ground() as ground:
        settings = ground.settings()
        with psycopg.connect(ground.postgres.url(SUPERUSER), autocommit=True) as root:
            root.execute("SET session_replication_role = replica")
            _fill(root, SMOKE_CHANGES if smoke else CHANGES, SMOKE_GIFTS if smoke else GIFTS)
            print(circumstances(ground.home, settings))
            return _measure(ground, root)


def _fill(root: Connection, changes: int, gifts: int) -> None:
    from bench.people import customer, load_demo

    service = load_demo()
    # A customer without credit of another kind, so that each copy has all its own purses.
    service.customer, owner = customer("audited")
    service.save(update_fields=["customer"])
    # Accounts that all share are there beforehand, so that they are not copied with the first change's rows.
    shared = (accounts.deferred_revenue("JPY"), accounts.tax_payable("0.1", "JPY"), accounts.gifts("JPY"))
    for one in shared:
        root.execute(
            "INSERT INTO ledger_account (code, kind, currency) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [one.code, one.kind, one.currency],
        )
    before = marks(root)
    names = _one_change(service, owner)
    _copy(root, before, changes - 1, names)
    before = marks(root)
    names = _one_gift(service)
    _copy(root, before, gifts - 1, names)
    root.execute("UPDATE invoices_numberseries SET next_number = %s WHERE kind = 'invoice'", [changes + 1])
    root.execute("VACUUM ANALYZE")


def _one_change(service: Any, owner: Any) -> Names:
    """A change that is paid by credit and applied; gives what its rows must not share with those of another."""
    from bench.prepared import ready
    from prorata.changes import apply
    from prorata.changes.submit import submit
    from prorata.credit.models import Purse
    from prorata.provisioning.models import Job
    from prorata.provisioning.run import run

    newest = Purse.objects.order_by("-id").values_list("id", flat=True).first() or 0
    quote = ready(owner, service)
    change = submit(owner, quote.reference, shown_due_minor=0)
    apply.begin(change.pk)
    job = Job.objects.get(origin=change.origin)
    run(job.pk)
    apply.follow(job.pk)
    change.refresh_from_db()
    assert change.status == "applied", change.status
    purses = Purse.objects.filter(id__gt=newest).values_list("id", flat=True)
    references = {one: f"'{one}' || n" for one in (change.reference.removeprefix("C-"), quote.reference)}
    return references | _purse_names(purses)


def _one_gift(service: Any) -> Names:
    from datetime import timedelta

    from prorata import clock
    from prorata.credit.grant import grant_gifted

    purse = grant_gifted(
        customer_id=service.customer_id, amount_minor=500, currency=service.currency,
        expires_at=clock.now() + timedelta(days=300), reason="Welcome", actor="staff:bench",
    )  # fmt: skip
    return _purse_names([purse.pk])


def _purse_names(ids: Any) -> Names:
    names: Names = {}
    for pk in ids:
        own = f"({pk} + n * {APART})"
        names |= {
            # Marked until all are replaced: the new name of one must not be taken for the old name of the other.
            f"purse/{pk}/": f"'purs@/' || {own} || '/'",
            f"grant:{pk}": f"'gr@nt:' || {own}",
            f"credit_purse {pk}": f"'credit_purs@ ' || {own}",
        }
    return names


def _copy(root: Connection, before: Mapping[str, int], count: int, names: Names) -> None:
    """So many copies of every row above the marks; ids, links to copied rows and the `names` in texts are their own."""
    copied = {t: mark for t, mark in before.items() if not t.startswith(LEFT_OUT) and _any(root, t, mark)}
    tops = {table: int(root.execute(f"SELECT max(id) FROM {table}").fetchone()[0]) for table in copied}  # type: ignore[arg-type,index]
    for table, mark in copied.items():
        columns, values = [], []
        for column, kind, target in _columns(root, table):
            columns.append(f'"{column}"')
            values.append(_value(f't."{column}"', table, column, kind, target, copied, names))
        root.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE SELECT {', '.join(values)} "
            f"FROM {table} t, generate_series(1, {count}) n WHERE t.id > {mark} AND t.id <= {tops[table]}"  # type: ignore[arg-type]
        )
    for table in marks(root):
        root.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 1 + coalesce(max(id), 0)) FROM {table}"  # type: ignore[arg-type]
        )


def _value(
    name: str,
    table: str,
    column: str,
    kind: str,
    target: str | None,
    copied: Mapping[str, int],
    names: Names,
) -> str:
    if column == "id":
        return f"{name} + n * {APART}"
    if target in copied:
        return f"CASE WHEN {name} > {copied[target]} THEN {name} + n * {APART} ELSE {name} END"
    if (table, column) == ("invoices_invoice", "number"):
        return "'INV-' || lpad((n + 1)::text, 6, '0')"
    if kind in ("text", "character varying", "jsonb"):
        text = f"{name}::text"
        for one, own in names.items():
            text = f"replace({text}, '{one}', {own})"
        return f"replace(replace({text}, 'purs@', 'purse'), 'gr@nt', 'grant')::{kind}"
    return name


def _any(root: Connection, table: str, mark: int) -> bool:
    return root.execute(f"SELECT 1 FROM {table} WHERE id > {mark} LIMIT 1").fetchone() is not None  # type: ignore[arg-type]


def _columns(root: Connection, table: str) -> list[tuple[str, str, str | None]]:
    """Name, type, and the table it refers to, of every column."""
    return root.execute(
        "SELECT a.attname::text, format_type(a.atttypid, NULL), f.confrelid::regclass::text FROM pg_attribute a "
        "LEFT JOIN pg_constraint f ON f.conrelid = a.attrelid AND f.contype = 'f' AND f.conkey = ARRAY[a.attnum] "
        "WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        [table],
    ).fetchall()  # type: ignore[return-value]


def _measure(ground: Ground, root: Connection) -> int:
    from prorata import clock
    from prorata.verify.command import line_of
    from prorata.verify.promise import Asked
    from prorata.verify.seal import seal_all
    from prorata.verify.walk import walk

    entries = root.execute("SELECT count(*) FROM ledger_entry").fetchone()
    print(f"ledger entries {entries[0]:,}" if entries else "")
    meter = Meter([ground.postgres_pid])
    begun, wall = meter.seconds(), time.perf_counter()
    sealed = seal_all()
    print(
        f"sealed {sealed:,} rows in {time.perf_counter() - wall:.1f} s, processor time {meter.seconds() - begun:.1f} s"
    )
    begun, own = meter.seconds(), time.process_time()
    marks_: list[tuple[str, float]] = []
    done = walk(
        Asked(now=clock.now()), progress=lambda promise: marks_.append((promise.key, time.perf_counter()))
    )
    ended = time.perf_counter()
    spent = meter.seconds() - begun
    print(
        f"verified {done.rows:,} rows, {done.promises} promises, in {done.seconds:.1f} s, processor time {spent:.1f} s"
        f" of which {time.process_time() - own:.1f} s in Python"
    )
    spans = [(b - a, key) for (key, a), b in zip(marks_, [*(at for _, at in marks_[1:]), ended], strict=True)]
    for seconds, key in sorted(spans, reverse=True)[:8]:
        print(f"  {key:<34} {seconds:6.2f} s")
    for finding in done.findings[:10]:
        print(line_of(finding))
    print(f"books: {'right' if done.holds else f'{len(done.findings)} findings'}")
    return 0 if done.holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
