"""Calls with a deadline. A call that hangs holds a thread and a connection of its own, and nobody else.

libvirt has no deadlines: a machine whose QEMU no longer answers keeps its caller waiting for ever, and five such calls
keep a whole connection waiting. So each driver call has a lane, a thread with one connection. A lane that did not answer
in time is left behind; it ends by itself when libvirt lets go. Only what libvirt does runs in it: what comes after the
call runs in the caller, who is gone by then.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from prorata.provisioning.drivers.base import (
    DriverUnreachable,
    HostFull,
    MachineBusy,
    MachineUnknown,
    StaleFence,
    StepRefused,
)
from prorata.provisioning.drivers.kvm.answers import meaning, numbers, one_line
from prorata.provisioning.drivers.kvm.library import library

CERTAIN_NO = (HostFull, MachineBusy, MachineUnknown, StaleFence, StepRefused)
KEEPALIVE_SECONDS, KEEPALIVE_MISSES = 5, 2


class Lane:
    """One thread with one connection, which does one thing after another. Not a worker of a pool of Python's: those
    keep the process from ending while one of them hangs.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._things: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self.connection: Any = None
        self.last: Future[Any] = Future()
        threading.Thread(target=self._work, name="libvirt-lane", daemon=True).start()

    def ask(self, thing: Callable[[], Any], seconds: float) -> Any:
        """Its result, or its exception. Raises TimeoutError: it still runs."""
        self.last = Future()
        self._things.put((thing, self.last))
        return self.last.result(seconds)

    def connect(self) -> None:
        """Open the connection; runs in the lane."""
        self.connection = library().open(self._uri)
        try:
            self.connection.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_MISSES)
        except library().libvirtError as error:
            if error.get_error_code() not in numbers("VIR_ERR_NO_SUPPORT"):
                raise

    def leave(self) -> None:
        """Never used again; the connection is closed when what still runs has ended."""
        self._things.put(None)

    def _work(self) -> None:
        while (job := self._things.get()) is not None:
            thing, answer = job
            try:
                answer.set_result(thing())
            except BaseException as error:
                answer.set_exception(error)
            del job, thing, answer
        self.connection = None


class Call:
    """One driver call on its lane, until its deadline."""

    def __init__(self, lane: Lane, seconds: float) -> None:
        self._lane = lane
        self._deadline = time.monotonic() + seconds

    @property
    def connection(self) -> Any:
        """The libvirt connection; its methods and those of what it gives are called through `ask` or `effect` only."""
        return self._lane.connection

    @property
    def seconds_left(self) -> float:
        """Until the deadline of the whole driver call."""
        return self._deadline - time.monotonic()

    def ask(self, thing: Callable[..., Any], *arguments: Any, unless: tuple[str, ...] = ()) -> Any:
        """Look at something. None where libvirt answers with one of the errors `unless`.

        Raises MachineUnknown, DriverUnreachable.
        """
        try:
            return self._do(thing, *arguments)
        except library().libvirtError as error:
            code = error.get_error_code()
            if code in numbers(*unless):
                return None
            if code in numbers("VIR_ERR_NO_DOMAIN"):
                raise MachineUnknown("there is no machine of this id") from error
            raise DriverUnreachable(one_line(error)) from error

    def effect(self, thing: Callable[..., Any], *arguments: Any) -> Any:
        """Change something. Raises StepRefused, MachineBusy (certainly nothing happened), DriverUnreachable."""
        try:
            return self._do(thing, *arguments)
        except library().libvirtError as error:
            raise meaning(error) from error

    def _do(self, thing: Callable[..., Any], *arguments: Any) -> Any:
        if self.seconds_left <= 0:
            raise DriverUnreachable("the time for one call is over")
        try:
            return self._lane.ask(lambda: thing(*arguments), self.seconds_left)
        except TimeoutError as error:
            raise DriverUnreachable("libvirt does not answer in time") from error


class Lanes:
    """All lanes to one libvirt address, for any number of threads.

    seconds   how long one driver call may take in all: less than half of what a job is left to a run that says nothing
    """

    def __init__(self, uri: str, seconds: float) -> None:
        self._uri, self._seconds = uri, seconds
        self._guard = threading.Lock()
        self._idle: list[Lane] = []
        self._stuck: dict[str, Lane] = {}

    @contextmanager
    def call(self, about: str) -> Iterator[Call]:
        """A call about one machine. What hangs is waited for once: until it ends the same machine is not asked again.

        Raises DriverUnreachable.
        """
        with self._guard:
            stuck = self._stuck.get(about)
            if stuck and not stuck.last.done():
                raise DriverUnreachable("libvirt still owes an answer about this machine")
            self._stuck.pop(about, None)
        lane = self._take()
        try:
            call = Call(lane, self._seconds)
            if lane.connection is None:
                call.ask(lane.connect)
            yield call
        except CERTAIN_NO:
            self._put_back(lane)
            raise
        except BaseException:
            # The connection may be broken, or still busy with what was asked.
            self._drop(lane, about)
            raise
        self._put_back(lane)

    def _take(self) -> Lane:
        while True:
            with self._guard:
                lane = self._idle.pop() if self._idle else None
            if lane is None:
                return Lane(self._uri)
            if _alive(lane):
                return lane
            lane.leave()

    def _put_back(self, lane: Lane) -> None:
        with self._guard:
            self._idle.append(lane)

    def _drop(self, lane: Lane, about: str) -> None:
        lane.leave()
        if not lane.last.done():
            with self._guard:
                self._stuck[about] = lane


def _alive(lane: Lane) -> bool:
    """Whether libvirt still has the connection. It knows by itself: nothing is sent."""
    try:
        return bool(lane.ask(lane.connection.isAlive, 1))
    except (TimeoutError, library().libvirtError):
        return False
