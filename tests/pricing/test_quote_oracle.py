"""`prorata quote` against a second calculation that shares nothing with it: `quote_oracle`."""

from __future__ import annotations

import io
import json
from collections import Counter
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pricing import quote_oracle
from pricing.random_quotes import quote_text
from pricing.sizes import PROVING, examples, sized
from prorata.pricing.quote_command import main


def _answered(text: str) -> dict[str, Any] | None:
    """What the command answers, without its steps; None where it refuses in one line."""
    stdout, stderr = io.StringIO(), io.StringIO()
    status = main(["-"], io.StringIO(text), stdout, stderr)
    if status == 2:
        assert stdout.getvalue() == ""
        assert stderr.getvalue().endswith("\n")
        assert stderr.getvalue().count("\n") == 1
        return None
    assert (status, stderr.getvalue()) == (0, "")
    answer: dict[str, Any] = json.loads(stdout.getvalue())
    assert all(isinstance(step, str) for step in answer.pop("steps"))
    return answer


@examples(400, 50_000)
@given(st.randoms(use_true_random=False))
def test_the_command_says_what_the_contract_says(rng: Random) -> None:
    text = quote_text(rng)

    assert _answered(text) == quote_oracle.answer(text), text


def test_and_says_it_of_many_more_that_are_drawn_plainly() -> None:
    for seed in range(500_000 if PROVING else sized(1_500)):
        text = quote_text(Random(seed))
        assert _answered(text) == quote_oracle.answer(text), f"seed {seed}: {text}"


def test_the_inputs_reach_every_rule_and_every_refusal() -> None:
    """The comparison is no use if nothing is answered, or nothing refused."""
    answers = [quote_oracle.answer(quote_text(Random(seed))) for seed in range(2_000)]
    good = [answer for answer in answers if answer]
    rules = Counter(answer["time_left"]["rule"] for answer in good)
    directions = Counter(answer["direction"] for answer in good)

    assert 300 < len(answers) - len(good) < 1_000
    assert min(rules[rule] for rule in quote_oracle.RULES) > 100
    assert min(directions[way] for way in ("upgrade", "downgrade", "none")) > 100
    assert {len(answer["lines"]) for answer in good} == {0, 1, 2, 3, 5}
