"""A storm of webhooks, half of them sent twice and all of them shuffled, leaves exactly the right books."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from django.test import Client

from prorata.changes import states
from prorata.changes.models import Change
from prorata.config.wiring import SANDBOX_PAYEE
from prorata.payments.models import Capture, InboxEvent, PaymentAttempt
from support.sandboxes import GatewayProcess, start_gateway
from support.world import SECRET, World

# What a processor may say about one payment, true by now or not.
KINDS = (
    "payment.created",
    "payment.processing",
    "payment.failed",
    "payment.succeeded",
    "capture.created",
    "invoice.paid",
)


@pytest.fixture
def gateway_process(tmp_path: Path) -> Iterator[GatewayProcess]:
    """A gateway that sends nothing by itself: the story does."""
    with start_gateway(tmp_path, secret=SECRET, payee=SANDBOX_PAYEE) as found:
        yield found


def message(number: int, kind: str, ref: str) -> bytes:
    return json.dumps({"id": f"evt_{number}", "kind": kind, "ref": ref}).encode()


def storm(refs: list[str], events: int, rng: Random) -> list[tuple[bytes, str]]:
    """So many messages about these payments, each twice, in any order, with the secret they are signed with; and a tenth
    as many that somebody forged."""
    told = [
        (message(n, KINDS[n % len(KINDS)], refs[n // len(KINDS) % len(refs)]), SECRET) for n in range(events)
    ]
    forged = [
        (message(events + n, "payment.succeeded", refs[n % len(refs)]), "guessed")
        for n in range(events // 10)
    ]
    found = [*told, *told, *forged]
    rng.shuffle(found)
    return found


def rain(client: Client, sent: list[tuple[bytes, str]]) -> dict[int, int]:
    """Send them, each signed as it leaves; how often each status came back."""
    answers: dict[int, int] = {}
    for body, secret in sent:
        at = int(time.time())
        mark = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        answer = client.post(
            "/webhooks/sandbox/", body, content_type="application/json",
            headers={"Sandbox-Signature": f"t={at},v1={mark}"},
        )  # fmt: skip
        answers[answer.status_code] = answers.get(answer.status_code, 0) + 1
    return answers


@pytest.mark.parametrize(
    ("customers", "events"),
    [(4, 120), pytest.param(20, 5_000, marks=[pytest.mark.prove, pytest.mark.timeout(3600)])],
)
def test_a_storm_leaves_the_right_books(world: World, client: Client, customers: int, events: int) -> None:
    """Every change costs 5,596, its customer never came back from the page, and it is paid once."""
    world.open("2026-06-01T08:00+09:00")
    services = [world.service(paid=34_188, name=f"web-{n:02}") for n in range(customers)]
    world.at("2026-08-15T14:02+09:00")
    changes = [world.change(one, memory=8) for one in services]
    refs = [world.checkout(change).gateway_ref for change in changes]
    rng = Random(20261126)
    for ref in refs:
        world.gateway.pay(ref, mode="never")
    sent = storm(refs, events, rng)

    half = len(sent) // 2
    answers = rain(client, sent[:half])
    world.work()
    for status, count in rain(client, sent[half:]).items():
        answers[status] = answers.get(status, 0) + count
    world.work()

    assert answers == {200: 2 * events, 400: events // 10}
    assert InboxEvent.objects.count() == InboxEvent.objects.filter(state="done").count() == events
    assert Capture.objects.count() == customers
    assert set(PaymentAttempt.objects.values_list("state", flat=True)) == {"succeeded"}
    assert set(Change.objects.values_list("status", flat=True)) == {states.APPLIED}
    assert world.ledger() == {
        "gateway/sandbox/clearing": 5_596 * customers, "revenue/deferred": -5_088 * customers, "tax/0.1": -508 * customers,
    }  # fmt: skip
    assert world.credit() == 0
