"""A row named as text, "credit_purse 12", as a link to its page of the desk where it has one."""

from __future__ import annotations

import re
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

PLACE = re.compile(r"\b([a-z]+_[a-z]+) ([0-9a-f-]+)\b")


def place_link(place: str, words: Any = None) -> Any:
    """The link, with `words` or the place itself; plain text for a row without a page."""
    found = PLACE.fullmatch(place)
    address = _address(*found.groups()) if found else None
    shown = place if words is None else words
    return format_html('<a class="desk-link" href="{}">{}</a>', address, shown) if address else shown


def linked(text: str) -> SafeString:
    """A sentence in which every row that is named is a link."""
    parts, last = [], 0
    for found in PLACE.finditer(text):
        parts += [(text[last : found.start()],), (place_link(found.group()),)]
        last = found.end()
    return format_html_join("", "{}", [*parts, (text[last:],)])


def _address(table: str, pk: str) -> str | None:
    model = _models().get(table)
    if model is None or model not in admin.site._registry:
        return None
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])
    except NoReverseMatch:
        return None


def _models() -> dict[str, Any]:
    return {model._meta.db_table: model for model in apps.get_models()}
