"""How often a product lets its services be changed: changes a day, reductions a term, hours between two changes.

One function for the page, the estimate, the quote and submit. A change counts from Submit on, unless it was given up or
undone: one that was cancelled, expired or reversed cost its customer nothing and is not held against anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, ExpressionWrapper, Q

from prorata import language
from prorata.catalog.models import Product
from prorata.catalog.values import BookValues
from prorata.changes import states
from prorata.changes.limits import GAP, NEVER_LESS, Limit
from prorata.changes.models import Change
from prorata.changes.refusals import Refusal
from prorata.changes.terms.running import running
from prorata.pricing.terms import ONE_DAY, local_date, midnight
from prorata.services.models import Service

UNDONE = (states.CANCELLED, states.EXPIRED, states.REVERSED)
# A quote's figures say of each line whether it makes the machine smaller.
REDUCES = {"lines": [{"reduces": True}]}


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What a product's policy leaves to one service at an instant; None where it sets no limit."""

    changes_a_day: int | None
    changes_left: int | None
    tomorrow: datetime
    reductions_a_term: int | None
    reductions_left: int | None
    term_ends_at: datetime
    cooldown_hours: int | None
    ready_at: datetime | None

    @property
    def is_limited(self) -> bool:
        """Whether there is anything to tell before a change is begun."""
        limits = (self.changes_a_day, self.reductions_a_term, self.cooldown_hours)
        return any(limit is not None for limit in limits)

    @property
    def obstacles(self) -> tuple[Refusal, ...]:
        """Why nothing at all can be changed now, and from when it is possible again."""
        found = []
        if self.changes_left == 0:
            facts = {"count": self.changes_a_day, "when": _moment(self.tomorrow)}
            found.append(Refusal("changes_used_up", None, facts))
        if self.ready_at is not None:
            facts = {"count": self.cooldown_hours, "when": _moment(self.ready_at)}
            found.append(Refusal("cooling_down", None, facts))
        return tuple(found)


def history(
    service: Service, product: Product, zone: ZoneInfo, now: datetime, *, also: Q | None = None
) -> list[Change]:
    """The open change of a service and those its product's policy counts (and what is `also` asked for), newest
    first, in one statement."""
    wanted = Q(service=service, status__in=states.OPEN)
    if also is not None:
        wanted |= also
    begins = _begins(service, product, zone, now)
    if begins:
        wanted |= Q(service=service, submitted_at__gte=min(begins)) & ~Q(status__in=UNDONE)
    rows = Change.objects.filter(wanted).order_by()
    if product.reductions_a_term is not None:
        reduces = ExpressionWrapper(Q(quote__figures__contains=REDUCES), output_field=BooleanField())
        rows = rows.annotate(reduces=reduces)
    return sorted(rows, key=lambda change: change.pk, reverse=True)


def open_of(changes: Iterable[Change]) -> Change | None:
    """The open change among those of one service."""
    return next((change for change in changes if change.status in states.OPEN), None)


def allowance(
    service: Service, product: Product, changes: Sequence[Change], zone: ZoneInfo, now: datetime
) -> Allowance:
    """What is left to the customer at `now` after these changes, as `history` found them."""
    today = midnight(local_date(now, zone), zone)
    changes_left = reductions_left = ready_at = None
    begins, ends = running(service, now) if product.reductions_a_term is not None else _bounds(service)
    if product.changes_a_day is not None:
        made = sum(c.submitted_at >= today for c in changes)
        changes_left = max(product.changes_a_day - made, 0)
    if product.reductions_a_term is not None:
        made = sum(c.submitted_at >= begins and c.reduces for c in changes)  # type: ignore[attr-defined]
        reductions_left = max(product.reductions_a_term - made, 0)
    if product.cooldown_hours is not None and changes:
        ready = max(c.submitted_at for c in changes) + timedelta(hours=product.cooldown_hours)
        ready_at = ready.astimezone(zone) if ready > now else None
    return Allowance(
        changes_a_day=product.changes_a_day, changes_left=changes_left,
        tomorrow=midnight(local_date(now, zone) + ONE_DAY, zone), reductions_a_term=product.reductions_a_term,
        reductions_left=reductions_left, term_ends_at=ends.astimezone(zone),
        cooldown_hours=product.cooldown_hours, ready_at=ready_at,
    )  # fmt: skip


def _bounds(service: Service) -> tuple[datetime, datetime]:
    return service.term_starts_at, service.term_ends_at


def _begins(service: Service, product: Product, zone: ZoneInfo, now: datetime) -> list[datetime]:
    """From when each limit that is set counts."""
    begins = []
    if product.changes_a_day is not None:
        begins.append(midnight(local_date(now, zone), zone))
    if product.reductions_a_term is not None:
        begins.append(running(service, now)[0])
    if product.cooldown_hours is not None:
        begins.append(now - timedelta(hours=product.cooldown_hours))
    return begins


def narrowed(found: Mapping[str, Limit], left: Allowance, book: BookValues) -> dict[str, Limit]:
    """The limits with nothing below the present size where no reduction is left."""
    if left.reductions_left != 0:
        return dict(found)
    return {code: _no_less(limit, left, book) for code, limit in found.items()}


def _no_less(limit: Limit, left: Allowance, book: BookValues) -> Limit:
    def not_less(value: int | str) -> bool:
        if isinstance(value, str) or isinstance(limit.current, str):
            return book.monthly(limit.code, value) >= book.monthly(limit.code, limit.current)
        return value >= limit.current

    allowed = tuple(value for value in limit.allowed if not_less(value))
    never = any(reason.code in NEVER_LESS for reason in limit.floor_reasons)
    less = limit.allowed if limit.option_names else limit.stops
    if never or all(not_less(value) for value in less):
        return limit  # it never shrinks and says so, or nothing smaller is sold
    facts = {
        "name": limit.name, "floor": limit.show(limit.current), "count": left.reductions_a_term,
        "when": _moment(left.term_ends_at),
    }  # fmt: skip
    reason = Refusal("no_reductions_left", limit.code, facts)
    return replace(limit, floor=limit.current, floor_reasons=(reason,), allowed=allowed)


def _moment(at: datetime) -> str:
    """16 Aug 2026, 00:00 JST, of a time in the billing zone."""
    said = language.moment(at).replace(" ", GAP).replace(f",{GAP}", ", ")
    return f"{said}{GAP}{at.tzname()}"
