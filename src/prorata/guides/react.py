"""A reader of a guide says what they felt, a customer how easy a change was; or they change their mind."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from prorata import clock
from prorata.changes import states
from prorata.changes.models import Change
from prorata.customers.models import User
from prorata.guides.guide import Guide
from prorata.guides.models import ChangeReaction, Felt, Reaction

LONGEST_COMMENT = 2000
# Whole, in part or taken back: it was carried out. What was given up or never paid is asked nothing.
CARRIED_OUT = (states.APPLIED, states.PARTLY_APPLIED, states.REVERSED)


class NotUnderstood(ValueError):
    """The feeling is none of the three, or the guide has no such step."""


class NotAsked(ValueError):
    """The change has not ended, or was given up."""


@transaction.atomic
def react(
    reader: User, guide: Guide, feeling: str, *, language: str, step: int | None = None, comment: str = ""
) -> Reaction:
    """One reaction a reader and release; the last word counts. Raises NotUnderstood."""
    if step is not None and not 1 <= step <= len(guide.steps):
        raise NotUnderstood(step)
    reaction, _made = Reaction.objects.update_or_create(
        guide=guide.slug, release=guide.release, reader=reader,
        defaults={"step": step, **_said(feeling, language, comment)},
    )  # fmt: skip
    return reaction


@transaction.atomic
def say_how_easy(
    reader: User, change: Change, feeling: str, *, language: str, comment: str = ""
) -> ChangeReaction:
    """One answer a person and change; the last word counts. Raises NotUnderstood or NotAsked."""
    said = _said(feeling, language, comment)
    if change.status not in CARRIED_OUT:
        raise NotAsked(change.status)
    reaction, _made = ChangeReaction.objects.update_or_create(change=change, reader=reader, defaults=said)
    return reaction


def _said(feeling: str, language: str, comment: str) -> dict[str, Any]:
    if feeling not in Felt.Feeling.values:
        raise NotUnderstood(feeling)
    short = comment.strip()[:LONGEST_COMMENT]
    return {"feeling": feeling, "comment": short, "language": language, "at": clock.now()}
