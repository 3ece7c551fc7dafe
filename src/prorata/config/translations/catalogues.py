"""The catalogues: one .po a language for people to write, and its .mo beside it for the portal to read.

Both are part of the source, so that nothing has to be compiled where Prorata is installed or tried.
"""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from prorata.config.translations.collect import PACKAGE

LOCALE = PACKAGE / "locale"
LANGUAGES = ("ja", "zh_Hans")
# What changes with every run or release says nothing about the words.
NOISE = ("Project-Id", "Report-", "POT-", "PO-", "Last-", "Language-Team", "Generated-By")
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
    messages = [message for message in catalogue if message.id]
    with path.open("wb") as file:
        write_po(file, _Words(language, messages), width=100, ignore_obsolete=True, sort_by_file=True)
    # Babel would compile an empty plural as its English.
    translated = [message for message in messages if message.string and all(message.string)]
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, _Words(language, translated))


class _Words(Catalog):
    """The same messages make the same file, whenever it is written."""

    def __init__(self, language: str, messages: list[Message]) -> None:
        super().__init__(language, header_comment=HEAD, fuzzy=False)
        for message in messages:
            self[message.id] = message

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        *kept, (name, value) = [header for header in super().mime_headers if not header[0].startswith(NOISE)]
        return [*kept, (name, f"{value}\n")]  # each header is a line of its own


def update(found: Catalog, language: str, locale: Path = LOCALE) -> Catalog:
    """Take in what the code says now: new messages come in empty, what is said no more goes, nothing is guessed."""
    catalogue = read(language, locale)
    catalogue.update(found, no_fuzzy_matching=True, update_header_comment=False)
    write(catalogue, language, locale)
    return read(language, locale)
