"""Dates and counts in plain English."""

from __future__ import annotations

Params = dict[str, str]
MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def day(iso: str, with_year: bool) -> str:
    """2025-08-05 as 5 Aug, or 5 Aug 2025."""
    year, month, number = iso.split("-")
    shown = f"{int(number)} {MONTH_NAMES[int(month) - 1]}"
    return f"{shown} {int(year)}" if with_year else shown


def leg(params: Params) -> str:
    """Both dates of a leg; the year only where they do not share it."""
    with_year = params["from"][:4] != params["to"][:4]
    return f"{day(params['from'], with_year)} → {day(params['to'], with_year)}"


def counted(number: str, word: str) -> str:
    return f"{number} {word}" if number == "1" else f"{number} {word}s"
