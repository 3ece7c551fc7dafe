"""Dates and counts in plain English."""

from __future__ import annotations

from datetime import date

Params = dict[str, str]
MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def day(iso: str, with_year: bool) -> str:
    found = date.fromisoformat(iso)
    return f"{found.day} {MONTH_NAMES[found.month - 1]}" + (f" {found.year}" if with_year else "")


def leg(params: Params) -> str:
    """Both dates of a leg; the year only where they do not share it."""
    with_year = params["from"][:4] != params["to"][:4]
    return f"{day(params['from'], with_year)} → {day(params['to'], with_year)}"


def counted(number: str, word: str) -> str:
    return f"{number} {word}" if number == "1" else f"{number} {word}s"
