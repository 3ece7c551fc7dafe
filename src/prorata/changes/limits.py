"""Floors and ceilings: what can be chosen for each resource, and why not more or less.

One function for the page, the estimate, the quote, submit and apply: nothing that would be refused can be chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from prorata import language
from prorata.catalog.links import Link
from prorata.catalog.models import ResourceType
from prorata.catalog.names import in_language
from prorata.catalog.values import BookValues, Value
from prorata.changes.linked import linked
from prorata.changes.refusals import Refusal
from prorata.pricing.rates import OptionPrices
from prorata.provisioning.reserve import Taken
from prorata.services.models import Reading
from prorata.services.readings import is_fresh

# A no-break space, so that number and unit stay together.
GAP = "\u00a0"
# Reasons that hold whatever is used: the product does not sell less, or the machine never gives less.
NEVER_LESS = ("no_shrink", "machine_keeps")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What may be chosen for one resource now. `allowed` are the values that would be accepted, ascending."""

    code: str
    name: str
    unit: str
    unit_word: str
    kind: str
    usage_kind: str
    stops: tuple[Value, ...]
    option_names: Mapping[str, str]
    current: Value
    used: Decimal | None
    peak: Decimal | None = None
    peak_days: int = 0
    objects: tuple[dict[str, Any], ...]
    floor: Value
    floor_reasons: tuple[Refusal, ...]
    ceiling: Value
    ceiling_reasons: tuple[Refusal, ...]
    unknown: bool
    allowed: tuple[Value, ...]
    links: tuple[Link, ...] = ()

    def show(self, value: object) -> str:
        """A value with its unit, or an option's name."""
        if self.kind == ResourceType.Kind.OPTION:
            return in_language(self.option_names.get(str(value), str(value)))
        return f"{value}{GAP}{self.unit}" if self.unit else str(value)

    def say(self, value: object) -> str:
        """A value with its resource: 8 GB of Memory, 8 CPU cores, Instance type 2C4G."""
        if self.kind == ResourceType.Kind.OPTION:
            return f"{in_language(self.name)} {self.show(value)}"
        if self.unit:
            return _("%(amount)s of %(name)s") % {"amount": self.show(value), "name": in_language(self.name)}
        return _("%(count)s\u00a0%(things)s") % {"count": value, "things": in_language(self.name)}


def limits(
    types: Sequence[ResourceType],
    configuration: Mapping[str, Value],
    reading: Reading | None,
    held: Taken,
    book: BookValues,
    now: datetime,
) -> dict[str, Limit]:
    """The limits of every resource of a service, by code.

    `held` is what submitted changes hold on the host. Without a fresh reading reductions of what is
    measured wait; increases go on, within the room that the host had last: submit reserves from the same figure. What
    the machine never makes smaller is no matter of age either.
    """
    known = reading if is_fresh(reading, now) else None
    found = {}
    for kind in types:
        if kind.code not in configuration:
            continue
        if kind.kind == ResourceType.Kind.OPTION:
            found[kind.code] = _option(kind, str(configuration[kind.code]), book, reading)
        else:
            found[kind.code] = _quantity(kind, int(configuration[kind.code]), reading, known, held)
    return found


def _option(kind: ResourceType, current: str, book: BookValues, reading: Reading | None) -> Limit:
    names = {option.code: option.name for option in kind.options.all()}
    rate = book.rates.get(kind.code)
    sold = tuple(code for code in names if isinstance(rate, OptionPrices) and code in rate.options)
    never = _never_less(kind, names.get(current, current), reading)
    allowed = [c for c in sold if not never or book.monthly(kind.code, c) >= book.monthly(kind.code, current)]
    return Limit(
        code=kind.code, name=kind.name, unit="", unit_word=kind.unit_word, kind=kind.kind, usage_kind=kind.usage, stops=sold,
        option_names=names, current=current, used=None, objects=(), floor=current,
        floor_reasons=never if len(allowed) < len(sold) else (), ceiling=current,
        ceiling_reasons=(), unknown=False, allowed=tuple(allowed), links=kind.asks(),
    )  # fmt: skip


def _quantity(
    kind: ResourceType, current: int, reading: Reading | None, known: Reading | None, held: Taken
) -> Limit:
    """`reading` is the newest, `known` the same if it is still to be believed."""
    stops = tuple(kind.stops())
    objects = _objects(kind, known)
    used, peak = _used(kind, known), _peak(kind, known)
    floor, why_not_less = _floor(kind, stops, current, reading, used, peak, objects)
    ceiling, why_not_more = _ceiling(kind, stops, current, reading, held)
    allowed = tuple(sorted({n for n in stops if floor <= n <= ceiling} | {current}))
    return Limit(
        code=kind.code, name=kind.name, unit=kind.unit, unit_word=kind.unit_word, kind=kind.kind, usage_kind=kind.usage,
        stops=stops, option_names={}, current=current, used=used, peak=peak, peak_days=kind.peak_days if peak else 0,
        objects=objects, floor=floor, floor_reasons=why_not_less, ceiling=ceiling, ceiling_reasons=why_not_more,
        unknown=kind.usage != ResourceType.Usage.NONE and used is None, allowed=allowed, links=kind.asks(),
    )  # fmt: skip


def _used(kind: ResourceType, known: Reading | None) -> Decimal | None:
    """None: nobody knows. A machine that cannot tell how much is used is not one that uses nothing."""
    if known is None:
        return None
    if kind.usage == ResourceType.Usage.OBJECTS:
        return Decimal(len(_objects(kind, known)))
    amount = known.usage.get(kind.code)
    return None if amount is None else Decimal(amount)


def _peak(kind: ResourceType, known: Reading | None) -> Decimal | None:
    """The most that was used within the product's window, where it asks for one."""
    if known is None or kind.usage != ResourceType.Usage.AMOUNT or not kind.peak_days:
        return None
    peak = known.peaks.get(kind.code)
    return Decimal(peak["amount"]) if peak else None


def _objects(kind: ResourceType, known: Reading | None) -> tuple[dict[str, Any], ...]:
    return tuple(o for o in known.objects_stored if o["kind"] == kind.code) if known else ()


def _never_less(kind: ResourceType, current: str, reading: Reading | None) -> tuple[Refusal, ...]:
    """Why nothing smaller can be chosen whatever is used: the product's word first, then the machine's."""
    facts = {"name": kind.name, "floor": current}
    if not kind.may_shrink:
        return (Refusal("no_shrink", kind.code, facts),)
    if reading is not None and kind.code in reading.fixed:
        return (
            Refusal("machine_keeps", kind.code, {**facts, "reason": reading.fixed[kind.code].rstrip(".")}),
        )
    return ()


def _floor(
    kind: ResourceType,
    stops: tuple[int, ...],
    current: int,
    reading: Reading | None,
    used: Decimal | None,
    peak: Decimal | None,
    objects: Sequence[Mapping[str, Any]],
) -> tuple[int, tuple[Refusal, ...]]:
    """The lowest value that may be chosen. What is already below it stays as it is: improving is never refused."""
    unit = f"{GAP}{kind.unit}" if kind.unit else ""
    if never := _never_less(kind, f"{current}{unit}", reading):
        return current, never
    if kind.usage == ResourceType.Usage.NONE:
        return min(stops[0], current), ()
    if used is None:
        return current, (Refusal("usage_unknown", kind.code, {"name": kind.name}),)
    reserve = kind.reserve_percent if kind.usage == ResourceType.Usage.AMOUNT else 0
    # The room that stays free is a share of the size, as the words say: of 80 GB, 10 % are 8 GB.
    usable = Decimal(100 - reserve) / 100
    most = max(used, peak or used)
    floor = min(next((n for n in stops if n >= most / usable), stops[-1]), current)
    if floor <= stops[0]:
        return floor, ()
    facts: dict[str, object] = {
        "name": kind.name, "floor": f"{floor}{unit}", "used": _plain(used, unit), "percent": reserve,
    }  # fmt: skip
    if kind.usage == ResourceType.Usage.OBJECTS:
        named = _(", ").join([*map(_named, objects[:3]), *(["…"] if len(objects) > 3 else [])])
        return floor, (
            Refusal("objects_exist", kind.code, {**facts, "count": len(objects), "objects": named}),
        )
    if most > used:
        facts |= {"peak": _plain(most, unit), "count": kind.peak_days}
        return floor, (Refusal("in_use_peak_reserve" if reserve else "in_use_peak", kind.code, facts),)
    below = max((n for n in stops if n < floor), default=floor)
    facts |= {"below": f"{below}{unit}", "free_first": _plain(_up(used - below * usable), unit)}
    return floor, (Refusal("in_use_reserve" if reserve else "in_use", kind.code, facts),)


def _plain(amount: Decimal, unit: str) -> str:
    return f"{amount.normalize():f}{unit}"


def _up(amount: Decimal) -> Decimal:
    """To one decimal, upwards: freeing as much as is said must be enough."""
    return amount.quantize(Decimal("0.1"), rounding="ROUND_CEILING")


def _named(stored: Mapping[str, Any]) -> str:
    made = datetime.fromisoformat(stored["created_at"])
    return _("“%(name)s” of %(date)s") % {"name": stored["name"], "date": language.day(made)}


def _ceiling(
    kind: ResourceType, stops: tuple[int, ...], current: int, reading: Reading | None, held: Taken
) -> tuple[int, tuple[Refusal, ...]]:
    """The highest value that may be chosen: what is sold, and what the host can still give."""
    top = max(stops[-1], current)
    if reading is None or kind.code not in reading.headroom:
        return top, ()
    free = max(int(reading.headroom[kind.code]) - held.by_others.get(kind.code, 0), 0)
    own = held.left_over.get(kind.code, free)
    limit = max((n for n in stops if n <= current + min(free, own)), default=current)
    limit = max(limit, current)
    if limit >= top:
        return top, ()
    unit = f"{GAP}{kind.unit}" if kind.unit else ""
    why = "unpaid_hold_room" if own < free else "host_full"
    return limit, (Refusal(why, kind.code, {"name": kind.name, "limit": f"{limit}{unit}"}),)


def check(limits: Mapping[str, Limit], wanted: Mapping[str, Value]) -> tuple[Refusal, ...]:
    """Everything that stands between the customer and this configuration; empty if nothing does.

    What one value needs of another is asked only where each can be chosen by itself.
    """
    return fits(limits, wanted) or linked(limits, wanted)


def fits(limits: Mapping[str, Limit], wanted: Mapping[str, Value]) -> tuple[Refusal, ...]:
    """What stands in the way of each value by itself."""
    return tuple(r for code, value in wanted.items() for r in _check_one(limits.get(code), code, value))


def _check_one(limit: Limit | None, code: str, value: Value) -> tuple[Refusal, ...]:
    if limit is None:
        return (Refusal("unknown_option", code, {"name": code}),)
    if value == limit.current or value in limit.allowed:
        return ()
    if limit.kind == ResourceType.Kind.OPTION or isinstance(value, str):
        # What is sold and not offered says why, where there is a reason to tell.
        why = limit.floor_reasons if value in limit.stops else ()
        return why or (Refusal("unknown_option", code, {"name": limit.name}),)
    stops = [int(n) for n in limit.stops]
    if value < stops[0]:
        return (Refusal("below_minimum", code, {"name": limit.name, "limit": limit.show(stops[0])}),)
    if value > stops[-1]:
        return (Refusal("above_maximum", code, {"name": limit.name, "limit": limit.show(stops[-1])}),)
    if value < int(limit.floor):
        return limit.floor_reasons
    if value > int(limit.ceiling):
        return limit.ceiling_reasons
    below, above = max(n for n in stops if n < value), min(n for n in stops if n > value)
    shown = {"name": limit.name, "below": limit.show(below), "above": limit.show(above)}
    return (Refusal("off_step_between", code, shown),)
