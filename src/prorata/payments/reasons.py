"""Why a payment failed, as the payment service said it, for readers of other languages."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prorata.language import language


def in_readers_words(said: str) -> str:
    """Payment services speak English; what they often say is listed. Anything else is told to readers of English alone."""
    known = {
        "The card was declined.": _("The card was declined."),
        "The bank sent the payment back.": _("The bank sent the payment back."),
        "It was not paid in time.": _("It was not paid in time."),
        "The payment service never received it; nothing was taken.": _(
            "The payment service never received it; nothing was taken."
        ),
    }
    return known.get(said) or (said if language() == "en" else "")
