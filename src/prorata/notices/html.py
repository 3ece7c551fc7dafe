"""A mail's text as HTML: the same words in the same order, with tables drawn, links clickable and the first link a button.

Made from the text itself, which is the mail: the two can never say different things. Styles stand in the elements, because
mail readers drop everything else; there is no picture and nothing is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, zip_longest
from typing import Literal

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

Kind = Literal["row", "link", "words"]
LINK = re.compile(r"https?://\S+")
APART = re.compile(r" {3,}")  # between the columns that plain.table sets

PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{subject}</title></head>
<body style="margin:0;padding:24px 12px;background:#f6f7f9;color:#16202c;font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Hiragino Sans','Noto Sans JP','PingFang SC','Noto Sans SC',sans-serif">
<div style="max-width:600px;margin:0 auto;padding:28px;background:#ffffff;border:1px solid #d5dae1;border-radius:12px">
<h1 style="margin:0 0 20px;font-size:20px;line-height:1.35">{subject}</h1>
{parts}
</div></body></html>
"""  # noqa: E501 - styles of one element
BUTTON = (
    '<p style="margin:20px 0"><a href="{}" style="display:inline-block;padding:10px 18px;border-radius:8px;'
    'background:#0b57d0;color:#ffffff;font-weight:600;text-decoration:none;word-break:break-all">{}</a></p>'
)
HEADING = '<p style="margin:18px 0 6px;font-weight:600">{}</p>'
PARAGRAPH = '<p style="margin:0 0 14px">{}</p>'
TABLE = '<table role="presentation" style="width:100%;margin:0 0 16px;border-collapse:collapse">{}</table>'
ROW = "<tr>{}</tr>"
CELL = (
    '<td style="padding:6px 12px 6px 0;border-top:1px solid #e6e9ee;vertical-align:top;text-align:{}">{}</td>'
)


def as_html(subject: str, text: str, language: str = "en") -> str:
    """The whole document. Nothing of the text is trusted: every word is escaped."""
    parts = format_html_join("\n", "{}", ((part,) for part in _parts(text)))
    return format_html(PAGE, language=language, subject=subject, parts=parts)


def _parts(text: str) -> Iterator[SafeString]:
    button = False
    for paragraph in re.split(r"\n{2,}", text.strip()):
        groups = [(kind, list(lines)) for kind, lines in groupby(paragraph.splitlines(), key=_kind)]
        for (kind, lines), after in zip_longest(groups, groups[1:]):
            if kind == "row":
                yield _table(lines)
            elif kind == "link" and not button:
                button = True
                yield format_html(BUTTON, lines[0].strip(), lines[0].strip())
                if lines[1:]:
                    yield format_html(PARAGRAPH, _words(lines[1:]))
            else:
                yield format_html(HEADING if after and after[0] == "row" else PARAGRAPH, _words(lines))


def _kind(line: str) -> Kind:
    if line.startswith("  "):
        return "row"
    return "link" if LINK.fullmatch(line.strip()) else "words"


def _table(lines: list[str]) -> SafeString:
    """Rows of one table; the last column of a row with several stands flush right, as figures do in the text."""
    rows = [APART.split(line.strip()) for line in lines]
    cells = [
        format_html_join("", CELL, ((_side(n, row), cell) for n, cell in enumerate(row))) for row in rows
    ]
    return format_html(TABLE, format_html_join("", ROW, ((drawn,) for drawn in cells)))


def _side(n: int, row: list[str]) -> str:
    return "right" if n and n == len(row) - 1 else "left"


def _words(lines: list[str]) -> SafeString:
    """Lines of one paragraph, with their links."""
    drawn = [LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escape(line)) for line in lines]
    return mark_safe("<br>".join(drawn))  # noqa: S308 - escaped above; a link has no character that HTML knows
