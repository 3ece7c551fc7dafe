"""What a guide is made of. Every text is a message that is translated; nothing here knows a page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

# Words a minute where words are set apart, characters a minute where they are not.
WORDS, CHARACTERS = 200, 400
NOT_APART = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]")


@dataclass(frozen=True)
class Box:
    """A numbered box around one element of a page: `hook` is the CSS selector that finds it first."""

    number: int
    hook: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """`key` is stable. `show` is the page a reader can be led to: services, resources, change, credit; "" for none."""

    key: str
    text: Any
    boxes: tuple[Box, ...] = ()
    show: str = ""


@dataclass(frozen=True, kw_only=True)
class Guide:
    """`release` rises when the steps change: reactions belong to one. `asks` are keys of what must be so beforehand."""

    slug: str
    title: Any
    about: Any
    updated: date
    release: int
    asks: tuple[str, ...]
    steps: tuple[Step, ...]
    blocked: tuple[tuple[Any, Any], ...] = ()
    related: tuple[str, ...] = ()

    def texts(self) -> list[str]:
        """All that is read, in the active language."""
        blocked = [str(part) for pair in self.blocked for part in pair]
        return [str(self.title), str(self.about), *(str(step.text) for step in self.steps), *blocked]


def reading_minutes(guide: Guide) -> int:
    """How long it takes to read, rounded up; at least one."""
    text = " ".join(guide.texts())
    characters = len(NOT_APART.findall(text))
    words = len(NOT_APART.sub(" ", text).split())
    seconds = 60 * words / WORDS + 60 * characters / CHARACTERS
    return max(1, -(-round(seconds) // 60))
