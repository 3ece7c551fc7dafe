"""Why a machine keeps what it has, in the reader's language. Drivers speak English; what ours say is listed here."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prorata.language import for_english


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
    return for_english(said) or _("this machine never makes it smaller")


def why_not_done(said: str) -> str:
    """Why a step was not done; empty where only the hypervisor's English says it and the reader has another language."""
    known = {
        "given up by staff": _("given up by our staff"),
        "the time for it was over": _("the time for it was over"),
    }
    return known[said] if said in known else for_english(said)
