"""The sandbox's own small API: the face a demo uses."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from prorata.sandbox.gateway.face import Happening
from prorata.sandbox.gateway.signature import HEADER, sign
from prorata.sandbox.gateway.state import gateway


class OwnFace:
    """See Face."""

    name = "own"

    def addresses(self) -> list[Any]:
        """See Face."""
        from prorata.sandbox.gateway import own_urls

        return own_urls.urlpatterns

    def kinds(self, db: sqlite3.Connection, kind: str, ref: str, held: dict[str, Any]) -> list[str]:
        """See Face. One event for each happening, unless different ones are wanted for one success."""
        if kind == "payment.cancelled":
            return []  # the merchant did it himself
        more = ["capture.created", "checkout.completed"] if kind == "payment.succeeded" else []
        return [kind, *(more if held["different_events"] else [])]

    def message(self, db: sqlite3.Connection, kind: str, happening: Happening) -> str:
        """See Face. It only says which payment to look at."""
        body = {
            "id": happening.id, "kind": kind, "ref": happening.ref, "payee": gateway().payee, "live": False,
            "created": int(happening.at),
        }  # fmt: skip
        return json.dumps(body)

    def sign(self, body: bytes, secrets: Sequence[str], at: int) -> dict[str, str]:
        """See Face."""
        return {HEADER: sign(body, secrets, at)}
