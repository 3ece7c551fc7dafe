"""The mistakes that are tried, and a few that must be seen. All of them are tried by ./prove."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mutation.mutants import mutants, mutated

TESTS = Path(__file__).parents[1]


def _run(*arguments: str) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-m", "mutation.run", *arguments],
        env=os.environ | {"PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent / 'src'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("source", "mistakes"),
    [
        ("x = a < b", ["a <= b"]),
        ("x = a is not b", ["a is b"]),
        ("x = a + 1", ["a - 1", "2"]),
        ("x = a * b % c", ["a * b * c", "a // b"]),
        ("x = a and not b", ["a or not b", "b"]),
        ("f = True", ["False"]),
        ("min(a)", ["pass", "max"]),
        ("x = a if b else c", ["a if not b else c"]),
        ("if a:\n    b()", ["if not a:\n    b()", "pass"]),
        ("def f():\n    '''Words.'''\n    return a", ["return None"]),
        ("def f(a: 1) -> 2:\n    return None", []),
        ("@cache(5)\ndef f():\n    raise A", ["pass"]),
        ("__all__ = ['a', 1]", []),
        ("'words'.join(a)", ["pass"]),
    ],
)
def test_what_is_changed(source: str, mistakes: list[str]) -> None:
    assert [mutant.after for mutant in mutants(source)] == mistakes


def test_one_mistake_is_made_at_a_time() -> None:
    source = "if a < 1:\n    b = min(a, 2)"

    made = [ast.unparse(mutated(source, mutant.number)) for mutant in mutants(source)]

    assert len(set(made)) == len(made) == 5
    assert made[0] == "if not a < 1:\n    b = min(a, 2)"
    with pytest.raises(IndexError):
        mutated(source, 5)


def test_a_mistake_is_seen() -> None:
    """A price that is rounded the other way, in the money room and by its own tests."""
    status, said = _run("--module", "rebuy", "--tests", "test_published_examples.py", "--at-least", "100")

    assert (status, said.splitlines()[-1].split(" mistakes")[0]) == (0, "12 of 12"), said


def test_a_mistake_that_no_test_looks_for_survives_and_is_named() -> None:
    status, said = _run("--module", "rebuy", "--mutant", "0", "--tests", "test_time_left.py")

    assert status == 1
    assert said.startswith("survived (1 of 1) rebuy.py:")
    assert "0 of 1 mistakes seen: 0.0 %" in said


@pytest.mark.prove
@pytest.mark.timeout(0)
def test_nine_of_ten_mistakes_in_the_price_are_seen() -> None:
    status, said = _run("--at-once", str(os.cpu_count()), "--at-least", "90")

    assert status == 0, said
