"""The reader's language, as far as the portal speaks it, and numbers written in it."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from babel.numbers import format_decimal
from django.conf import settings
from django.utils.translation import get_language

BABEL = {"en": "en", "ja": "ja", "zh-hans": "zh_Hans"}


def language() -> str:
    """The language the page is really in: the active one where its words are here, English otherwise."""
    active = (get_language() or "en").lower()
    return active if active in spoken() else "en"


def babel_locale() -> str:
    return BABEL[language()]


def html_language() -> str:
    """As `lang` wants it."""
    return {"zh-hans": "zh-Hans"}.get(language(), language())


@lru_cache(maxsize=1)
def spoken() -> frozenset[str]:
    """The languages whose compiled catalogue is installed, and English, in which the messages are written."""
    folders = {"ja": "ja", "zh-hans": "zh_Hans"}
    return frozenset({"en"}) | {
        code
        for code, folder in folders.items()
        if any(
            (Path(path) / folder / "LC_MESSAGES" / "django.mo").is_file() for path in settings.LOCALE_PATHS
        )
    }


def numbers(value: Decimal, decimals: int) -> str:
    """A number with the grouping of the language and exactly so many decimals."""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, format=pattern, locale=babel_locale(), decimal_quantization=False)
