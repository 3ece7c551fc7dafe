"""What an explanation is made of: numbered parts with rows of label and figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from prorata.portal import when

Params = Mapping[str, str]
Text = str | SafeString


@dataclass(frozen=True)
class Row:
    label: Text
    value: str = ""
    css: str = ""


@dataclass
class Part:
    """One numbered part: a heading, rows of label and figure, and remarks below them."""

    title: str
    lead: str = ""
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def leg(p: Params) -> SafeString:
    """From one date to the other; the years only where they differ."""
    start, end = date.fromisoformat(p["from"]), date.fromisoformat(p["to"])
    show = when.day if start.year != end.year else when.short_day
    return span(show(start), show(end))


def span(start: str, end: str) -> SafeString:
    """Start, an arrow, end; for readers that speak, "to"."""
    arrow = mark_safe('<i class="ar" aria-hidden="true"></i>')
    return format_html('{} {}<span class="vh"> {} </span> {}', start, arrow, _("to"), end)


def last_day(p: Params) -> str:
    return _("%(day)s, the last day") % {"day": when.short_day(date.fromisoformat(p["from"]))}
