"""Every action takes its locks in one order, and nothing that moves money forgets the customer's."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from prorata import clock
from prorata.changes import staff_actions, states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.credit.move import Movement, move
from prorata.customers.models import Customer, User
from prorata.ledger import accounts
from prorata.provisioning import run as runner
from prorata.provisioning.models import Job
from prorata.services.models import Service
from support.at_once import no_deadlock, web
from support.threads import PATIENCE, Doing, Gate, gate
from support.world import World

__all__ = ["gate", "no_deadlock", "web"]


def test_a_worker_that_ends_a_job_and_staff_who_retry_it_do_not_block_each_other(
    world: World, web: Service, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker holds the job and writes a reading of the service; staff hold the service and want the job."""
    staff = User.objects.create_superuser("ken@example.com", "a-long-password")
    world.hypervisor.busy(web.external_id)
    change = world.change(web, backups=4)
    world.work()
    assert world.reread(change).status == states.PARKED
    world.hypervisor.not_busy(web.external_id)
    job = Job.objects.get()
    Job.objects.filter(pk=job.pk).update(retry_at=clock.now())
    at_the_end, go_on, publish = threading.Event(), threading.Event(), runner.publish

    def slowly(event: str, **more: Any) -> None:
        publish(event, **more)
        if web.readings.filter(configuration__backups=4).exists():
            at_the_end.set()
            assert go_on.wait(PATIENCE)

    monkeypatch.setattr(runner, "publish", slowly)
    worker = Doing(lambda: runner.run(job.pk))
    assert at_the_end.wait(PATIENCE)
    desk = gate.let_in(lambda: staff_actions.retry(staff, change.reference, "try again"))
    go_on.set()

    assert worker.error() is None
    assert isinstance(desk.error(), staff_actions.NotPossible)
    world.work()
    assert world.reread(change).status == states.APPLIED


LOCKED = re.compile(r'FROM "(\w+)".* FOR (?:NO KEY )?UPDATE', re.DOTALL)
ORDER = [
    "customers_customer", "services_service", "changes_change", "invoices_invoice", "payments_paymentattempt",
    "credit_voucher", "provisioning_job", "provisioning_host", "invoices_numberseries",
]  # fmt: skip


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The tables each transaction locked a row of, in the order it did, in all threads of this process."""
    found: list[list[str]] = []
    here = threading.local()
    execute, commit, rollback = (
        CursorWrapper.execute,
        BaseDatabaseWrapper._commit,
        BaseDatabaseWrapper._rollback,
    )

    def note(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        text = str(sql)
        table = LOCKED.search(text)
        held = here.__dict__.setdefault("held", [])
        if table:
            held.append(table[1])
        if "prorata_reserve" in text:
            held.append("provisioning_host")
        if "UPDATE invoices_numberseries" in text:
            held.append("invoices_numberseries")
        return execute(self, sql, params)

    def ends(how: Callable[[BaseDatabaseWrapper], None]) -> Callable[[BaseDatabaseWrapper], None]:
        def end(self: BaseDatabaseWrapper) -> None:
            if held := here.__dict__.pop("held", None):
                found.append(held)
            how(self)

        return end

    monkeypatch.setattr(CursorWrapper, "execute", note)
    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", ends(commit))
    monkeypatch.setattr(BaseDatabaseWrapper, "_rollback", ends(rollback))
    return found


def test_every_action_locks_in_the_one_order(world: World, web: Service, locks: list[list[str]]) -> None:
    """Paid by card, by credit, cancelled, expired, down to credit, parked and retried, partly delivered: all the actions."""
    staff = User.objects.create_superuser("ken@example.com", "a-long-password")
    world.hypervisor.create_host("tokyo-1", memory=64, cpu=64)
    world.measure(web)
    cancelled = world.change(web, memory=6)
    world.checkout(cancelled)
    cancel(world.owner, cancelled.reference)
    expired = world.change(web, memory=6)
    world.wait(hours=2)
    assert world.reread(expired).status == states.EXPIRED
    world.voucher()
    bought = world.change(web, voucher="SUMMER", memory=8)
    world.pay(bought)
    world.work()
    world.hypervisor.busy(web.external_id)
    down = world.change(web, backups=4)
    world.work()
    world.hypervisor.not_busy(web.external_id)
    staff_actions.take_over(staff, down.reference, "mine")
    staff_actions.retry(staff, down.reference, "free again")
    world.work()
    assert world.reread(down).status == states.APPLIED
    world.gift(50_000, until="2026-12-31T00:00+09:00")
    world.hypervisor.change_component(web.external_id, "cpu", refuses="no such core")
    world.change(web, cpu=4, disk=120)
    world.work()
    assert Change.objects.filter(status=states.PARTLY_APPLIED).exists()

    seen = {tuple(held) for held in locks}
    assert {table for held in seen for table in held} >= set(ORDER)
    for held in seen:
        ranks = [ORDER.index(table) for table in held if table in ORDER]
        assert ranks == sorted(ranks), held


def test_customers_are_locked_before_money_moves(world: World, web: Service) -> None:
    """A forgotten lock fails at once, not once a year."""
    world.gift(100, until="2026-12-31T00:00+09:00")
    purse = Customer.objects.get(pk=world.customer.pk).purses.get()
    with transaction.atomic(), pytest.raises(AssertionError, match="must be locked"):
        move(
            customer_id=world.customer.pk, currency="JPY", movements=[Movement(purse.pk, 1)], key="x", what="granted",
            against=[(accounts.gifts("JPY"), 1)], origin="x", at=clock.now(),
        )  # fmt: skip
