"""Read what was typed or moved into a configuration, or say what is wrong with each field."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prorata.catalog.models import ResourceType
from prorata.catalog.values import Value
from prorata.changes.limits import Limit, check, fits
from prorata.changes.refusals import Refusal, Refused
from prorata.changes.situation import Situation

WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)


def parse_wanted(situation: Situation, posted: Mapping[str, str]) -> dict[str, Value]:
    """The wanted values by code, each one that could be chosen. Fields that are absent stay as they are.

    Raises Refused with one refusal a field: not a whole number, off the steps (with the two nearest), below the floor,
    above the ceiling; or, if each can be chosen by itself, with what one value needs of another. Unknown fields are
    ignored: forms carry other things too.
    """
    wanted: dict[str, Value] = {}
    refusals: list[Refusal] = []
    for code, limit in situation.limits.items():
        typed = posted.get(code)
        if typed is None:
            continue
        value = _read(limit, typed.strip())
        if isinstance(value, Refusal):
            refusals.append(value)
            continue
        refusals += fits(situation.limits, {code: value})
        wanted[code] = value
    if refusals := refusals or list(check(situation.limits, wanted)):
        raise Refused(*refusals)
    return wanted


def _read(limit: Limit, typed: str) -> Value | Refusal:
    if limit.kind == ResourceType.Kind.OPTION:
        return typed
    if not WHOLE.fullmatch(typed):
        return Refusal("not_a_number", limit.code, {"name": limit.name, "example": str(limit.current)})
    return int(typed)
