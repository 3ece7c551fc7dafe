"""The names a provider gave to what he sells, in the reader's language where he wrote them in it."""

from __future__ import annotations

from django.core.cache import cache

from prorata.catalog.models import NameInLanguage
from prorata.language import language

# Seconds until every process has noticed a new name.
NOTICED_AFTER = 60


def in_language(name: str, code: str = "") -> str:
    """A name in the language of the page, or in that of `code`; as it is sold where there is no other."""
    return _names(code or language()).get(name, name) if name else name


def forget_names() -> None:
    """This process looks again."""
    cache.delete_many([_key(code) for code in NameInLanguage.Language.values])


def _names(code: str) -> dict[str, str]:
    found: dict[str, str] | None = cache.get(_key(code))
    if found is None:
        found = dict(NameInLanguage.objects.filter(language=code).values_list("name", "said"))
        cache.set(_key(code), found, NOTICED_AFTER)
    return found


def _key(code: str) -> str:
    return f"names:{code}"
