"""An open loop: requests leave at instants fixed beforehand, whether or not earlier ones were answered.

Latency counts from the instant a request was due. A portal that stalls therefore pays for everybody who came meanwhile,
which a loop that waits for each answer would leave out.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx

GIVE_UP = 10.0
# gunicorn closes a silent connection after two seconds; a browser's next request would open another one too.
KEEP_ALIVE = 1.0


@dataclass
class Answers:
    """Latencies in seconds from the due instant, and what went wrong, in words."""

    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cpu: float = 0.0  # processor seconds of whoever answers, if somebody measured it

    def add(self, more: Answers) -> None:
        self.latencies += more.latencies
        self.errors += more.errors
        self.cpu += more.cpu


@dataclass(frozen=True)
class Ask:
    """One request, and what is wrong with its answer (empty: nothing)."""

    request: httpx.Request
    wrong: Callable[[httpx.Response], str]


def run(asks: Sequence[Ask], *, seconds: float, seed: int) -> Answers:
    """Send `asks` at random instants within `seconds`, as people do who know nothing of one another."""
    draw = random.Random(seed)
    due = sorted(draw.uniform(0, seconds) for _ in asks)
    return asyncio.run(_run(asks, due))


async def _run(asks: Sequence[Ask], due: Sequence[float]) -> Answers:
    answers = Answers()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=32, keepalive_expiry=KEEP_ALIVE)
    async with httpx.AsyncClient(limits=limits, timeout=GIVE_UP, trust_env=False) as client:
        begin = time.perf_counter() + 0.05
        await asyncio.gather(
            *(_one(client, ask, begin + after, answers) for ask, after in zip(asks, due, strict=True))
        )
    return answers


async def _one(client: httpx.AsyncClient, ask: Ask, due: float, answers: Answers) -> None:
    await asyncio.sleep(max(0.0, due - time.perf_counter()))
    try:
        answer = await client.send(ask.request)
        trouble = ask.wrong(answer)
    except httpx.HTTPError as failed:
        trouble = f"{type(failed).__name__}: {failed}"
    answers.latencies.append(time.perf_counter() - due)
    if trouble:
        answers.errors.append(trouble)
