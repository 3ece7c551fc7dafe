"""In a worker of its own: every point between two effects of a job on the world is counted, and at a chosen one the thread
stands still, so that the process can be killed there. Nothing of this is known to the program.

A point stands before and after each call to a machine, and before and after each commit. The program's own course makes
them: a step more makes points more. They are written to `points` as they are passed: machine, part, label. `plan.json`
names one for each machine that is to stand still, {"vm-3": ["run", 12]}: the thirteenth of its run. It has come there when
the file `held/vm-3` is there. {"vm-3": ["run", "before apply memory", "sleep"]} lets the whole process sleep at the first
point of that label; it goes on when it is woken.

Points in an open transaction of `follow` wait for all others first, because it may hold the number series of all.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction

from prorata.changes import apply
from prorata.changes.models import Change
from prorata.config.wiring import sandbox_driver
from prorata.provisioning import run as runner
from prorata.provisioning.drivers.sandbox import SandboxDriver
from prorata.provisioning.lease import Run
from prorata.provisioning.models import Job

FOLDER = Path(os.environ["PRORATA_TEST_POINTS"])
PLAN: dict[str, list[Any]] = json.loads((FOLDER / "plan.json").read_text(encoding="utf-8"))
OPEN = "not committed"
here = threading.local()
counting = threading.Lock()
counts: Counter[tuple[str, str]] = Counter()


def install() -> None:
    """Once, before the worker takes its first job."""
    # As many threads as jobs are asked for: a thread that stands still takes no other.
    os.cpu_count = lambda: 60
    Run.writing = _writing(Run.writing)  # type: ignore[method-assign]
    Run.note = _noting(Run.note)  # type: ignore[method-assign]
    runner.lease = _committing(runner.lease, "run", "lease", _of_job)  # type: ignore[attr-defined]
    runner.run = _running(runner.run)
    apply.begin = _committing(apply.begin, "begin", "job", _of_change)
    apply.follow = _committing(apply.follow, "follow", "change", _of_job)


def driver() -> SandboxDriver:
    """The sandbox's driver, with a point before and after each call of a run."""
    made = sandbox_driver()
    assert isinstance(made, SandboxDriver)
    made._http.headers["Connection"] = "close"  # one that is kept would be gone after a long sleep
    for name in ("read", "apply", "move"):
        setattr(made, name, _calling(name, getattr(made, name)))
    return made


def reach(machine: str, part: str, label: str) -> None:
    """One point."""
    with counting:
        n = counts[machine, part]
        counts[machine, part] += 1
        with (FOLDER / "points").open("a", encoding="utf-8") as file:
            file.write(f"{machine}\t{part}\t{label}\n")
    planned, at, *how = PLAN.get(machine, ["", -1])
    if planned == part and at in (n, label):
        (FOLDER / "held" / machine).touch()
        if how == ["sleep"]:
            del PLAN[machine]
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            threading.Event().wait()


def _calling(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def called(external_id: str, *given: Any, **named: Any) -> Any:
        machine = getattr(here, "machine", None)
        if machine is None:  # the minute's measuring
            return call(external_id, *given, **named)
        what = f"{name} {given[0].component}" if name == "apply" else name
        reach(machine, "run", f"before {what}")
        try:
            return call(external_id, *given, **named)
        finally:
            reach(machine, "run", f"after {what}")

    return called


def _running(run: Callable[[int], None]) -> Callable[[int], None]:
    def ran(job_id: int) -> None:
        here.machine = _of_job(job_id)
        try:
            run(job_id)
        finally:
            here.machine = None

    return ran


def _writing(writing: Callable[[Run], Any]) -> Any:
    @contextmanager
    def written(self: Run) -> Iterator[Job]:
        here.noted = ["lease kept"]
        with transaction.atomic():
            with writing(self) as job:
                yield job
            reach(self.external_id, "run", f"{here.noted[-1]}, {OPEN}")
        reach(self.external_id, "run", f"{here.noted[-1]}, committed")

    return written


def _noting(note: Callable[..., None]) -> Any:
    def noted(self: Run, what: Any, detail: str = "", step: Any = None) -> None:
        note(self, what, detail, step)
        about = f" {step.kind} {step.component}" if step is not None else ""
        if hasattr(here, "noted"):
            here.noted.append(f"{what}{about}")

    return noted


def _committing(
    act: Callable[[int], Any], part: str, what: str, machine_of: Callable[[int], str]
) -> Callable[[int], Any]:
    def acted(id: int) -> Any:
        machine = machine_of(id)
        reach(machine, part, f"{what}, not begun")
        planned, n, *_ = PLAN.get(machine, ["", -1])
        if part == "follow" == planned and n == counts[machine, part]:
            _wait_for_the_others()
        with transaction.atomic():
            answer = act(id)
            reach(machine, part, f"{what}, {OPEN}")
        reach(machine, part, f"{what}, committed")
        return answer

    return acted


def _wait_for_the_others() -> None:
    while len(list((FOLDER / "held").iterdir())) < len(PLAN) - 1:
        time.sleep(0.05)


def _of_job(job_id: int) -> str:
    return str(Job.objects.values_list("service__external_id", flat=True).get(pk=job_id))


def _of_change(change_id: int) -> str:
    return str(Change.objects.values_list("service__external_id", flat=True).get(pk=change_id))
