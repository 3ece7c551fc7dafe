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
    lines: list[Line] = []
    begin = time.perf_counter() + 0.05
    await asyncio.gather(
        *(_one(lines, ask, begin + after, answers) for ask, after in zip(asks, due, strict=True))
    )
    for line in lines:
        line.close()
    return answers


async def _one(lines: list[Line], ask: Ask, due: float, answers: Answers) -> None:
    await asyncio.sleep(max(0.0, due - time.perf_counter()))
    try:
        async with asyncio.timeout(GIVE_UP):
            answer = await _send(lines, ask.request)
        trouble = ask.wrong(answer)
    except (OSError, EOFError, ValueError) as failed:  # a timeout is an OSError
        trouble = f"{type(failed).__name__}: {failed}"
    answers.latencies.append(time.perf_counter() - due)
    if trouble:
        answers.errors.append(trouble)


@dataclass
class Line:
    """A kept connection. By hand, because the sender shares the processors with whoever answers: a client library's
    own work for a request would cost as much as the answer and be measured as waiting."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    silent_since: float = 0.0

    def close(self) -> None:
        self.writer.close()

    @property
    def usable(self) -> bool:
        return time.perf_counter() - self.silent_since < KEEP_ALIVE and not self.reader.at_eof()


async def _send(lines: list[Line], request: httpx.Request) -> httpx.Response:
    """One request over a line that is free, or a new one. A line with an error is not used again."""
    line = await _free(lines, request.url)
    head = b"".join(b"%s: %s\r\n" % pair for pair in request.headers.raw)
    start = f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n".encode()
    try:
        line.writer.write(start + head + b"\r\n" + request.content)
        answer = await _answer(line.reader)
    except BaseException:
        line.close()
        raise
    line.silent_since = time.perf_counter()
    lines.append(line)
    return answer


async def _free(lines: list[Line], url: httpx.URL) -> Line:
    while lines:
        line = lines.pop()
        if line.usable:
            return line
        line.close()
    return Line(*await asyncio.open_connection(url.host, url.port))


async def _answer(reader: asyncio.StreamReader) -> httpx.Response:
    status, *headers = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    fields = [(name, value) for name, _, value in (line.partition(": ") for line in headers)]
    length = next((int(value) for name, value in fields if name.lower() == "content-length"), None)
    if length is None:
        raise ValueError("an answer without its length")
    body = await reader.readexactly(length)
    return httpx.Response(int(status.split()[1]), headers=fields, content=body)
