"""The names a provider gave to what he sells, in the reader's language where he wrote them in it."""

from __future__ import annotations

from time import monotonic

from prorata.catalog.models import NameInLanguage
from prorata.language import language

# Seconds until every process has noticed a new name.
NOTICED_AFTER = 60


def in_language(name: str, code: str = "") -> str:
    """A name in the language of the page, or in that of `code`; as it is sold where there is no other."""
    return _names(code or language()).get(name, name) if name else name


def forget_names() -> None:
    """This process looks again."""
    _known.clear()


# By language: when they were read, and what they are.
_known: dict[str, tuple[float, dict[str, str]]] = {}


def _names(code: str) -> dict[str, str]:
    read_at, names = _known.get(code, (-NOTICED_AFTER, {}))
    if monotonic() - read_at >= NOTICED_AFTER:
        names = dict(NameInLanguage.objects.filter(language=code).values_list("name", "said"))
        _known[code] = monotonic(), names
    return names
