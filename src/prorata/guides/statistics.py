"""What people felt, in figures for staff: readers by guide, release and language, and where the sad ones were lost; and how
easy a change was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from prorata.changes.funnel import Span
from prorata.guides.models import ChangeReaction, Reaction

FEELINGS = {name: Count("id", filter=Q(feeling=name)) for name in ("happy", "normal", "sad")}


@dataclass(frozen=True, kw_only=True)
class Faces:
    """How many people of a language chose which face."""

    language: str
    happy: int
    normal: int
    sad: int

    @property
    def all(self) -> int:
        return self.happy + self.normal + self.sad


@dataclass(frozen=True, kw_only=True)
class Felt(Faces):
    """What readers of a release of a guide felt. `sad_percent` is of all of them, rounded half up."""

    guide: str
    release: int

    @property
    def sad_percent(self) -> int:
        return (200 * self.sad + self.all) // (2 * self.all) if self.all else 0


@dataclass(frozen=True, kw_only=True)
class Lost:
    """Where readers who were not happy say it went wrong."""

    guide: str
    release: int
    step: int
    readers: int


def felt() -> list[Felt]:
    """Newest release first; one statement."""
    rows: Any = Reaction.objects.order_by().values("guide", "release", "language").annotate(**FEELINGS)
    return [
        Felt(
            guide=row["guide"], release=row["release"], language=row["language"],
            happy=row["happy"], normal=row["normal"], sad=row["sad"],
        )
        for row in rows.order_by("guide", "-release", "language")
    ]  # fmt: skip


def lost() -> list[Lost]:
    """The steps named most often first; one statement."""
    told = Reaction.objects.exclude(feeling=Reaction.Feeling.HAPPY).filter(step__isnull=False)
    rows = told.order_by().values("guide", "release", "step").annotate(readers=Count("id"))
    return [
        Lost(guide=row["guide"], release=row["release"], step=row["step"] or 0, readers=row["readers"])
        for row in rows.order_by("-readers", "guide", "-release", "step")
    ]


def how_easy(span: Span) -> list[Faces]:
    """By the language of the answer, of the changes whose quotes were made in these days; one statement."""
    rows: Any = _answers(span).order_by().values("language").annotate(**FEELINGS)
    return [Faces(**row) for row in rows.order_by("language")]


def comments(span: Span, most: int) -> list[ChangeReaction]:
    """What was written with the answers, newest first."""
    rows = _answers(span).exclude(comment="").select_related("change")
    return list(rows.order_by("-at", "-id")[:most])


def _answers(span: Span) -> QuerySet[ChangeReaction]:
    return ChangeReaction.objects.filter(
        change__quote__made_at__gte=span.since, change__quote__made_at__lt=span.until,
        change__submitted_at__gte=span.since, change__submitted_at__lt=span.submitted_until,
    )  # fmt: skip
