"""The line above which an answer by mail is written: the same signs in every language, so that it is found again."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

SIGNS = "-=-=-"
# Mail programs quote with > and may break the line; one pair of signs is enough. Each line is looked at by itself: over the
# blank lines of a whole mail, the search from every one of them would take hours.
LINE = re.compile(rf"^(?:[>|]|[^\S\n])*{re.escape(SIGNS)}", re.MULTILINE)


def marker_line() -> str:
    return f"{SIGNS} {_('Write your answer above this line')} {SIGNS}"


def above(text: str) -> str:
    """What was written above the marker, without the quotation that a mail program begins there; all of it without one."""
    found = LINE.search(text)
    if found is None:
        return text.strip()
    lines = text[: found.start()].rstrip().splitlines()
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith((">", "|"))):
        lines.pop()
    return "\n".join(_without_attribution(lines)).strip()


def _without_attribution(lines: list[str]) -> list[str]:
    """Without "On 15 Aug 2026, Prorata <…> wrote:" in one line or two, directly above what is quoted."""
    for count in (1, 2):
        last = " ".join(lines[-count:]).rstrip()
        if last.endswith((":", "\uff1a")) and "@" in last:
            # A line that begins with the address is the second of two.
            return lines[: -count - last.startswith("<")]
    return lines
