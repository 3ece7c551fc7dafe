"""A reader says what they felt, or changes their mind."""

from __future__ import annotations

from django.db import transaction

from prorata import clock
from prorata.customers.models import User
from prorata.guides.guide import Guide
from prorata.guides.models import Reaction

LONGEST_COMMENT = 2000


class NotUnderstood(ValueError):
    """The feeling, or the step, is none that this guide has."""


@transaction.atomic
def react(
    reader: User, guide: Guide, feeling: str, *, language: str, step: int | None = None, comment: str = ""
) -> Reaction:
    """One reaction a reader and release; the last word counts. Raises NotUnderstood."""
    if feeling not in Reaction.Feeling.values or (step is not None and not 1 <= step <= len(guide.steps)):
        raise NotUnderstood(feeling)
    said = {
        "feeling": feeling, "step": step, "comment": comment.strip()[:LONGEST_COMMENT], "language": language,
        "at": clock.now(),
    }  # fmt: skip
    reaction, _made = Reaction.objects.update_or_create(
        guide=guide.slug, release=guide.release, reader=reader, defaults=said
    )
    return reaction
