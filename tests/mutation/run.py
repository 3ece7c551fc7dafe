"""Do the tests of the price see mistakes? `PYTHONPATH=tests python -m mutation.run [--sample N] [--seed S]`

Puts one mistake at a time into `prorata.pricing` and runs the quick tests of the price (`QUICK`, without Django)
in a forked child until one fails. A mistake that no test sees survives, and is named. Ends with 1 if fewer than
`--at-least` per cent are seen.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.abc
import importlib.machinery
import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from types import ModuleType
from typing import NamedTuple

from mutation.mutants import Mutant, mutants, mutated

TESTS = Path(__file__).parents[1]
PRICING = TESTS.parent / "src" / "prorata" / "pricing"
# Those that see most mistakes soonest come first, those that draw lives and inputs by chance last.
FIRST = (
    "test_quote_corners.py",
    "test_explainer_steps.py",
    "test_change_funding.py",
    "test_rates.py",
    "test_rules.py",
)
LAST = ("test_pricing_properties.py", "test_quote_oracle.py", "test_paid_sequences.py")
OTHERS = sorted(path.name for path in (TESTS / "pricing").glob("test_*.py") if "bulk" not in path.name)
QUICK = (*FIRST, *(name for name in OTHERS if name not in (*FIRST, *LAST)), *LAST)
ARGUMENTS = (
    "-x",
    "-q",
    "--noconftest",
    "--assert=plain",
    "--import-mode=importlib",
    *("-p", "no:cacheprovider"),
    *("-p", "no:django"),
    *(
        "-k",
        "not starts_within and not a_terminal and not comes_after and not needs_nothing and not reach_every",
    ),
)
SECONDS = 60  # of processor time; a mistake that never ends is seen too


class Case(NamedTuple):
    """One mistake in one module of `prorata.pricing`."""

    module: str
    mutant: Mutant

    def __str__(self) -> str:
        before, after = (" ".join(text.split())[:90] for text in (self.mutant.before, self.mutant.after))
        return f"{self.module}.py:{self.mutant.line} #{self.mutant.number}: {before}  =>  {after}"


def cases(only: Sequence[str] = ()) -> list[Case]:
    """Every mistake in every module, or in those named."""
    return [
        Case(path.stem, mutant)
        for path in sorted(PRICING.glob("*.py"))
        if not only or path.stem in only
        for mutant in mutants(path.read_text(encoding="utf-8"))
    ]


class _Mistaken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module with a mistake in it, and leaves every other to the finders that follow."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self._name, self._path, self._tree = name, path, tree

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=str(self._path))

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._tree, str(self._path), "exec"), module.__dict__)


def is_seen(case: Case | None, files: Sequence[str]) -> Iterator[bool | None]:
    """First None, once a child is at work; then whether a test failed, hung or crashed with this mistake."""
    child = os.fork()
    if child == 0:
        os._exit(_child(case, files))
    yield None
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code in (4, 5):
        raise RuntimeError(f"the tests could not be run: pytest ended with {code}")
    yield code != 0


def _child(case: Case | None, files: Sequence[str]) -> int:
    """Run the tests with the mistake; nothing they print is kept."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(20 * SECONDS)
    if case:
        path = PRICING / f"{case.module}.py"
        tree = mutated(path.read_text(encoding="utf-8"), case.mutant.number)
        sys.meta_path.insert(0, _Mistaken(f"prorata.pricing.{case.module}", path, tree))
    import pytest

    ran: int = pytest.main([*ARGUMENTS, "-c", os.devnull, *(str(TESTS / "pricing" / name) for name in files)])
    return ran


def survivors(chosen: Sequence[Case], files: Sequence[str], at_once: int = 1) -> Iterator[tuple[int, Case]]:
    """Those that no test sees, with how many were tried by then."""
    running: deque[tuple[int, Case, Iterator[bool | None]]] = deque()
    for number, case in enumerate(chosen, start=1):
        judge = is_seen(case, files)
        next(judge)
        running.append((number, case, judge))
        if len(running) >= at_once:
            yield from _unseen(*running.popleft())
    while running:
        yield from _unseen(*running.popleft())


def _unseen(number: int, case: Case, judge: Iterator[bool | None]) -> Iterator[tuple[int, Case]]:
    if not next(judge):
        yield number, case


def _prepare() -> None:
    """Import what every child would otherwise import for itself; nothing of prorata."""
    os.environ["PRORATA_MUTANT"] = "1"
    for name in ("hypothesis.strategies", "json", "pytest", "subprocess", "zoneinfo"):
        importlib.import_module(name)
    assert not any(name.startswith("prorata.pricing") for name in sys.modules)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=int, default=0, help="so many, drawn; all without it")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    parser.add_argument("--module", action="append", default=[], help="only this module of prorata.pricing")
    parser.add_argument("--mutant", action="append", type=int, default=[], help="only that number of it")
    parser.add_argument("--tests", action="append", default=[], help="only this file of tests/pricing")
    parser.add_argument("--at-once", type=int, default=1, help="children side by side")
    parser.add_argument("--at-least", type=float, default=90, help="per cent that must be seen")
    options = parser.parse_args(list(argv))
    chosen = [
        case for case in cases(options.module) if not options.mutant or case.mutant.number in options.mutant
    ]
    if options.sample:
        chosen = Random(options.seed).sample(chosen, min(options.sample, len(chosen)))
    files = options.tests or QUICK
    _prepare()
    *_, failed = is_seen(None, files)
    if failed:
        print("the tests fail without any mistake: mend them first")
        return 2
    began, lost = time.monotonic(), 0
    for number, case in survivors(chosen, files, options.at_once):
        lost += 1
        print(f"survived ({lost} of {number}) {case}", flush=True)
    part = 100 * (len(chosen) - lost) / max(len(chosen), 1)
    minutes = (time.monotonic() - began) / 60
    print(f"{len(chosen) - lost} of {len(chosen)} mistakes seen: {part:.1f} %, in {minutes:.1f} minutes")
    return 0 if part >= options.at_least else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
