"""Changes, services and machine jobs attacked with raw SQL: no state without its facts, no move beyond the graph."""

from __future__ import annotations

import pytest
from psycopg.errors import (
    CheckViolation,
    InsufficientPrivilege,
    NotNullViolation,
    RestrictViolation,
    UniqueViolation,
)

from prorata.changes import states
from prorata.changes.models import Change, ChangeLine, SoldTerm
from prorata.provisioning.models import Job, JobStep
from support.attacks import (
    Attack,
    Connection,
    attack,
    copy,
    copy_refused,
    everybody,
    is_refused,
    refused,
    triggers_asleep,
)
from support.world import World

__all__ = ["attack"]
AT = "'2026-08-15T05:00:00+00:00'"
LINE = {"waiting": {"applied", "reversed"}, "applied": set(), "reversed": set()}
JOB = {
    "queued": {"running", "parked"},
    "running": {"parked", "attention", "ended"},
    "parked": {"running"},
    "attention": {"parked"},
    "ended": set(),
}
STEP = {
    "pending": {"doing", "done", "restart", "failed", "skipped"},
    "doing": {"done", "restart", "failed"},
    "done": set(), "restart": set(), "failed": set(), "skipped": set(),
}  # fmt: skip


def change_facts(state: str) -> str:
    """Everything a change of this state must have, so that only the move itself can be what is refused."""
    started = "NULL" if state in ("awaiting_payment", "cancelled", "expired") else AT
    ended = "NULL" if state in states.OPEN else AT
    return f"status = '{state}', started_at = {started}, ended_at = {ended}"


def end_facts(state: str, *open_states: str) -> str:
    return f"state = '{state}', ended_at = {'NULL' if state in open_states else AT}"


@pytest.fixture
def applied(world: World) -> Change:
    """An upgrade that was paid and is on the machine."""
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188, capacity={"memory": 64})
    world.at("2026-08-15T14:02+09:00")
    change: Change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    return change


@pytest.fixture
def unpaid(world: World) -> Change:
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    return world.change(web, memory=8)


# --- moves ------------------------------------------------------------------------------------------------


def moves(sql: Connection, table: str, before: str, after: str) -> bool:
    """Whether PostgreSQL lets every row of a table go from one set of facts to another."""
    with triggers_asleep(sql):
        sql.execute(f"UPDATE {table} SET {before}")
    error = is_refused(sql, f"UPDATE {table} SET {after}")
    assert getattr(error, "sqlstate", "23514") in ("23514", "23001"), (
        error
    )  # by its graph, or because it is final
    sql.rollback()
    return error is None


def test_every_pair_of_states_of_a_change(unpaid: Change, attack: Attack) -> None:
    """All 72 moves between different states, asked of PostgreSQL as a superuser: it allows the declared graph, no more."""
    declared = {(source, target) for source, targets in states.GRAPH.items() for target in targets}
    pairs = [(a, b) for a in states.ALL for b in states.ALL if a != b]
    assert len(pairs) == 72
    with attack("eraser") as sql:
        allowed = {p for p in pairs if moves(sql, "changes_change", change_facts(p[0]), change_facts(p[1]))}
    assert allowed == declared
    assert not {source for source, _ in allowed} & set(states.FINAL)


def test_every_pair_of_states_of_lines_jobs_and_steps(applied: Change, attack: Attack) -> None:
    assert set(LINE) == set(ChangeLine.State)
    assert set(JOB) == set(Job.State)
    assert set(STEP) == set(JobStep.State)
    cases = [
        ("changes_changeline", LINE, {s: f"state = '{s}'" for s in LINE}),
        ("provisioning_job", JOB, {s: end_facts(s, "queued", "running", "parked", "attention") for s in JOB}),
        ("provisioning_jobstep", STEP, {s: end_facts(s, "pending", "doing") for s in STEP}),
    ]
    with attack("eraser") as sql:
        for table, graph, facts in cases:
            pairs = [(a, b) for a in graph for b in graph if a != b]
            allowed = {(a, b) for a, b in pairs if moves(sql, table, facts[a], facts[b])}
            assert allowed == {(source, target) for source, targets in graph.items() for target in targets}, (
                table
            )


# --- facts ------------------------------------------------------------------------------------------------


def test_a_status_has_its_facts(unpaid: Change, attack: Attack) -> None:
    """The move alone is allowed; what is missing or too much beside it is not."""
    wrong = [
        "status = 'applying'",
        f"status = 'applying', started_at = {AT}, ended_at = {AT}",
        f"started_at = {AT}",
        f"ended_at = {AT}",
        "status = 'cancelled'",
        f"status = 'cancelled', started_at = {AT}, ended_at = {AT}",
        "status = 'expired'",
    ]
    for sql in everybody(attack):
        for facts in wrong:
            refused(
                sql, CheckViolation, f"UPDATE changes_change SET {facts}", says="change_status_matches_facts"
            )
        refused(sql, CheckViolation, "UPDATE changes_change SET status = 'forgotten'")
        refused(sql, NotNullViolation, "UPDATE changes_change SET status = NULL")
        refused(sql, NotNullViolation, "UPDATE changes_change SET deadline = NULL")


def test_a_change_that_ended_was_begun(applied: Change, attack: Attack) -> None:
    for sql in everybody(attack):
        refused(sql, CheckViolation, "UPDATE changes_change SET ended_at = NULL")
        refused(sql, CheckViolation, "UPDATE changes_change SET started_at = NULL")
        refused(sql, CheckViolation, f"UPDATE provisioning_job SET {end_facts('queued', 'queued')}")
        refused(
            sql, CheckViolation, "UPDATE provisioning_job SET ended_at = NULL", says="job_state_matches_end"
        )
        refused(
            sql,
            CheckViolation,
            "UPDATE provisioning_jobstep SET ended_at = NULL",
            says="step_state_matches_end",
        )


def test_a_change_is_the_one_that_was_submitted(unpaid: Change, attack: Attack) -> None:
    for sql in everybody(attack):
        for change in (
            "gross_minor = 1", "currency = 'USD'", "quote_id = 0", "service_id = 0", "customer_id = 0", "invoice_id = NULL",
            "reference = 'C-OTHER'", "submitted_by_id = 0", "submitted_at = now()",
        ):  # fmt: skip
            refused(sql, RestrictViolation, f"UPDATE changes_change SET {change}", says="never change")
        for change in (
            "to_value = '16'",
            "from_value = '1'",
            "net_minor = 1",
            "exact = 1",
            "component = 'cpu'",
        ):
            refused(sql, RestrictViolation, f"UPDATE changes_changeline SET {change}", says="never change")
        for table in ("changes_change", "changes_changeline"):
            refused(sql, RestrictViolation, f"DELETE FROM {table}", says="never deleted")


def test_what_is_to_be_paid_has_an_invoice(unpaid: Change, attack: Attack) -> None:
    ended = {"status": "cancelled", "ended_at": "2026-08-15T05:00:00+00:00", "reference": "C-OTHER"}
    for sql in everybody(attack):
        quote = _another_quote(sql)
        copy_refused(
            sql,
            CheckViolation,
            "changes_change",
            says="has_an_invoice",
            invoice_id=None,
            quote_id=quote,
            **ended,
        )
        copy_refused(sql, CheckViolation, "changes_change", says="has_an_invoice", gross_minor=-1, **ended)


def test_one_open_change_a_service(unpaid: Change, attack: Attack) -> None:
    """Whatever open state the second one has; one that has ended stands beside it."""
    for sql in everybody(attack):
        copy(sql, "invoices_invoice", reference="PF-OTHER", origin="change:C-OTHER")
        facts = {
            "quote_id": _another_quote(sql),
            "invoice_id": _newest(sql, "invoices_invoice"),
            "reference": "C-OTHER",
        }
        copy_refused(sql, UniqueViolation, "changes_change", says="one_open_change_a_service", **facts)
        for status in ("applying", "parked", "attention"):
            begun = {"status": status, "started_at": "2026-08-15T05:00:00+00:00"}
            copy_refused(sql, UniqueViolation, "changes_change", says="one_open_change", **facts, **begun)
        copy(sql, "changes_change", status="cancelled", ended_at="2026-08-15T05:00:00+00:00", **facts)


def test_a_quote_is_used_once_and_an_invoice_is_of_one_change(unpaid: Change, attack: Attack) -> None:
    ended = {"status": "cancelled", "ended_at": "2026-08-15T05:00:00+00:00", "reference": "C-OTHER"}
    for sql in everybody(attack):
        quote = _another_quote(sql)
        copy_refused(sql, UniqueViolation, "changes_change", says="invoice_id", quote_id=quote, **ended)
        copy(sql, "invoices_invoice", reference="PF-OTHER", origin="change:C-OTHER")
        other = _newest(sql, "invoices_invoice")
        copy_refused(sql, UniqueViolation, "changes_change", says="quote_id", invoice_id=other, **ended)


def test_a_quote_adds_up_and_lasts(unpaid: Change, attack: Attack) -> None:
    for sql in everybody(attack):
        copy_refused(
            sql, CheckViolation, "changes_quote", says="quote_adds_up", reference="Q-2", gross_minor=1
        )
        copy_refused(
            sql,
            CheckViolation,
            "changes_quote",
            says="quote_lasts",
            reference="Q-2",
            expires_at="2026-08-15T05:02:00+00:00",
        )
        copy_refused(sql, UniqueViolation, "changes_quote", says="reference")


def _another_quote(sql: Connection) -> int:
    copy(sql, "changes_quote", reference="Q-OTHER")
    return _newest(sql, "changes_quote")


def _newest(sql: Connection, table: str) -> int:
    found = sql.execute(f"SELECT max(id) FROM {table}").fetchone()
    assert found
    return int(found[0])


# --- services, jobs ---------------------------------------------------------------------------------------


def test_a_machine_is_sold_once_and_a_term_has_length(unpaid: Change, attack: Attack) -> None:
    for sql in everybody(attack):
        copy_refused(sql, UniqueViolation, "services_service", says="machine_sold_once")
        term = "UPDATE services_service SET term_ends_at = term_starts_at"
        refused(sql, CheckViolation, term, says="service_term_has_length")
        refused(sql, CheckViolation, f"{term} - interval '1 day'", says="service_term_has_length")
        refused(
            sql, CheckViolation, "UPDATE services_service SET status = 'haunted'", says="service_status_known"
        )
        refused(
            sql, CheckViolation, "UPDATE services_service SET currency = 'yen'", says="service_currency_iso"
        )
        refused(sql, CheckViolation, "UPDATE services_service SET version = -1")


def test_a_job_keeps_its_machine_and_a_step_its_target(applied: Change, attack: Attack) -> None:
    for sql in everybody(attack):
        for change in ("service_id = 0", "origin = 'change:C-OTHER'"):
            refused(sql, RestrictViolation, f"UPDATE provisioning_job SET {change}", says="never change")
        for change in ("to_value = '64'", "component = 'cpu'", "kind = 'undo'", "position = 9"):
            refused(sql, RestrictViolation, f"UPDATE provisioning_jobstep SET {change}", says="never change")
        copy_refused(sql, UniqueViolation, "provisioning_job", says="origin")
        copy_refused(sql, UniqueViolation, "provisioning_jobstep", says="step_position_once")
        copy_refused(sql, UniqueViolation, "provisioning_reservation", says="reserved_once")
        refused(
            sql, CheckViolation, "UPDATE provisioning_reservation SET amount = 0", says="reservation_positive"
        )


# --- terms ------------------------------------------------------------------------------------------------


@pytest.fixture
def renewal(world: World) -> SoldTerm:
    """A renewal that is not paid."""
    return world.renew(world.web_01("2026-08-15T14:02+09:00"), 1)


def test_every_pair_of_states_of_a_term(renewal: SoldTerm, attack: Attack) -> None:
    """From waiting to each of its three ends, and nowhere else."""
    ended = {state: "NULL" if state == "awaiting_payment" else AT for state in SoldTerm.Status.values}
    facts = {state: f"status = '{state}', ended_at = {at}" for state, at in ended.items()}
    pairs = [(a, b) for a in facts for b in facts if a != b]
    with attack("eraser") as sql:
        allowed = {(a, b) for a, b in pairs if moves(sql, "changes_soldterm", facts[a], facts[b])}
    assert allowed == {("awaiting_payment", end) for end in ("paid", "cancelled", "expired")}


def test_a_term_has_its_facts(renewal: SoldTerm, attack: Attack) -> None:
    for sql in everybody(attack):
        for facts in (f"ended_at = {AT}", "status = 'paid'", "status = 'expired'"):
            refused(
                sql, CheckViolation, f"UPDATE changes_soldterm SET {facts}", says="term_status_matches_facts"
            )
        refused(sql, CheckViolation, "UPDATE changes_soldterm SET status = 'forgotten'")


def test_what_was_sold_is_never_rewritten_nor_removed(renewal: SoldTerm, attack: Attack) -> None:
    rewritten = [
        "months = 7", "gross_minor = gross_minor - 1, net_minor = net_minor - 1", "starts_at = starts_at - interval '1 day'",
        "configuration = '{}'", "inputs = '{}'", "deadline = deadline + interval '1 day'", "key = 'another'",
    ]  # fmt: skip
    for sql in everybody(attack):
        for change in rewritten:
            refused(sql, RestrictViolation, f"UPDATE changes_soldterm SET {change}")
        refused(sql, (RestrictViolation, InsufficientPrivilege), "DELETE FROM changes_soldterm")


def test_a_service_has_one_unpaid_term(renewal: SoldTerm, attack: Attack) -> None:
    """With an invoice of its own, or PostgreSQL would name that first."""
    for sql in everybody(attack):
        copy(sql, "invoices_invoice", reference="PF-X", id=9_999)
        copy_refused(
            sql, UniqueViolation, "changes_soldterm", says="one_unpaid_term_a_service", key="x", reference="T-X",
            invoice_id=9_999,
        )  # fmt: skip
