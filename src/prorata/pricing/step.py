"""One step of the explanation of a price."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Step(NamedTuple):
    """A message key and its exact figures. Keys and parameter names are listed in `explain`."""

    key: str
    params: dict[str, str]


def step(key: str, figures: Mapping[str, object] = MappingProxyType({})) -> Step:
    """A step from figures of any kind, as text: a date becomes ISO 8601, an instant must already be."""
    return Step(key, {name: str(figure) for name, figure in figures.items()})
