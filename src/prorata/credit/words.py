"""What happened to a purse, in sentences that customers and staff read alike."""

from __future__ import annotations

from django.utils.translation import gettext as _

MOVEMENTS = (
    "granted", "pledged", "released", "spent", "returned", "surplus", "late", "reduced", "reversed", "expired",
    "corrected", "undone", "transferred", "unassigned", "taken_back", "came_back",
)  # fmt: skip


TERM = "term:"


def movement_words(what: str, otherwise: str = "", *, origin: str = "") -> str:
    """One kind of movement as a sentence, of a term where the `origin` is one; `otherwise` for a kind without words."""
    of_a_term = {
        "pledged": _("Held for a term until it is paid"),
        "released": _("Free again: the term was given up"),
        "spent": _("Paid for a term"),
    }
    if origin.startswith(TERM) and what in of_a_term:
        return of_a_term[what]
    said = {
        "granted": _("Gifted credit was added"),
        "pledged": _("Held for a change until it is paid"),
        "released": _("Free again: the change was given up"),
        "spent": _("Paid for a change"),
        "returned": _("What was paid in part came back"),
        "surplus": _("More was paid than was due"),
        "late": _("A payment arrived after its time"),
        "reduced": _("Resources were reduced"),
        "reversed": _("What could not be delivered came back"),
        "corrected": _("Corrected by our staff"),
        "transferred": _("A bank transfer was credited"),
        "unassigned": _("Taken back: it was somebody else's money"),
        "undone": _("Taken back by our staff"),
        "taken_back": _("Went back to the card or the bank it came from"),
        "came_back": _("A refund or a dispute was undone"),
        "expired": _("Gifted credit ended and was not used"),
    }
    return said.get(what, otherwise or what)


def term_of(origin: str) -> str:
    """The reference of the term that an origin names; empty where it names none."""
    return origin.removeprefix(TERM) if origin.startswith(TERM) else ""


def change_of(origin: str) -> str:
    """The reference of the change that an origin or a purse's reason names; empty where it names none."""
    return origin.removeprefix("change:") if origin.startswith("change:") else ""
