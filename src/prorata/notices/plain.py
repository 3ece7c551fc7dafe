"""Plain text of mails: tables that align in any mail reader, amounts with their currency, links into the portal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string

from prorata import language
from prorata.language import zone_for
from prorata.pricing.display import amount_text


def money(minor: int, currency: str) -> str:
    """E.g. "14,924 JPY"."""
    return f"{amount_text(minor, currency)} {currency}"


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Columns in line, indented by two; the columns in `right` stand flush right."""
    widths = [max(_width(row[n]) for row in rows) for n in range(len(rows[0]))] if rows else []
    lines = []
    for row in rows:
        cells = [
            _pad(cell, width, flush_right=n in right)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(("  " + "   ".join(cells)).rstrip())
    return "\n".join(lines)


def _pad(cell: str, width: int, *, flush_right: bool) -> str:
    space = " " * (width - _width(cell))
    return space + cell if flush_right else cell + space


def _width(text: str) -> int:
    """Columns a text takes: Chinese and Japanese letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def local(moment: datetime, zone: str) -> str:
    """An instant in the reader's zone, or else in `zone`, with its name."""
    there = zone_for(ZoneInfo(zone))
    return f"{language.moment(moment.astimezone(there))} {there}"


def link(path: str) -> str:
    return f"{settings.PRORATA_BASE_URL.rstrip('/')}{path}"


def body(template: str, **facts: object) -> str:
    """A mail's text. Blank lines that an absent part leaves are closed up."""
    text = render_to_string(f"notices/{template}", facts)
    lines: list[str] = []
    for line in (line.rstrip() for line in text.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"
