"""The one error this package raises for input it cannot price."""

from __future__ import annotations


class BadInput(ValueError):
    """Input that cannot be priced; the message is one clear line that says what to do."""
