"""A quote's frozen line as a document line: what it says, and what it was worked out from."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def line_text(line: Mapping[str, Any]) -> str:
    """What a document keeps of a line, e.g. "Memory 4 to 8 GB"; pages and mails say it in the reader's language."""
    unit = f"\u00a0{line['unit']}" if line["unit"] else ""
    return f"{line['name']} {line['before_name']} to {line['after_name']}{unit}"


def line_facts(line: Mapping[str, Any], figures: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of LineFacts. A quote that was made before factors were frozen gives none of the rate."""
    facts: dict[str, Any] = {
        "name": line["name"], "unit": line["unit"], "from_name": line["before_name"], "to_name": line["after_name"],
        "capped": line["capped"],
    }  # fmt: skip
    if "new_factor" not in line:
        return facts
    rate = {key: Decimal(line[key]) for key in ("old_monthly", "new_monthly", "old_factor", "new_factor")}
    return facts | rate | {"months": figures["time_left"]["months"]}
