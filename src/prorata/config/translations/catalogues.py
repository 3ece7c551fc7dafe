"""The catalogues: one .po a language for people to write, and its .mo beside it for the portal to read.

Both are part of the source, so that nothing has to be compiled where Prorata is installed or tried.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from prorata.config.translations.collect import PACKAGE

LOCALE = PACKAGE / "locale"
LANGUAGES = ("ja", "zh_Hans")
# What changes with every run or release says nothing about the words.
NOISE = tuple(
    f'"{field}'.encode()
    for field in ("Project-Id", "Report-", "POT-", "PO-", "Last-", "Language-Team", "Generated-By")
)
HEAD = "# What customers read in this language. How it is kept: docs/howto/translate.md"


def po_file(language: str, locale: Path = LOCALE) -> Path:
    return locale / language / "LC_MESSAGES" / "django.po"


def read(language: str, locale: Path = LOCALE) -> Catalog:
    """What is translated so far; an empty catalogue before the first."""
    path = po_file(language, locale)
    if not path.is_file():
        return Catalog(language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def compiled(language: str, locale: Path = LOCALE) -> Catalog | None:
    path = po_file(language, locale).with_suffix(".mo")
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return read_mo(file)


def write(catalogue: Catalog, language: str, locale: Path = LOCALE) -> None:
    """Write both files. Messages that are not translated stay out of the compiled one."""
    path = po_file(language, locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.header_comment, catalogue.fuzzy = HEAD, False
    text = io.BytesIO()
    write_po(text, catalogue, width=100, ignore_obsolete=True, sort_by_file=True)
    lines = [line for line in text.getvalue().splitlines(keepends=True) if not line.startswith(NOISE)]
    path.write_bytes(b"".join(lines))
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, _translated(read(language, locale)))


def _translated(catalogue: Catalog) -> Catalog:
    """Babel would compile an empty plural as its English."""
    for message in catalogue:
        if isinstance(message.string, tuple) and not all(message.string):
            message.string = ""
    return catalogue


def update(found: Catalog, language: str, locale: Path = LOCALE) -> Catalog:
    """Take in what the code says now: new messages come in empty, what is said no more goes, nothing is guessed."""
    catalogue = read(language, locale)
    catalogue.update(found, no_fuzzy_matching=True, update_header_comment=False)
    write(catalogue, language, locale)
    return read(language, locale)
