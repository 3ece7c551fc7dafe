"""How tickets are shown: the sign of a state, and the page that a ticket is about."""

from __future__ import annotations

from django.urls import reverse

from prorata.support.models import Ticket

SIGNS: dict[str, str] = {Ticket.State.OPEN: "busy", Ticket.State.ANSWERED: "need", Ticket.State.CLOSED: "off"}
PAGES = {
    "change": "portal:show_change", "service": "portal:resources", "invoice": "portal:invoice",
    "credit_note": "portal:credit_note", "payment": "portal:receipt",
}  # fmt: skip


def about_page(origin: str) -> str:
    """The address of what an origin names; empty for none."""
    kind, _colon, name = origin.partition(":")
    page = PAGES.get(kind)
    return (
        reverse(page, args=[int(name) if kind in ("service", "payment") else name]) if page and name else ""
    )
