"""Canned answers: placeholders are checked when the text is saved, and filled with live figures when it is used."""

from __future__ import annotations

import re

from django.utils import translation
from django.utils.translation import gettext as _

from prorata.support.figures import Figures, is_known, known_names
from prorata.support.models import CannedAnswer, Ticket

PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")
# What stands where a ticket has no such figure: nobody takes it for one, and nothing that holds it is sent.
OPEN_ONE = re.compile(r"\[\?([a-z_.0-9-]+)\]")


def placeholders() -> str:
    """All of them, as they are written."""
    return ", ".join(f"{{{name}}}" for name in known_names())


def placeholder_mistakes(text: str) -> str:
    """One line that names what nobody could fill in; empty where all is well."""
    unknown = [name for name in PLACEHOLDER.findall(text) if not is_known(name)]
    if unknown:
        return _("There is no %(unknown)s. These can be filled in: %(known)s.") % {
            "unknown": ", ".join(f"{{{name}}}" for name in dict.fromkeys(unknown)),
            "known": placeholders(),
        }
    if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
        return _("A brace stands alone. Write placeholders as {due}, and no other braces.")
    return ""


def filled(canned: CannedAnswer, ticket: Ticket) -> str:
    """The text in the ticket's language with the figures of now. What has none becomes "[?name]" for staff to replace."""
    with translation.override(ticket.language):
        figures = Figures(ticket)
        return PLACEHOLDER.sub(lambda found: _figure(figures, found[1]), canned.body_in(ticket.language))


def left_open(text: str) -> list[str]:
    """Placeholders in a text about to be sent that have no figure, as they stand there."""
    return [found[0] for found in OPEN_ONE.finditer(text)]


def _figure(figures: Figures, name: str) -> str:
    found = figures.get(name)
    return f"[?{name}]" if found is None else found
