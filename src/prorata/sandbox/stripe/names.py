"""Stripe's ids of what the core keeps: each is the core's own, with another beginning."""

from __future__ import annotations

from prorata.sandbox.stripe.errors import missing

KINDS = {
    "session": ("cs_test_", "pay_", "checkout.session"),
    "intent": ("pi_", "pay_", "payment_intent"),
    "charge": ("ch_", "cap_", "charge"),
    "refund": ("re_", "ref_", "refund"),
}


def outward(kind: str, id: str) -> str:
    """The core's id as Stripe would write it."""
    there, here, _ = KINDS[kind]
    return there + id.removeprefix(here)


def inward(kind: str, id: str) -> str:
    """The core's id. Raises a refusal for an id of another kind."""
    there, here, words = KINDS[kind]
    if not id.startswith(there) or not id.isascii():
        raise missing(words, id)
    return here + id.removeprefix(there)
