"""The card of one resource on the change page: what stands in its field, its slider or its options, and the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prorata.catalog.names import in_language
from prorata.catalog.values import BookValues, Value
from prorata.changes.limits import Limit
from prorata.changes.refusals import Refusal, WayOut, way_out, words
from prorata.portal.money import MINUS
from prorata.portal.quantities import with_unit
from prorata.portal.ruler import Ruler, picks, ruler
from prorata.portal.unit_rate import unit_rate


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One option of a resource that is chosen rather than counted."""

    code: str
    name: str
    price: Decimal
    chosen: bool
    current: bool
    needs: str = ""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One resource on the change page. `typed` is what stands in the field, whether or not it can be chosen.

    What is drawn is worked out where it is drawn: an answer to moved values shows none of it.
    """

    limit: Limit
    typed: str
    book: BookValues
    currency: str
    errors: tuple[str, ...] = ()
    ways: tuple[WayOut, ...] = ()
    notes: tuple[str, ...] = ()
    asking: Mapping[Value, Refusal] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    value: Value = 0
    old_monthly: Decimal = Decimal(0)
    new_monthly: Decimal = Decimal(0)
    way: str = ""

    @property
    def code(self) -> str:
        return self.limit.code

    @property
    def name(self) -> str:
        return in_language(self.limit.name)

    @property
    def is_option(self) -> bool:
        return self.limit.kind == "option"

    @property
    def direction(self) -> str:
        if self.is_option or isinstance(self.value, str) or isinstance(self.limit.current, str):
            return "same" if self.value == self.limit.current else "up" if self.change > 0 else "down"
        return (
            "up" if self.value > self.limit.current else "down" if self.value < self.limit.current else "same"
        )

    @property
    def change(self) -> Decimal:
        """Of the monthly price, in major units."""
        return self.new_monthly - self.old_monthly

    @property
    def delta(self) -> str:
        """+4 GB, −2."""
        if (
            isinstance(self.value, str)
            or isinstance(self.limit.current, str)
            or self.value == self.limit.current
        ):
            return ""
        by = self.value - self.limit.current
        return f"{'+' if by > 0 else MINUS}{self.limit.show(abs(by))}"

    @property
    def current_text(self) -> str:
        return self.limit.show(self.limit.current)

    @property
    def used_text(self) -> str:
        return "" if self.limit.used is None else with_unit(self.limit.used, self.limit.unit)

    @property
    def peak_text(self) -> str:
        """The most that was used in the product's window, where it asks for one: peak 2.9 GB in 7 days."""
        if self.limit.peak is None:
            return ""
        shown = {"peak": with_unit(self.limit.peak, self.limit.unit), "days": self.limit.peak_days}
        return ngettext("%(peak)s in a day", "%(peak)s in %(days)s days", self.limit.peak_days) % shown

    @property
    def used_label(self) -> str:
        return _("Stored") if self.limit.usage_kind == "objects" else _("In use")

    @property
    def floor_text(self) -> str:
        return self.limit.show(self.limit.floor)

    @property
    def ceiling_text(self) -> str:
        return self.limit.show(self.limit.ceiling)

    @property
    def floor_words(self) -> list[tuple[str, str]]:
        """Each reason for the floor in words, and the way out of it."""
        return [(words(refusal), way_out(refusal)) for refusal in self.limit.floor_reasons]

    @property
    def ceiling_words(self) -> list[tuple[str, str]]:
        """The same for the ceiling; what holds in both directions was said already."""
        above = [one for one in self.limit.ceiling_reasons if one not in self.limit.floor_reasons]
        return [(words(refusal), way_out(refusal)) for refusal in above]

    @property
    def description(self) -> str:
        """For readers that speak: where one is and how far one may go."""
        now = _("You have %(current)s.") % {"current": self.current_text}
        used = _("In use %(used)s.") % {"used": self.used_text} if self.used_text else ""
        span = _("Lowest possible now %(floor)s. Highest %(ceiling)s.") % {
            "floor": self.floor_text, "ceiling": self.ceiling_text,
        }  # fmt: skip
        return " ".join(part for part in (now, used, span, *self.notes) if part)

    @property
    def spoken(self) -> str:
        """The value of the slider for readers that speak: 8 GB, 4 more than now."""
        if self.direction == "same" or isinstance(self.value, str) or isinstance(self.limit.current, str):
            return _("%(value)s, as now") % {"value": self.limit.show(self.value)}
        shown = {"value": self.limit.show(self.value), "by": abs(self.value - self.limit.current)}
        if self.direction == "up":
            return _("%(value)s, %(by)s more than now") % shown
        return _("%(value)s, %(by)s less than now") % shown

    @property
    def rate(self) -> str:
        """What one of it costs, in words."""
        return unit_rate(self.limit, self.book, self.currency)

    @cached_property
    def ruler(self) -> Ruler:
        """What is drawn of the slider."""
        return ruler(self.limit, int(self.value), self.asking)

    @property
    def picks(self) -> tuple[int, ...]:
        return picks(self.limit, self.asking)

    @property
    def allowed_values(self) -> str:
        return " ".join(str(value) for value in self.limit.allowed)


def card(
    limit: Limit,
    book: BookValues,
    currency: str,
    typed: str | None = None,
    errors: Sequence[Refusal] = (),
    *,
    notes: Sequence[str] = (),
    asking: Mapping[Value, Refusal] = MappingProxyType({}),
) -> Card:
    """The card of one resource with `typed` in its field (nothing typed: the current value).

    `notes` are sentences about what its values need of others, `asking` the values that need something now.
    """
    written = str(limit.current) if typed is None else typed.strip()[:40]
    # A way out that has buttons need not be told as well.
    said = tuple(words(one) if one.ways else f"{words(one)} {way_out(one)}".strip() for one in errors)
    ways = tuple(way for refusal in errors for way in refusal.ways)
    if limit.kind == "option":
        chosen = _option_card(limit, book, currency, written, said, asking)
        return replace(chosen, ways=ways, notes=tuple(notes))
    current = int(limit.current)
    # A value that only needs more of another is shown where it stands; one that cannot be chosen is not.
    shown = not errors or bool(ways)
    value = int(written) if shown and written.isascii() and written.isdigit() else current
    return Card(
        limit=limit, typed=written, book=book, currency=currency, errors=said, asking=asking, value=value,
        old_monthly=book.monthly(limit.code, current), new_monthly=book.monthly(limit.code, value),
        ways=ways, notes=tuple(notes),
    )  # fmt: skip


def _option_card(
    limit: Limit,
    book: BookValues,
    currency: str,
    written: str,
    errors: tuple[str, ...],
    asking: Mapping[Value, Refusal],
) -> Card:
    value = written if written in limit.allowed else str(limit.current)
    choices = tuple(
        Choice(
            code=str(code), name=limit.show(code), price=book.monthly(limit.code, code), chosen=code == value,
            current=code == limit.current, needs=words(asking[code]) if code in asking else "",
        )
        for code in limit.stops
        if code in limit.allowed or code == limit.current
    )  # fmt: skip
    return Card(
        limit=limit, typed=value, book=book, currency=currency, errors=errors, choices=choices, value=value,
        old_monthly=book.monthly(limit.code, limit.current), new_monthly=book.monthly(limit.code, value),
    )  # fmt: skip
