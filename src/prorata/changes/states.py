"""The closed list of states of a change, and where each may go. PostgreSQL holds the same graph (migration 0001)."""

from __future__ import annotations

AWAITING_PAYMENT = "awaiting_payment"
APPLYING = "applying"
PARKED = "parked"
ATTENTION = "attention"
APPLIED = "applied"
PARTLY_APPLIED = "partly_applied"
REVERSED = "reversed"
CANCELLED = "cancelled"
EXPIRED = "expired"

GRAPH: dict[str, set[str]] = {
    AWAITING_PAYMENT: {APPLYING, CANCELLED, EXPIRED},
    APPLYING: {APPLIED, PARTLY_APPLIED, REVERSED, PARKED, ATTENTION},
    PARKED: {APPLYING, PARTLY_APPLIED, REVERSED, ATTENTION},
    ATTENTION: {APPLYING, PARTLY_APPLIED, REVERSED},
}
OPEN = (AWAITING_PAYMENT, APPLYING, PARKED, ATTENTION)
FINAL = (APPLIED, PARTLY_APPLIED, REVERSED, CANCELLED, EXPIRED)
ALL = OPEN + FINAL
