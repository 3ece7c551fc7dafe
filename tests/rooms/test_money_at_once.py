"""Money and machine jobs that arrive several times at once have their effect once."""

from __future__ import annotations

from prorata.changes import states
from prorata.changes.apply import begin
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.invoices.models import CreditNote
from prorata.ledger.models import Transfer
from prorata.payments.inbox import receive
from prorata.payments.look import look
from prorata.payments.models import Capture, InboxEvent, PaymentAttempt
from prorata.provisioning import run as runner
from prorata.provisioning.models import Job
from prorata.services.models import Service
from support.at_once import no_deadlock, refusal, web
from support.sandboxes import WebhookReceiver
from support.threads import Gate, all_at_once, gate
from support.world import World

__all__ = ["gate", "no_deadlock", "web"]


def _paid_at_the_gateway(world: World, web: Service) -> tuple[Change, PaymentAttempt]:
    """The gateway has the money; we have not heard of it yet."""
    change = world.change(web, memory=8)
    attempt = world.checkout(change)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    return change, attempt


def test_a_capture_recorded_five_times_at_once_is_booked_once(world: World, web: Service, gate: Gate) -> None:
    change, attempt = _paid_at_the_gateway(world, web)
    with gate.on("customers_customer", world.customer.pk) as held:
        looks = [held.let_in(lambda: look(attempt.pk)) for _ in range(5)]
    assert {one.result().state for one in looks} == {"succeeded"}
    assert Capture.objects.count() == 1
    assert Transfer.objects.filter(kind="captured").count() == 1
    assert world.ledger() == {"gateway/sandbox/clearing": 5_596, "revenue/deferred": -5_088, "tax/0.1": -508}
    assert world.credit() == 0
    assert world.reread(change.invoice).number == "INV-000001"


def test_capture_first_then_cancel(world: World, web: Service, gate: Gate) -> None:
    change, attempt = _paid_at_the_gateway(world, web)
    with gate.on("customers_customer", world.customer.pk) as held:
        paid = held.let_in(lambda: look(attempt.pk))
        given_up = held.let_in(lambda: cancel(world.owner, change.reference))
    assert paid.result().state == "succeeded"
    # The worker has not heard of the money yet, but the invoice is paid: too late to cancel.
    assert refusal(given_up) == "not_cancellable"
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["memory"] == 8
    assert world.credit() == 0


def test_cancel_first_then_capture(world: World, web: Service, gate: Gate) -> None:
    """The change is cancelled; the money is there all the same, and becomes account credit by itself, once."""
    change, attempt = _paid_at_the_gateway(world, web)
    with gate.on("customers_customer", world.customer.pk) as held:
        given_up = held.let_in(lambda: cancel(world.owner, change.reference))
        paid = held.let_in(lambda: look(attempt.pk))
    assert given_up.result().status == states.CANCELLED
    assert paid.result().state == "succeeded"
    world.work()
    assert world.reread(change).status == states.CANCELLED
    assert world.measured(web)["memory"] == 4
    assert world.credit() == 5_596
    assert Capture.objects.get().outcome == "credit"


def test_one_webhook_delivered_eight_times_at_once_is_kept_once(world: World, web: Service) -> None:
    with WebhookReceiver() as receiver:
        world.gateway.settings(webhook_url=receiver.url)
        change = world.change(web, memory=8)
        attempt = world.checkout(change)
        world.gateway.pay(attempt.gateway_ref, mode="before")
        receiver.wait(attempt.gateway_ref)
        # The gateway may still be sending what an earlier story left behind.
        headers, body = next(one for one in receiver.received if attempt.gateway_ref.encode() in one[1])
    doing = all_at_once([lambda: receive("sandbox", body=body, headers=headers) for _ in range(8)])
    assert sorted(d.result() for d in doing) == [False] * 7 + [True]
    assert InboxEvent.objects.count() == 1
    world.work()
    assert Capture.objects.count() == 1
    assert world.reread(change).status == states.APPLIED


def test_one_machine_job_run_four_times_at_once_has_one_effect(world: World, web: Service) -> None:
    change = world.change(web, backups=4)
    begin(change.pk)
    job = Job.objects.get()
    doing = all_at_once([lambda: runner.run(job.pk) for _ in range(4)])
    assert [d.error() for d in doing] == [None] * 4
    assert world.hypervisor.effects(web.external_id) == 1
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert CreditNote.objects.count() == 1
