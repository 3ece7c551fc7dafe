"""How far the quotes of some days came until now, how long their changes took, and what refused people. For staff.

Every figure is of the quotes that were made in a span of time, whatever happened to them later: each step is a part of the
one before. A quote speaks the language of the person who made it, as their profile says it today.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from prorata import clock
from prorata.catalog.models import ResourceType
from prorata.changes import states
from prorata.changes.models import RefusalCount
from prorata.changes.quote import VALID_FOR

# What becomes of a quote that nobody submitted; of one that was, the status of its change.
REPLACED, LAPSED, VALID = "replaced", "lapsed", "valid"
# A quote is submitted while it is valid: no change of these days is older or younger, and no quote that follows is.
QUOTES = "quote.made_at >= %(since)s AND quote.made_at < %(until)s"
CHANGES = "change.submitted_at >= %(since)s AND change.submitted_at < %(submitted_until)s"
FATES = f"""
SELECT language, fate, count(*), count(started_at)
  FROM (SELECT person.language, change.started_at,
               CASE WHEN change.id IS NOT NULL THEN change.status
                    WHEN quote.followed_at < quote.expires_at THEN 'replaced'
                    WHEN quote.expires_at <= %(now)s THEN 'lapsed' ELSE 'valid' END AS fate
          FROM (SELECT id, made_by_id, made_at, expires_at,
                       lead(made_at) OVER (PARTITION BY service_id ORDER BY id) AS followed_at
                  FROM changes_quote WHERE made_at >= %(since)s AND made_at < %(submitted_until)s) quote
          JOIN customers_user person ON person.id = quote.made_by_id
          LEFT JOIN changes_change change ON change.quote_id = quote.id AND {CHANGES}
         WHERE {QUOTES}) quotes
 GROUP BY language, fate ORDER BY language
"""
TOOK = f"""
SELECT count(*), percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY change.ended_at - change.submitted_at),
       percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY change.ended_at - change.started_at)
  FROM changes_quote quote JOIN changes_change change ON change.quote_id = quote.id
 WHERE {QUOTES} AND {CHANGES} AND change.status = 'applied'
"""


@dataclass(frozen=True, kw_only=True)
class Span:
    """From the start of `first` to the end of `last`, days of the seller's zone; `since` and `until` are the instants."""

    first: date
    last: date
    since: datetime
    until: datetime

    @property
    def submitted_until(self) -> datetime:
        """Before this, every quote made in the span was submitted or never will be."""
        return self.until + VALID_FOR

    @property
    def bounds(self) -> dict[str, datetime]:
        return {"since": self.since, "until": self.until, "submitted_until": self.submitted_until}


@dataclass(frozen=True)
class Came:
    """How many quotes met which fate, and how many of them were paid or had nothing to pay."""

    fates: Mapping[str, int]
    paid: int

    @property
    def continued(self) -> int:
        return sum(self.fates.values())

    @property
    def submitted(self) -> int:
        return sum(self.fates.get(status, 0) for status in states.ALL)

    @property
    def applied(self) -> int:
        return self.fates.get(states.APPLIED, 0)

    @property
    def steps(self) -> tuple[int, ...]:
        """Continued, submitted, paid, applied in whole."""
        return self.continued, self.submitted, self.paid, self.applied


@dataclass(frozen=True, kw_only=True)
class Took:
    """Minutes to the end of the changes that were applied in whole: half of them took at most `median`, nine of ten at most
    `most`. None where there are no such changes."""

    changes: int
    median: float | None
    most: float | None
    median_from_paid: float | None
    most_from_paid: float | None


@dataclass(frozen=True, kw_only=True)
class Met:
    """How often people were refused so; `name` is the resource's, empty for the whole service."""

    product: str
    name: str
    code: str
    language: str
    at_continue: int
    at_submit: int

    @property
    def times(self) -> int:
        return self.at_continue + self.at_submit


def how_far(span: Span) -> dict[str, Came]:
    """By language; one statement."""
    fates: dict[str, Counter[str]] = {}
    paid: Counter[str] = Counter()
    for language, fate, quotes, started in _rows(FATES, span.bounds | {"now": clock.now()}):
        fates.setdefault(language, Counter())[fate] += quotes
        paid[language] += started
    return {language: Came(found, paid[language]) for language, found in fates.items()}


def together(parts: Iterable[Came]) -> Came:
    fates: Counter[str] = Counter()
    paid = 0
    for part in parts:
        fates.update(part.fates)
        paid += part.paid
    return Came(fates, paid)


def how_long(span: Span) -> Took:
    """One statement."""
    ((changes, from_submitted, from_paid),) = _rows(TOOK, span.bounds)
    median, most = (_minutes(took) for took in from_submitted or (None, None))
    median_from_paid, most_from_paid = (_minutes(took) for took in from_paid or (None, None))
    return Took(
        changes=changes, median=median, most=most, median_from_paid=median_from_paid, most_from_paid=most_from_paid
    )  # fmt: skip


def what_refused(span: Span) -> list[Met]:
    """What was met most often first, each language for itself; two statements."""
    rows = (
        RefusalCount.objects.filter(day__range=(span.first, span.last))
        .values("product_id", "product__name", "component", "code", "language", "step")
        .annotate(met=Sum("times"))
    )
    counts: dict[tuple[Any, ...], Counter[str]] = {}
    for row in rows:
        what = (row["product_id"], row["product__name"], row["component"], row["code"], row["language"])
        counts.setdefault(what, Counter())[row["step"]] += row["met"]
    names = _names({what[0] for what in counts})
    found = [
        Met(
            product=product, name=names.get((pk, component), component), code=code, language=language,
            at_continue=steps[RefusalCount.Step.CONTINUE], at_submit=steps[RefusalCount.Step.SUBMIT],
        )
        for (pk, product, component, code, language), steps in counts.items()
    ]  # fmt: skip
    return sorted(found, key=lambda met: (-met.times, met.product, met.name, met.code, met.language))


def in_all_languages(found: Iterable[Met]) -> list[Met]:
    """The same whatever the language, which is then empty."""
    sums: dict[tuple[str, str, str], list[Met]] = {}
    for met in found:
        sums.setdefault((met.product, met.name, met.code), []).append(met)
    return sorted(
        (
            Met(
                product=product, name=name, code=code, language="",
                at_continue=sum(one.at_continue for one in parts), at_submit=sum(one.at_submit for one in parts),
            )
            for (product, name, code), parts in sums.items()
        ),
        key=lambda met: (-met.times, met.product, met.name, met.code),
    )  # fmt: skip


def _names(products: set[int]) -> dict[tuple[int, str], str]:
    kinds = ResourceType.objects.filter(product_id__in=products)
    return {(product, code): name for product, code, name in kinds.values_list("product_id", "code", "name")}


def _rows(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _minutes(took: Any) -> float | None:
    return None if took is None else took.total_seconds() / 60
