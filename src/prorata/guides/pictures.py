"""The pictures of a guide's steps: made from the running portal, with the place of each numbered box beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

PLACES = Path(__file__).resolve().parent / "pictures.json"
FOLDER = Path(__file__).resolve().parent / "static" / "guides"


@dataclass(frozen=True)
class Drawn:
    """A numbered box in pixels of its picture: its corner and its size. `says` is the name of the element in it."""

    number: int
    left: int
    top: int
    width: int
    height: int
    says: str


@dataclass(frozen=True)
class Picture:
    """`name` without theme and ending: the file is guides/<name>.light.webp or guides/<name>.dark.webp."""

    name: str
    width: int
    height: int
    boxes: tuple[Drawn, ...]


def picture_name(guide: str, step: str, language: str) -> str:
    return f"{guide}-{step}.{language}"


def picture(guide: str, step: str, language: str) -> Picture | None:
    """None where there is none, in this language or at all."""
    found = _all().get(picture_name(guide, step, language))
    if found is None:
        return None
    boxes = tuple(Drawn(*box) for box in found["boxes"])
    return Picture(picture_name(guide, step, language), found["width"], found["height"], boxes)


@lru_cache(maxsize=1)
def _all() -> dict[str, dict[str, Any]]:
    return dict(json.loads(PLACES.read_text(encoding="utf-8"))) if PLACES.is_file() else {}
