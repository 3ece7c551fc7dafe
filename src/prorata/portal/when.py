"""Dates in the billing zone they count in; times in the reader's own zone, where there is one, always with its name."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.safestring import SafeString

from prorata.language import AT, DAY, language, written, zone_for

GAP = "\u00a0"
MINUTE, SECOND = "%H:%M", "%H:%M:%S"
SHORT_DAY = {"en": "d MMM", "ja": "M月d日", "zh-hans": "M月d日"}
MONTH = {"en": "MMMM y", "ja": "y年M月", "zh-hans": "y年M月"}


def zone_name(at: datetime, zone: ZoneInfo) -> str:
    """JST, UTC; where a zone has no name of letters, its offset: UTC+03:00."""
    name = at.astimezone(zone).tzname() or ""
    if name and name[0] not in "+-":
        return name
    offset = at.astimezone(zone).strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:]}"


def day(at: datetime | date, zone: ZoneInfo | None = None) -> str:
    """15 Aug 2026."""
    return _keep(written(_local(at, zone), DAY))


def short_day(at: datetime | date, zone: ZoneInfo | None = None) -> str:
    """15 Aug."""
    return _keep(written(_local(at, zone), SHORT_DAY))


def month(at: datetime | date, zone: ZoneInfo | None = None) -> str:
    """August 2026."""
    return written(_local(at, zone), MONTH)


def clock_time(at: datetime, zone: ZoneInfo, *, seconds: bool = False, named: bool = True) -> str:
    """14:02 JST."""
    zone = zone_for(zone)
    text = f"{at.astimezone(zone):{SECOND if seconds else MINUTE}}"
    return f"{text}{GAP}{zone_name(at, zone)}" if named else text


def as_of(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """14:02 JST of today, otherwise with its day: today where the reader is, whose time it is."""
    zone = zone_for(zone)
    today = at.astimezone(zone).date() == now.astimezone(zone).date()
    return clock_time(at, zone) if today else moment(at, zone)


def moment(at: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """15 Aug 2026, 14:02 JST."""
    # Between the day and the time a line may end.
    return f"{day(at, zone_for(zone))}{AT[language()]}{clock_time(at, zone, seconds=seconds)}"


def element(at: datetime, text: str) -> SafeString:
    """A time as an element that carries the exact instant."""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), text)


def _local(at: datetime | date, zone: ZoneInfo | None) -> date:
    if isinstance(at, datetime):
        return at.astimezone(zone).date() if zone else at.date()
    return at


def _keep(text: str) -> str:
    """A date is not broken over two lines."""
    return text.replace(" ", GAP)
