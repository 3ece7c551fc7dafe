"""Instants and dates as text, read exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from .errors import BadInput

_NOTHING = Fraction(0)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.([0-9]+))?)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?"
)
_MICROSECOND = 6  # digits of a second that `datetime` holds
_TIME_FORM = "use YYYY-MM-DD, optionally THH:MM[:SS[.f]], optionally Z or an offset such as +08:00"


@dataclass(frozen=True, order=True, slots=True)
class Instant:
    """A moment in UTC and the part of a microsecond (0 <= beyond < 1) that `datetime` cannot hold."""

    utc: datetime
    beyond: Fraction = _NOTHING

    @classmethod
    def of(cls, moment: datetime) -> Instant:
        """The instant of a time that says its offset."""
        if moment.utcoffset() is None:
            raise BadInput(f"the time {moment} has no time zone: give it an offset")
        try:
            return cls(moment.astimezone(UTC))
        except OverflowError:
            raise BadInput(
                f"the time {moment.isoformat()} is outside the calendar: use years 1 to 9999"
            ) from None

    def seconds_to(self, later: Instant) -> Fraction:
        """Seconds from here to `later`, exactly, whatever the clocks on the wall did."""
        span = later.utc - self.utc
        micros = (span.days * 86_400 + span.seconds) * 10**6 + span.microseconds
        if later.beyond == self.beyond:
            return Fraction(micros, 10**6)
        return (micros + later.beyond - self.beyond) / 10**6


def read_date(text: str) -> date:
    """A `YYYY-MM-DD` date."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadInput("is not a date: use YYYY-MM-DD")


def read_zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadInput("is not a time zone: use an IANA name such as Asia/Tokyo or UTC") from None


def read_instant(text: str, zone: ZoneInfo) -> Instant:
    """A time with an offset, or one without, which is then read in `zone`; a date alone is midnight.

    A local time in a gap takes the offset before the gap, one that happens twice is the first.
    """
    match = _TIME.fullmatch(text)
    if not match:
        raise BadInput(f"is not a time: {_TIME_FORM}")
    try:
        local = datetime.fromisoformat(text)
        utc = (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)
        beyond = (match[1] or "")[_MICROSECOND:]
        return Instant(utc, Fraction(int(beyond), 10 ** len(beyond)) if beyond else _NOTHING)
    except OverflowError:
        raise BadInput("is outside the calendar: use years 1 to 9999") from None
    except ValueError:
        raise BadInput(f"is not a time: {_TIME_FORM}") from None
