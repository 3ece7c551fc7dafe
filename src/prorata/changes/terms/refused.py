"""Why a term is not sold."""

from __future__ import annotations


class CannotSell(Exception):
    """One line that says what is wrong and what to do; nothing was written."""
