"""What is wrong with a catalogue, one sentence a mistake. Nothing here may be left for a reader to find."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from babel.messages.catalog import Catalog, Message

from prorata.config.translations.catalogues import LANGUAGES, LOCALE, compiled, read

PLACE = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")
TAG = re.compile(r"</?\w[^>]*>")
ENGLISH_WORD = re.compile(r"\b[A-Za-z][a-z]{2,}\b")
LETTER_OF_THERE = re.compile(r"[\u3001\u3002\u3040-\u30ff\u3400-\u9fff\uff01-\uff5e]")


def problems(found: Catalog, locale: Path = LOCALE) -> Iterator[str]:
    """Every mistake of every catalogue, held against the messages that were found in the code."""
    for language in LANGUAGES:
        catalogue = read(language, locale)
        for what in _of(found, catalogue):
            yield f"{language}: {what}"
        if _said(compiled(language, locale)) != _said(catalogue):
            yield f"{language}: the compiled catalogue is not that of the .po. Run: prorata translations update"


def _of(found: Catalog, catalogue: Catalog) -> Iterator[str]:
    wanted = {_key(message): message for message in found if message.id}
    kept = {_key(message): message for message in catalogue if message.id}
    for key, message in wanted.items():
        if key not in kept:
            yield f"{_short(message)} is missing. Run: prorata translations update"
    for key, message in kept.items():
        if key not in wanted:
            yield f"{_short(message)} is said no more. Run: prorata translations update"
        else:
            yield from (f"{_short(message)} {what}" for what in _mistakes(message))


def _mistakes(message: Message) -> Iterator[str]:
    if message.fuzzy:
        yield "is marked fuzzy: look at it, then take the mark away."
        return
    source, forms = _source(message), _forms(message)
    if not all(forms):
        yield "is not translated."
        return
    for form in forms:
        if _places(form) != _places(source):
            yield f"is filled in with {_list(_places(source))}, its translation with {_list(_places(form))}."
        if "{}" in form and re.search(r"\{\d+\}", form):
            yield "has some places by number and others not, which cannot be filled in."
        if Counter(TAG.findall(form)) != Counter(TAG.findall(source)):
            yield "has other HTML tags than its translation."
        if _loose_signs(form) != _loose_signs(source):
            yield "has another number of per cent signs than its translation."
        if form.count("\n") != source.count("\n"):
            yield "has other line breaks than its translation."
        if not LETTER_OF_THERE.search(form) and ENGLISH_WORD.search(PLACE.sub("", TAG.sub("", source))):
            yield "is still English."


def _source(message: Message) -> str:
    """The form that is filled in most: the plural where there is one."""
    return message.id[-1] if isinstance(message.id, (tuple, list)) else str(message.id)


def _forms(message: Message) -> list[str]:
    said = message.string
    return [str(form) for form in said] if isinstance(said, (tuple, list)) else [str(said or "")]


def _places(text: str) -> set[str]:
    """What is filled in, by name, or by place: a plain {} has the number of its place."""
    number = count()
    return {
        f"{{{next(number)}}}" if found == "{}" else found for found in PLACE.findall(text.replace("%%", ""))
    }


def _loose_signs(text: str) -> int:
    """Per cent signs that Python would read as something to fill in."""
    return PLACE.sub("", text).replace("%%", "").count("%")


def _list(places: set[str]) -> str:
    return ", ".join(sorted(places)) or "nothing"


def _short(message: Message) -> str:
    where = message.locations[0][0] if message.locations else "nowhere"
    return f"“{_source(message)[:70]}” ({where})"


def _key(message: Message) -> tuple[str | None, str]:
    # Babel leaves the context of a compiled message as bytes.
    context: str | bytes | None = message.context
    return context.decode() if isinstance(context, bytes) else context, message.id[0] if isinstance(
        message.id, (tuple, list)
    ) else str(message.id)


def _said(catalogue: Catalog | None) -> dict[tuple[str | None, str], list[str]]:
    messages = [message for message in catalogue or () if message.id]
    return {_key(message): _forms(message) for message in messages if all(_forms(message))}


__all__ = ["problems"]
