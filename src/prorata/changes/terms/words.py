"""The state of a term in words that customers and staff read alike."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prorata.changes.models import SoldTerm


def status_words(term: SoldTerm) -> str:
    """A short sentence or word, as in a list."""
    return {
        "awaiting_payment": _("Waiting for payment"),
        "paid": _("Paid"),
        "cancelled": _("Cancelled"),
        "expired": _("Expired, nothing was taken"),
    }[term.status]
