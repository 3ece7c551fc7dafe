"""`expand[]`: an id becomes the object itself."""

from __future__ import annotations

import sqlite3
from typing import Any

from prorata.sandbox.gateway import payments
from prorata.sandbox.gateway.refunds import load_capture
from prorata.sandbox.stripe import names, objects
from prorata.sandbox.stripe.errors import invalid


def expanded(db: sqlite3.Connection, answer: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """The object with the ids at `paths` replaced. Raises a refusal for a path that leads nowhere."""
    for path in sorted(paths):
        here = answer
        for step in path.split("."):
            if not isinstance(here, dict) or step not in here:
                raise invalid(f"This property cannot be expanded ({step}).", param="expand")
            if here[step] is None:
                break
            if isinstance(here[step], str):
                here[step] = fetched(db, step, here[step])
            here = here[step]
    return answer


def fetched(db: sqlite3.Connection, field: str, id: str) -> Any:
    """The object behind an id, by the field it stands in."""
    if field == "payment_intent":
        return objects.intent(db, payments.load(db, names.inward("intent", id)))
    if field in ("latest_charge", "charge"):
        return objects.charge(db, load_capture(db, names.inward("charge", id)))
    if field == "payment_method":
        return objects.payment_method(db, id)
    raise invalid(f"This property cannot be expanded ({field}).", param="expand")
