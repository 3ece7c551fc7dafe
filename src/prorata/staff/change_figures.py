"""The figures of how changes go, and who may see which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from prorata.changes import states
from prorata.changes.funnel import (
    LAPSED,
    REPLACED,
    VALID,
    Came,
    Met,
    Span,
    Took,
    how_far,
    how_long,
    together,
    what_refused,
)
from prorata.guides.statistics import Faces, how_easy
from prorata.support.statistics import AskedAbout, asked_about


@dataclass(frozen=True)
class Share:
    """A part of a whole; the per cent is rounded half up, and none where there is no whole."""

    part: int
    whole: int

    @property
    def per_cent(self) -> int | None:
        return (200 * self.part + self.whole) // (2 * self.whole) if self.whole else None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """None: this person may not see it."""

    span: Span
    by_language: dict[str, Came]
    all: Came
    took: Took
    met: list[Met]
    asked: AskedAbout | None
    ease: list[Faces] | None

    @property
    def tickets_per_hundred(self) -> float | None:
        changes = self.all.submitted
        return 100 * self.asked.tickets / changes if self.asked and changes else None

    @property
    def answers(self) -> int:
        return sum(one.all for one in self.ease or [])

    @property
    def easy(self) -> Share:
        return Share(sum(one.happy for one in self.ease or []), self.answers)


def figures(span: Span, person: Any) -> Figures:
    """Seven statements, whatever the number of changes. `person` is of the staff."""
    by_language = how_far(span)
    return Figures(
        span=span, by_language=by_language, all=together(by_language.values()), took=how_long(span),
        met=what_refused(span), asked=asked_about(span) if person.has_perm("support.view_ticket") else None,
        ease=how_easy(span) if person.has_perm("guides.view_changereaction") else None,
    )  # fmt: skip


def step_names() -> tuple[str, ...]:
    """Of `Came.steps`."""
    return _("Continue"), _("Submitted"), _("Paid, or nothing to pay"), _("Applied in whole")


def ends(came: Came) -> list[tuple[str, int]]:
    """Where the quotes are that were not applied in whole: never submitted, or submitted with another end."""
    named = {
        REPLACED: _("Not submitted: followed by another quote while it was valid"),
        LAPSED: _("Not submitted: expired"),
        VALID: _("Not submitted: still valid"),
        states.EXPIRED: _("Submitted: expired unpaid"),
        states.CANCELLED: _("Submitted: cancelled"),
        states.REVERSED: _("Submitted: reversed"),
        states.PARTLY_APPLIED: _("Submitted: partly applied"),
    }
    still = sum(came.fates.get(status, 0) for status in states.OPEN)
    return [
        *((words, came.fates.get(fate, 0)) for fate, words in named.items()),
        (_("Submitted: still open"), still),
    ]


def language_name(code: str) -> str:
    """As the desk says it; a person who never read a page has none."""
    return str(dict(settings.LANGUAGES).get(code, code)) or _("not known")
