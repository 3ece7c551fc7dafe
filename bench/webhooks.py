"""How long a webhook waits for its acknowledgement: an open loop of signed messages against a real web server.

    python -m bench.webhooks            about 40 seconds, of which 30 measure
    python -m bench.webhooks --smoke    a few messages, to see that it works

Every second message is sent twice, as processors do. Afterwards each must be kept once, with one job that looks into it.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import os
import time
import uuid
from dataclasses import dataclass

import httpx

from bench.cpu import Meter
from bench.figures import circumstances, quantile
from bench.ground import Ground
from bench.open_loop import Answers, Ask, run

RATE = 300


@dataclass(frozen=True)
class Size:
    seconds: float
    rounds: int


FULL, SMOKE = Size(seconds=10, rounds=3), Size(seconds=0.2, rounds=1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.webhooks", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="a few messages, to see that it works")
    with Ground() as ground:
        return measure(ground, SMOKE if parser.parse_args().smoke else FULL)


def measure(ground: Ground, size: Size) -> int:
    """Print everything; exit status 1 if any answer was wrong or a message was not kept once."""
    settings = ground.settings()
    meter = Meter([ground.start_portal(), ground.postgres_pid])
    print(circumstances(ground.home, settings))
    run(messages(ground.url, 40), seconds=0.5, seed=0)  # every process is warm by now
    sent, rounds = 20, []
    for n in range(size.rounds):
        asks = messages(ground.url, int(RATE * size.seconds))
        before = meter.seconds()
        answers = run(asks, seconds=size.seconds, seed=n)
        answers.cpu = meter.seconds() - before
        rounds.append(answers)
        sent += len(asks) // 2
    return report(rounds, sent)


def messages(url: str, count: int) -> list[Ask]:
    """So many requests with half as many messages, each signed as the sandbox does."""
    found: list[Ask] = []
    for _ in range(count // 2):
        event = {
            "id": f"evt_{uuid.uuid4().hex}",
            "kind": "payment.succeeded",
            "ref": f"pay_{uuid.uuid4().hex}",
        }
        found += [_ask(url, json.dumps(event).encode())] * 2
    return found


def _ask(url: str, body: bytes) -> Ask:
    at = int(time.time())
    secret = os.environ["PRORATA_SANDBOX_GATEWAY_SECRETS"].encode()
    mark = hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Sandbox-Signature": f"t={at},v1={mark}", "Content-Type": "application/json"}
    return Ask(httpx.Request("POST", f"{url}/webhooks/sandbox/", content=body, headers=headers), _kept)


def _kept(answer: httpx.Response) -> str:
    return "" if answer.status_code == 200 else f"{answer.status_code}: {answer.text[:80]}"


def report(rounds: list[Answers], sent: int) -> int:
    whole = Answers()
    for answers in rounds:
        whole.add(answers)
    print(
        f"\nopen loop, {RATE} a second, latency from the instant each was due, in ms (a record, not a claim)"
    )
    print(f"{'':<12}{'p50':>8}{'p95':>8}{'p99':>8}{'most':>8}{'answers':>9}{'errors':>8}{'CPU each':>10}")
    for name, some in (*((f"round {n}", one) for n, one in enumerate(rounds, start=1)), ("all", whole)):
        points = "".join(f"{quantile(some.latencies, s) * 1000:8.1f}" for s in (0.5, 0.95, 0.99, 1.0))
        cpu = some.cpu / len(some.latencies) * 1000
        print(f"{name:<12}{points}{len(some.latencies):>9}{len(some.errors):>8}{cpu:10.2f}")
    for error in sorted(set(whole.errors))[:5]:
        print(f"wrong answer: {error}")
    return 1 if whole.errors or not _all_kept(sent) else 0


def _all_kept(sent: int) -> bool:
    from procrastinate.contrib.django.models import ProcrastinateJob

    from prorata.payments.models import InboxEvent

    kept = InboxEvent.objects.count()
    jobs = ProcrastinateJob.objects.filter(task_name="payments.handle_event").count()
    print(f"\nmessages sent {sent:,}, each twice; kept {kept:,}; jobs {jobs:,}")
    return kept == jobs == sent


if __name__ == "__main__":
    raise SystemExit(main())
