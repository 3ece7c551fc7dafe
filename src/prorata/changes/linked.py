"""Linked limits: 8 cores need at least 8 GB of memory. Asked through `limits.check`, like every other limit.

A configuration that breaks a rule already is not held against a change that does not make it worse: the rule counts
if it was kept before, or if there would now be less of what it needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from prorata.catalog.links import Link
from prorata.catalog.values import Value
from prorata.changes.refusals import Refusal, WayOut

if TYPE_CHECKING:
    from prorata.changes.limits import Limit

Limits = Mapping[str, "Limit"]


def linked(limits: Limits, wanted: Mapping[str, Value]) -> tuple[Refusal, ...]:
    """What `wanted` (code -> value; what is missing stays) lacks of other resources, with values that would do."""
    after = {code: limit.current for code, limit in limits.items()} | dict(wanted)
    strongest: dict[tuple[str, str], Link] = {}
    for link in _broken(limits, after):
        pair = (link.of, link.needs)
        if pair not in strongest or strongest[pair].minimum < link.minimum:
            strongest[pair] = link
    return tuple(_refusal(limits, link, after) for link in strongest.values())


def notes(limits: Limits, code: str) -> list[str]:
    """What stands on the card of a resource: values of it that ask for more of another than there is now."""
    own = limits[code]
    found = []
    for link in own.links:
        other = limits.get(link.needs)
        if other and int(other.current) < link.minimum and any(link.applies(value) for value in own.allowed):
            said = (
                _("%(what)s needs at least %(need)s.")
                if link.option
                else _("From %(what)s on, at least %(need)s.")
            )
            value = link.option if link.option else link.at_least
            found.append(said % {"what": own.say(value), "need": other.say(link.minimum)})
    for other in limits.values():
        for link in other.links:
            if link.needs == code and link.applies(other.current) and int(own.allowed[0]) < link.minimum:
                said = _("You have %(what)s: at least %(need)s.")
                found.append(said % {"what": other.say(other.current), "need": own.say(link.minimum)})
    return found


def asking(limits: Limits, code: str) -> dict[Value, Refusal]:
    """The values of a resource that cannot be chosen alone, while everything else stays as it is."""
    asked = {value: linked(limits, {code: value}) for value in limits[code].allowed}
    return {value: refusals[0] for value, refusals in asked.items() if refusals}


def _broken(limits: Limits, after: Mapping[str, Value]) -> Iterator[Link]:
    for limit in limits.values():
        for link in limit.links:
            if link.needs not in limits or not link.applies(after[link.of]):
                continue
            has, had = int(after[link.needs]), int(limits[link.needs].current)
            kept_before = not link.applies(limit.current) or had >= link.minimum
            if has < link.minimum and (kept_before or has < had):
                yield link


def _refusal(limits: Limits, link: Link, after: Mapping[str, Value]) -> Refusal:
    limit, other = limits[link.of], limits[link.needs]
    # It is told at the field that was moved; if both were, at the one that asks.
    moved = link.of if after[link.of] != limit.current else link.needs
    ways = [way for way in (_raise(limits, after), _lower(limits, link, after)) if way]
    return Refusal(
        "option_needs_more" if link.option else "needs_more", moved,
        {"what": limit.say(after[link.of]), "need": other.say(link.minimum)}, tuple(ways),
    )  # fmt: skip


def _raise(limits: Limits, after: Mapping[str, Value]) -> WayOut | None:
    """More of everything that is needed, if that much can be chosen now."""
    values = dict(after)
    while lacking := next(_broken(limits, values), None):
        enough = [v for v in limits[lacking.needs].allowed if not isinstance(v, str) and v >= lacking.minimum]
        if not enough:
            return None
        values[lacking.needs] = enough[0]
    return _way(limits, {code: value for code, value in values.items() if value != after[code]})


def _lower(limits: Limits, link: Link, after: Mapping[str, Value]) -> WayOut | None:
    """The nearest value of the resource itself that needs no more than there would be."""
    limit, value = limits[link.of], after[link.of]
    if isinstance(value, str):
        less: list[Value] = [limit.current]
    else:
        less = [v for v in reversed(limit.allowed) if not isinstance(v, str) and v < value]
    for one in less:
        if one != value and next(_broken(limits, {**after, link.of: one}), None) is None:
            return _way(limits, {link.of: one})
    return None


def _way(limits: Limits, values: Mapping[str, Value]) -> WayOut:
    return WayOut(values, _(" and ").join(limits[code].say(value) for code, value in values.items()))
