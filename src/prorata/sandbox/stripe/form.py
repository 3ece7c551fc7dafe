"""Stripe's way to write nested parameters in a form: `a[b][0][c]=1`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from prorata.sandbox.stripe.errors import invalid

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
DEEPEST = 6


def read(encoded: str) -> dict[str, Any]:
    """Parameters as nested dicts and lists of texts. Raises a refusal for what is written wrongly."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True, max_num_fields=500):
        written = NAME.fullmatch(name)
        if written is None:
            raise invalid(f"Invalid parameter name: {name[:100]}", param=name)
        path = [written[1], *re.findall(r"\[([^\[\]]*)\]", written[2])]
        if len(path) > DEEPEST:
            raise invalid("Parameters are nested too deeply.", param=name)
        put(found, path, value, name)
    return {name: lists(value) for name, value in found.items()}


def put(found: dict[str, Any], path: list[str], value: str, name: str) -> None:
    """Hang one value into the tree; a list is a dict of numbers until all is read."""
    here = found
    for at, step in enumerate(path[:-1]):
        step = step or str(len(here))
        here = here.setdefault(step, {})
        if not isinstance(here, dict):
            raise invalid(f"Invalid value for {'.'.join(path[: at + 1])}", param=name)
    last = path[-1] or str(len(here))
    if last in here:
        raise invalid(f"Parameter {name} was given twice.", param=name)
    here[last] = value


def lists(value: Any) -> Any:
    """Dicts whose names are 0, 1, 2 ... become lists."""
    if not isinstance(value, dict):
        return value
    done = {name: lists(inner) for name, inner in value.items()}
    if done and list(done) == [str(at) for at in range(len(done))]:
        return list(done.values())
    return done
