"""The customer's credit log: what of it is shown, and the same rows as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from prorata.credit.models import LogLine, Purse
from prorata.credit.words import MOVEMENTS, change_of, movement_words
from prorata.customers.models import Membership, User
from prorata.customers.scope import mine
from prorata.portal.days import read_day, within
from prorata.pricing.money import decimal_of, minor_digits
from prorata.spreadsheet import Cell


@dataclass(frozen=True)
class Filter:
    """What is asked for in the address; what makes no sense there is no filter."""

    purse: str = ""
    what: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Filter:
        purse, what = asked.get("purse", ""), asked.get("what", "")
        return cls(
            purse if purse in Purse.Kind.values else "", what if what in MOVEMENTS else "",
            read_day(asked.get("since", "")), read_day(asked.get("until", "")),
        )  # fmt: skip

    @property
    def is_set(self) -> bool:
        return self != Filter()

    @property
    def query(self) -> str:
        """The filter as it stands in an address."""
        asked = {"purse": self.purse, "what": self.what, "since": self.since or "", "until": self.until or ""}
        return urlencode({name: str(value) for name, value in asked.items() if value})

    def of(self, lines: QuerySet[LogLine], zone: ZoneInfo) -> QuerySet[LogLine]:
        """Those of `lines` that fit; both days are whole days of the billing zone."""
        if self.purse:
            lines = lines.filter(purse__kind=self.purse)
        if self.what:
            lines = lines.filter(what=self.what)
        return within(lines, "at", self.since, self.until, zone)


def choices() -> list[tuple[str, str]]:
    """Every kind of movement in words."""
    return [(what, movement_words(what)) for what in MOVEMENTS]


def colleagues(user: User) -> dict[str, str]:
    """Everybody who acts for a customer of mine, by actor: a name instead of a number."""
    customers = mine(user, Membership.objects.all()).values("customer")
    people = User.objects.filter(memberships__customer__in=customers).distinct()
    return {f"user:{person.pk}": str(person) for person in people}


def as_rows(lines: QuerySet[LogLine], zone: ZoneInfo, people: Mapping[str, str]) -> Iterator[list[Cell]]:
    """A heading and one row a line, newest first; amounts in major units, times in the billing zone with their offset."""
    yield [
        _("When"), _("What"), _("Credit"), _("Amount"), _("Balance after"), _("Currency"), _("Change"), _("Reason"), _("By"),
    ]  # fmt: skip
    for line in lines.iterator(chunk_size=1000):
        digits = minor_digits(line.currency)
        yield [
            line.at.astimezone(zone).isoformat(timespec="seconds"),
            movement_words(line.what, line.reason, origin=line.origin),
            line.purse.get_kind_display(), decimal_of(line.amount_minor, digits),
            decimal_of(line.balance_after_minor, digits), line.currency, change_of(line.origin), line.reason,
            by_whom(line.actor, people),
        ]  # fmt: skip


def by_whom(actor: str, people: Mapping[str, str]) -> str:
    """Who moved it: one of the customer's own `people` by name, nobody, or staff, who have no names here."""
    if actor == "system" or actor.startswith("gateway:"):
        return _("by itself")
    return people.get(actor, _("our staff"))
