"""The reader's language, as far as Prorata speaks it, and numbers and dates written in it.

Whoever writes to a person makes their language the active one: the page by the middleware, a mail by `speaking`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_date
from babel.numbers import get_decimal_symbol, get_group_symbol
from django.conf import settings
from django.utils.translation import get_language, override

BABEL = {"en": "en", "ja": "ja", "zh-hans": "zh_Hans"}
# Each language in its own script, as a person looks for it.
OWN_NAMES = {"en": "English", "ja": "日本語", "zh-hans": "简体中文"}
REGIONS = {
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
}  # fmt: skip
DAY = {"en": "d MMM y", "ja": "y年M月d日", "zh-hans": "y年M月d日"}
# Between a day and the time of it.
AT = {"en": ", ", "ja": " ", "zh-hans": " "}


def language() -> str:
    """The language the page is really in: the active one where its words are here, English otherwise."""
    active = (get_language() or "en").lower()
    return active if active in spoken() else "en"


def babel_locale() -> str:
    return BABEL[language()]


def html_language(code: str = "") -> str:
    """A language, or that of the page, as `lang` wants it."""
    return {"zh-hans": "zh-Hans"}.get(code or language(), code or language())


def day(on: date) -> str:
    """15 Aug 2026. A moment is dated in its own zone."""
    return written(on.date() if isinstance(on, datetime) else on, DAY)


def written(on: date, patterns: Mapping[str, str]) -> str:
    """A date, never a moment, after the pattern of the language."""
    return _written(on, patterns[language()], babel_locale())


@lru_cache(maxsize=2_000)
def _written(on: date, pattern: str, locale: str) -> str:
    return format_date(on, pattern, locale=locale)


def moment(at: datetime) -> str:
    """15 Aug 2026, 14:02, in its own zone."""
    return f"{day(at)}{AT[language()]}{at:%H:%M}"


@lru_cache(maxsize=1)
def spoken() -> frozenset[str]:
    """The languages whose compiled catalogue is installed, and English, in which the messages are written."""
    return frozenset({"en"}) | {
        code
        for code, folder in BABEL.items()
        if any(
            (Path(path) / folder / "LC_MESSAGES" / "django.mo").is_file() for path in settings.LOCALE_PATHS
        )
    }


def numbers(value: Decimal, decimals: int) -> str:
    """A number with the grouping of the language and exactly so many decimals."""
    plain = f"{value:,.{decimals}f}"
    marks = _marks(babel_locale())
    return plain.translate(marks) if marks else plain


@lru_cache(maxsize=len(BABEL))
def _marks(locale: str) -> dict[int, str]:
    """What CLDR writes for comma and point between digits, where it is something else."""
    found = {",": get_group_symbol(locale), ".": get_decimal_symbol(locale)}
    return {ord(ours): theirs for ours, theirs in found.items() if ours != theirs}


# The zone a person wants to read moments in; dates of terms and documents keep the billing zone they count in.
_zone: ContextVar[ZoneInfo | None] = ContextVar("zone of the reader", default=None)


def zone_for(billing: ZoneInfo) -> ZoneInfo:
    """The reader's own zone, or the billing zone of what is read."""
    return _zone.get() or billing


@contextmanager
def speaking(code: str, zone: str = "") -> Iterator[None]:
    """Write to a person of this language and zone. Blank or unknown: the language that is active, the billing zone."""
    known = code if code in spoken() else get_language()
    token = _zone.set(ZoneInfo(zone) if zone in zones() else None)
    try:
        with override(known):
            yield
    finally:
        _zone.reset(token)


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The time zones a person can choose: those of places, and UTC."""
    found = available_timezones()
    return frozenset({"UTC"} | {name for name in found if name.partition("/")[0] in REGIONS})
