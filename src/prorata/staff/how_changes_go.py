"""How changes go: where people stop on the way from Continue to applied, how long it takes, and what refuses them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from prorata import clock
from prorata.changes.funnel import Came, Met, Span, in_all_languages
from prorata.changes.models import Change, Quote
from prorata.guides.ease_words import ease_words
from prorata.guides.statistics import comments
from prorata.pricing.terms import ONE_DAY, midnight
from prorata.staff.change_figures import Share, ends, figures, language_name, step_names
from prorata.staff.how_changes_go_csv import as_csv
from prorata.staff.pages import page
from prorata.staff.refusal_words import refusal_words

DAYS, SPANS = 30, (7, 30, 90, 365)
MOST_REFUSALS, MOST_COMMENTS = 20, 10
BAR = 1000  # how wide the bar of the first step is drawn


def how_changes_go(request: HttpRequest) -> HttpResponse:
    """`first` and `last` are days, written as 2026-11-01; without them it is the last thirty."""
    span = _chosen(request)
    found = figures(span, request.user)
    if "csv" in request.GET:
        return as_csv(found)
    return page(
        request, "how_changes_go.html", title=_("How changes go"), model=Change, span=span, figures=found,
        any_yet=Quote.objects.exists(), spans=[(days, *_last(days)) for days in SPANS], steps=_steps(found.all),
        languages=[(language_name(code), _steps(came)) for code, came in found.by_language.items()],
        ends=[(words, Share(count, found.all.continued)) for words, count in ends(found.all)],
        ease=[(language_name(one.language), one) for one in found.ease or []], answers=ease_words().values(),
        comments=_comments(span) if found.ease is not None else [], **_refusals(found.met),
    )  # fmt: skip


def _chosen(request: HttpRequest) -> Span:
    first, last = request.GET.get("first", ""), request.GET.get("last", "")
    if not (first or last):
        return _span(*_last(DAYS))
    try:
        days = date.fromisoformat(first), min(date.fromisoformat(last), _today())
    except ValueError:
        messages.error(request, _("A day is written as 2026-11-01. Here are the last 30 days."))
        return _span(*_last(DAYS))
    if days[0] > days[1]:
        messages.error(
            request, _("The first day comes after the last, or after today. Here are the last 30 days.")
        )
        return _span(*_last(DAYS))
    return _span(*days)


def _today() -> date:
    return timezone.localtime(clock.now()).date()


def _last(days: int) -> tuple[date, date]:
    """So many days up to today."""
    return _today() - timedelta(days=days - 1), _today()


def _span(first: date, last: date) -> Span:
    """Days of the desk's zone, which is the seller's."""
    zone: Any = timezone.get_current_timezone()
    return Span(first=first, last=last, since=midnight(first, zone), until=midnight(last + ONE_DAY, zone))


def _steps(came: Came) -> list[dict[str, Any]]:
    """Each step with its share of the one before, how many were lost on the way to it, and its bar."""
    counts = came.steps
    before = (counts[0], *counts)
    return [
        {
            "name": name, "count": count, "of": Share(count, previous), "lost": previous - count,
            "width": BAR * count // counts[0] if counts[0] else 0,
        }
        for name, count, previous in zip(step_names(), counts, before, strict=False)
    ]  # fmt: skip


def _comments(span: Span) -> list[dict[str, Any]]:
    words = ease_words()
    return [{"said": one, "words": words[one.feeling]} for one in comments(span, MOST_COMMENTS)]


def _refusals(met: list[Met]) -> dict[str, Any]:
    rows = in_all_languages(met)
    return {
        "refusals": [(one, refusal_words(one.code)) for one in rows[:MOST_REFUSALS]],
        "more_refusals": len(rows[MOST_REFUSALS:]),
    }
