"""One step of the explanation of a price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Step:
    """A message key and its exact figures. Keys and parameter names are listed in `explain`."""

    key: str
    params: dict[str, str]


def step(key: str, figures: Mapping[str, object] | None = None) -> Step:
    """A step from figures of any kind: dates and instants become ISO 8601, the rest plain text."""
    texts = {
        name: figure.isoformat() if isinstance(figure, date) else str(figure)
        for name, figure in (figures or {}).items()
    }
    return Step(key, texts)
