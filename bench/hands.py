"""A process that holds one database connection and does what it is told, as one worker of a web server would.

Two of them work at the same time without sharing an interpreter.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

# Growth on one host waits for other growth there: as many customers share one as on a middling machine.
CUSTOMERS_A_HOST = 20


@dataclass(frozen=True)
class Ready:
    """One customer's quote, and the instant at which it and the credit that pays it were there."""

    person: int
    quote: str
    at: datetime


class Hands:
    """One process. Tell it something with `begin`, fetch the result with `end`."""

    def __init__(self) -> None:
        ours, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe = ours

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def begin(self, what: str, *given: Any) -> None:
        self._pipe.send((what, given))

    def end(self) -> Any:
        """What came of it. Raises RuntimeError with what went wrong over there."""
        try:
            went_well, result = self._pipe.recv()
        except EOFError:
            raise RuntimeError("a measuring process ended") from None
        if not went_well:
            raise RuntimeError(result)
        return result

    def close(self) -> None:
        self._pipe.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()


def _serve(pipe: Connection) -> None:
    import django

    django.setup()
    while True:
        try:
            what, given = pipe.recv()
        except (EOFError, ConnectionError):
            return
        try:
            pipe.send((True, ACTS[what](*given)))
        except Exception as problem:
            with contextlib.suppress(OSError):  # nobody may be there to hear it
                pipe.send((False, f"{type(problem).__name__}: {problem}"))


def prepare(model: int, prefix: str, count: int) -> list[Ready]:
    """Customers with a service, a reading, credit as a gift and on account, and a quote for a larger machine."""
    from bench.people import copies, customer
    from bench.prepared import ready
    from prorata import clock
    from prorata.services.models import Service

    web = Service.objects.select_related("product", "customer").get(pk=model)
    made = []
    for n in range(count):
        host = f"{prefix}-host-{n // CUSTOMERS_A_HOST}"
        buyer, person = customer(f"{prefix}-{n}")
        quote = ready(person, copies(web, buyer, 1, host)[0])
        made.append(Ready(person.pk, quote.reference, clock.now()))
    return made


def submit_all(quotes: list[Ready]) -> tuple[float, float]:
    """Submit each; paid by credit alone. From and to, on the machine's monotonic clock, in seconds.

    Each at the instant of its quote, when its machine had just been read: what a hypervisor takes is not measured.
    """
    from prorata.changes import states
    from prorata.changes.submit import submit
    from prorata.clock import HandClock, set_clock
    from prorata.customers.models import User

    people = User.objects.in_bulk([one.person for one in quotes])
    begin = time.monotonic()
    for one in quotes:
        set_clock(HandClock(one.at))
        change = submit(people[one.person], one.quote, shown_due_minor=0)
        assert change.status == states.APPLYING
    return begin, time.monotonic()


def place_all(first: int, count: int) -> tuple[float, float]:
    """So many null orders, each a transaction of its own."""
    from django.db import connection

    from bench.null_order import CALL

    connection.ensure_connection()
    raw = connection.connection
    assert raw.autocommit
    begin = time.monotonic()
    for n in range(first, first + count):
        raw.execute(CALL, [n])
    return begin, time.monotonic()


def post_all(side: str, first: int, count: int, connections: int) -> tuple[float, float]:
    """So many transfers of `bench.hot_account`, each a transaction of its own, over as many connections at once."""
    from concurrent.futures import ThreadPoolExecutor

    made = [(side, n) for n in range(first, first + count)]
    while len(_open) < connections:
        _open.append(_connection())
    begin = time.monotonic()
    with ThreadPoolExecutor(connections) as threads:
        list(threads.map(_post, _open, [made[n::connections] for n in range(connections)]))
    return begin, time.monotonic()


_open: list[Any] = []


def _connection() -> Any:
    from django.db import connections

    made = connections.create_connection("default")
    made.inc_thread_sharing()
    return made


def _post(connection: Any, made: list[tuple[str, int]]) -> None:
    from bench.hot_account import legs
    from prorata import clock
    from prorata.ledger.post import POSTING, posting

    with connection.cursor() as cursor:
        for side, n in made:
            moved = posting(
                key=f"{side}:{n}", kind="bench", origin=f"bench:{n}", legs=legs(side, n), at=clock.now(),
                actor="bench", reason="",
            )  # fmt: skip
            cursor.execute(POSTING + "SELECT id FROM moved", moved)
            cursor.fetchone()


ACTS = {"prepare": prepare, "submit": submit_all, "place": place_all, "post": post_all}
