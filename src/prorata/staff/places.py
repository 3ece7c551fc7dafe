"""A row named as text, "credit_purse 12", as a link to its page of the desk where it has one."""

from __future__ import annotations

import re
from typing import Any

from django.apps import apps
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from prorata.staff.reader import link_to_page

PLACE = re.compile(r"\b([a-z]+_[a-z]+) ([0-9a-f-]+)\b")


def place_link(place: str, words: Any = None) -> Any:
    """The link, with `words` or the place itself; plain text for a row without a page that the reader may open."""
    found = PLACE.fullmatch(place)
    model = _models().get(found[1]) if found else None
    shown = place if words is None else words
    return link_to_page(model, found[2], shown) if found and model else shown


def linked(text: str) -> SafeString:
    """A sentence in which every row that is named is a link."""
    parts, last = [], 0
    for found in PLACE.finditer(text):
        parts += [(text[last : found.start()],), (place_link(found.group()),)]
        last = found.end()
    return format_html_join("", "{}", [*parts, (text[last:],)])


def _models() -> dict[str, Any]:
    return {model._meta.db_table: model for model in apps.get_models()}
