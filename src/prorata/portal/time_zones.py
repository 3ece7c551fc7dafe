"""The time zones a person chooses from: by today's distance from UTC, then by city, both as the reader says them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from django.utils.translation import gettext as _

from prorata.language import babel_locale, zones

Groups = list[tuple[str, list[tuple[str, str]]]]


def choices(now: datetime, kept: str = "") -> Groups:
    """Each offset with its places. Of names for one place the newest is offered, or the one that is `kept`."""
    offered = _offered(babel_locale(), now.date().isoformat())
    if (newest := get_global("zone_aliases").get(kept)) is None:
        return offered
    return [
        (offset, [(kept if name == newest else name, label) for name, label in group])
        for offset, group in offered
    ]


@lru_cache(maxsize=6)
def _offered(locale: str, day: str) -> Groups:
    """The same the whole day: a clock that is changed in it is told from the next day on."""
    noon = datetime.fromisoformat(f"{day}T12:00+00:00")
    places = sorted(_places(Locale.parse(locale), noon))
    return [
        (offset, [(name, label) for *_order, name, label in group])
        for offset, group in groupby(places, key=lambda place: place[1])
    ]


def _places(locale: Locale, noon: datetime) -> Iterator[tuple[float, str, str, str, str]]:
    """Seconds from UTC, that in words, the city to sort by, the name of the zone, what is shown."""
    older: dict[str, list[str]] = defaultdict(list)
    for alias, newest in get_global("zone_aliases").items():
        older[newest].append(alias)
    for name in (zones() - set(get_global("zone_aliases"))) | {"UTC"}:
        away = noon.astimezone(ZoneInfo(name)).utcoffset()
        assert away is not None
        offset = _offset(noon.astimezone(ZoneInfo(name)))
        city = _city(locale, name, older[name])
        shown = _in_country(locale, name, city)
        yield away.total_seconds(), offset, city, name, shown if name == "UTC" else f"{shown} \u00b7 {offset}"


def _offset(at: datetime) -> str:
    said = at.strftime("%z")
    return f"UTC{said[:3]}:{said[3:5]}" if at.utcoffset() else "UTC"


def _city(locale: Locale, name: str, older: list[str]) -> str:
    """CLDR knows a place by the name it had first."""
    known = (locale.time_zones.get(one, {}).get("city") for one in (name, *older))
    return next((str(city) for city in known if city), name.rpartition("/")[2].replace("_", " "))


def _in_country(locale: Locale, name: str, city: str) -> str:
    country = locale.territories.get(get_global("zone_territories").get(name, ""))
    if not country or country == city or get_global("zone_territories")[name] == "001":
        return city
    return _("%(city)s, %(country)s") % {"city": city, "country": country}
