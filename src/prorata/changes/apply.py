"""From paid to the machine: start the job, and follow what it says."""

from __future__ import annotations

from django.db import transaction

from prorata import clock
from prorata.changes import states
from prorata.changes.finish import finish
from prorata.changes.lock import lock_change
from prorata.changes.models import Change
from prorata.changes.write import APPLY_WITHIN
from prorata.credit import voucher_use
from prorata.events.publish import publish
from prorata.invoices.models import Invoice
from prorata.provisioning import reserve
from prorata.provisioning.models import Job
from prorata.provisioning.start import Wanted, start


@transaction.atomic
def on_paid(invoice_id: int) -> None:
    """The invoice of a change is settled: applying begins."""
    invoice = Invoice.objects.get(pk=invoice_id)
    found = Change.objects.filter(invoice=invoice).first()
    if found is None:
        return
    change = lock_change(found.pk)
    if change.status != states.AWAITING_PAYMENT or invoice.status != Invoice.Status.PAID:
        return
    now = clock.now()
    change.status, change.started_at = states.APPLYING, now
    change.deadline = min(now + APPLY_WITHIN, change.service.term_ends_at)
    change.save(update_fields=["status", "started_at", "deadline"])
    voucher_use.use(origin=change.origin, at=now)
    reserve.paid(change.origin)
    publish("change.applying", id=change.pk, lock=f"service:{change.service_id}")


@transaction.atomic
def begin(change_id: int) -> None:
    """Write the machine's job for a change that is applying. Repeat-safe: one job an origin."""
    change = lock_change(change_id)
    if change.status != states.APPLYING:
        return
    lines = change.quote.figures["lines"]
    start(
        service=change.service, origin=change.origin, may_restart=change.may_restart,
        may_move=change.service.product.may_move, deadline=change.deadline, now=clock.now(),
        wanted=[Wanted(x["code"], "reduce" if x["reduces"] else "grow", x["before"], x["after"]) for x in lines],
    )  # fmt: skip


@transaction.atomic
def follow(job_id: int) -> None:
    """The machine's job has moved: the change says so, or ends."""
    job = Job.objects.get(pk=job_id)
    found = (
        Change.objects.filter(reference=job.origin.removeprefix("change:"))
        .values_list("pk", flat=True)
        .first()
    )
    if found is None:
        return
    change = lock_change(found)
    job.refresh_from_db()
    if change.status not in (states.APPLYING, states.PARKED, states.ATTENTION):
        return
    if job.state == Job.State.ENDED:
        finish(change, job)
    elif job.state == Job.State.RUNNING:
        _move(change, states.APPLYING, job)
    elif job.state in (Job.State.PARKED, Job.State.ATTENTION):
        _move(change, str(job.state), job)


def _move(change: Change, status: str, job: Job) -> None:
    known = change.status == status and change.reason == job.reason
    if known and change.detail == job.detail:
        return
    if change.status == states.ATTENTION and status == states.PARKED:
        return  # it goes on when the job runs again
    change.status, change.reason, change.detail = status, job.reason, job.detail
    change.save(update_fields=["status", "reason", "detail"])
    # Also for a new reason: the customer may be asked for a restart only now. Staff are told of every new fact.
    if status == states.ATTENTION or (status != states.APPLYING and not known):
        publish(f"change.{status}", id=change.pk)
