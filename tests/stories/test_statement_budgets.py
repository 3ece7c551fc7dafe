"""How many statements a customer's lock is held for: each is a round trip during which all else of this customer waits."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prorata.catalog.models import Product
from prorata.changes import states
from prorata.changes.models import Change
from prorata.payments.look import record
from prorata.payments.models import InboxEvent, PaymentAttempt
from prorata.payments.registry import gateway
from prorata.services.models import Service
from support.sandboxes import WebhookReceiver
from support.world import World, statements

SUBMIT_AT_MOST = 14
SETTLE_AT_MOST = 13


@pytest.fixture
def web(world: World) -> Service:
    """On a host with a limit, so that submitting also reserves."""
    return world.web_01("2026-08-15T14:02+09:00", capacity={"cpu": 64, "memory": 256, "disk": 4000})


def submitted(world: World, service: Service, **wanted: int) -> tuple[Change, list[str]]:
    quote = world.quote(service, **wanted)
    with statements() as sent:
        change = world.submit(quote)
    return change, sent


def settled(world: World, change: Change) -> list[str]:
    """Everything between the first lock and the commit of the transaction that books a payment."""
    found = world.checkout(change)
    world.gateway.pay(found.gateway_ref, mode="never")
    adapter = gateway("sandbox")
    payment = adapter.fetch(found.gateway_ref)
    attempt = PaymentAttempt.objects.select_related("invoice").get(pk=found.pk)
    with statements() as sent:
        record(attempt, payment, payee=adapter.payee)
    return sent


def assert_within(sent: list[str], most: int) -> None:
    assert "UPDATE" in sent[0], "it begins with a lock"
    assert 5 < len(sent) <= most, "\n".join([f"{len(sent)} statements:", *(sql[:160] for sql in sent)])


def assert_number_last(sent: list[str]) -> None:
    """The series of legal numbers serves every customer: it is locked for one statement and the commit."""
    assert [n for n, sql in enumerate(sent) if "invoices_numberseries" in sql] == [len(sent) - 1]


def test_submit_paid_by_credit_alone(world: World, web: Service) -> None:
    world.gift(9_000, until="2026-12-31T00:00+09:00")
    change, sent = submitted(world, web, memory=8)
    assert change.status == states.APPLYING
    assert_within(sent, SUBMIT_AT_MOST)
    assert_number_last(sent)


def test_submit_with_a_pledge_and_the_rest_by_card(world: World, web: Service) -> None:
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    change, sent = submitted(world, web, memory=8)
    assert change.status == states.AWAITING_PAYMENT
    assert_within(sent, SUBMIT_AT_MOST)


def test_submit_of_everything_at_once_from_many_purses(world: World, web: Service) -> None:
    for month in ("09", "10", "11", "12"):
        world.gift(500, until=f"2026-{month}-30T00:00+09:00")
    change, sent = submitted(world, web, cpu=4, memory=8, disk=160, backups=4, snapshots=1)
    assert change.lines.count() == 5
    assert_within(sent, SUBMIT_AT_MOST)


def test_submit_of_a_product_with_limits_on_its_changes(world: World, web: Service) -> None:
    """What the limits count is found by the statement that looks for an open change anyway."""
    world.gift(100_000, until="2026-12-31T00:00+09:00")
    _, plain = submitted(world, web, memory=6)
    world.work()
    limits = {"changes_a_day": 5, "reductions_a_term": 3, "cooldown_hours": 1}
    Product.objects.filter(pk=world.cloud.pk).update(**limits)
    world.at("2026-08-15T16:02+09:00")
    change, sent = submitted(world, world.reread(web), memory=8)
    assert change.status == states.APPLYING
    assert len(sent) <= len(plain)
    assert_within(sent, SUBMIT_AT_MOST)


def test_settling_a_card_payment(world: World, web: Service) -> None:
    change, _ = submitted(world, web, memory=8)
    sent = settled(world, change)
    assert_within(sent, SETTLE_AT_MOST)
    assert world.reread(change.invoice).status == "paid"
    assert_number_last(sent)


def test_settling_a_card_payment_with_a_pledge(world: World, web: Service) -> None:
    world.gift(500, until="2026-09-30T00:00+09:00")
    world.gift(500, until="2026-10-30T00:00+09:00")
    change, _ = submitted(world, web, cpu=4, memory=8)
    sent = settled(world, change)
    assert_within(sent, SETTLE_AT_MOST)
    assert world.reread(change.invoice).status == "paid"
    assert_number_last(sent)


def test_a_webhook_is_acknowledged_with_one_insert(world: World, web: Service, client: Client) -> None:
    """The message and the job that looks into it, in one round trip, also when it comes again."""
    with WebhookReceiver() as receiver:
        world.gateway.settings(webhook_url=receiver.url)
        attempt = world.checkout(world.change(web, memory=8))
        world.gateway.pay(attempt.gateway_ref, mode="before")
        receiver.wait(attempt.gateway_ref)
        # The gateway may still be sending what an earlier story left behind.
        headers, body = next(one for one in receiver.received if attempt.gateway_ref.encode() in one[1])
    sent = {
        "content_type": "application/json",
        "headers": {"Sandbox-Signature": headers["Sandbox-Signature"]},
    }
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            assert client.post("/webhooks/sandbox/", body, **sent).status_code == 200  # type: ignore[arg-type]
        (statement,) = asked.captured_queries
        assert "INSERT INTO payments_inboxevent" in statement["sql"]
    assert InboxEvent.objects.get().state == "waiting"
    world.work()
    assert InboxEvent.objects.get().state == "done"
