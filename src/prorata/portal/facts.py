"""What the stream of a service is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["term", "change", "machine", "money", "ticket", "staff"]
KINDS: tuple[Kind, ...] = ("term", "change", "machine", "money", "ticket", "staff")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One line of the stream. `key` is stable and names its place on the page; `by` is who did it, in words.

    `turn` orders what happened at one instant: what was caused comes after its cause; `order` what has the same turn.
    `quote` is what the machine said, in its own English, where there are no words for it.
    """

    key: str
    at: datetime
    kind: Kind
    what: str
    by: str
    detail: str = ""
    address: str = ""
    reference: str = ""
    turn: int = 0
    order: int = 0
    quote: str = ""
