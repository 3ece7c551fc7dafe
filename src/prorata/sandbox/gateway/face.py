"""What one API of the processor looks like to its merchants. The core knows payments; a face knows words.

A face lives in a package of its own and brings: its addresses, its webhooks' words and their signature. The hosted
payment page, the control API and the store are the same behind every face.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Happening:
    """Something a merchant may be told. `kind` is the core's word, `subject` the refund or dispute it is about."""

    id: str
    kind: str
    ref: str
    subject: str
    at: float


class Face(Protocol):
    """One API in front of the core."""

    name: str

    def addresses(self) -> list[Any]:
        """Django URL patterns beside those every face shares."""
        ...

    def kinds(self, db: sqlite3.Connection, kind: str, ref: str, held: dict[str, Any]) -> list[str]:
        """The events this API sends for one happening of the core, in its own words; none if it is silent about it."""
        ...

    def message(self, db: sqlite3.Connection, kind: str, happening: Happening) -> str:
        """The exact body of one webhook."""
        ...

    def sign(self, body: bytes, secrets: Sequence[str], at: int) -> dict[str, str]:
        """The headers that prove where a webhook comes from."""
        ...
