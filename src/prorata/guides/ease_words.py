"""The three answers to "Was this easy?", in words: for who is asked and for staff who read the figures."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prorata.guides.models import ChangeReaction


def ease_words() -> dict[str, str]:
    """By feeling, in the order of the faces."""
    return {
        ChangeReaction.Feeling.HAPPY: _("Easy"),
        ChangeReaction.Feeling.NORMAL: _("So-so"),
        ChangeReaction.Feeling.SAD: _("Difficult"),
    }
