"""PayPal's ids of what the core keeps: capitals and digits, the core's own without its beginning."""

from __future__ import annotations

import re
import secrets

from prorata.sandbox.paypal.errors import missing

BEGINNINGS = {"order": "pay_", "capture": "cap_", "refund": "ref_", "dispute": "dp_"}
DISPUTE = "PP-R-"


def new_order() -> str:
    """The core's id of a new order: PayPal's have 17 characters."""
    return BEGINNINGS["order"] + secrets.token_hex(9)[:17]


def outward(kind: str, id: str) -> str:
    """The core's id as PayPal would write it."""
    bare = id.removeprefix(BEGINNINGS[kind]).upper()
    return DISPUTE + bare if kind == "dispute" else bare


def inward(kind: str, id: str) -> str:
    """The core's id. Raises a refusal for what is none."""
    if kind == "dispute":
        if not id.startswith(DISPUTE):
            raise missing()
        id = id.removeprefix(DISPUTE)
    if not re.fullmatch(r"[A-Z0-9]{1,36}", id):
        raise missing()
    return BEGINNINGS[kind] + id.lower()
