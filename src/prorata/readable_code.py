"""Codes that cannot be guessed or counted, and are easy to read aloud."""

from __future__ import annotations

import secrets

# Letters and digits that are not mistaken for one another when read aloud.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def readable_code(groups: int) -> str:
    """So many groups of four, such as 7F3K-2MX9."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(groups))
