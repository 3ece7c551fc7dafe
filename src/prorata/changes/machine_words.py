"""Why a machine keeps what it has, in the reader's language. Drivers speak English; what ours say is listed here."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _


def in_readers_words(said: str) -> str:
    """A driver's reason without its full stop. One that is not listed is said in general words, but for English."""
    known = {
        "Proxmox VE makes no disk smaller": _("Proxmox VE makes no disk smaller"),
        "A disk is not made smaller: the hypervisor would cut off what is written at its end": _(
            "A disk is not made smaller: the hypervisor would cut off what is written at its end"
        ),
    }
    if said in known:
        return known[said]
    return said if (get_language() or "en").startswith("en") else _("this machine never makes it smaller")
