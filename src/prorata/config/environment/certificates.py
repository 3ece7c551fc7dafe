"""Files with the certificates of authorities, in environment variables."""

from __future__ import annotations

from pathlib import Path


def read_certificates(name: str, file: str, mistakes: list[str]) -> bytes | None:
    """The PEM file that `name` gives, or None where it gives none. What is wrong is one line in `mistakes`."""
    if not file:
        return None
    try:
        text = Path(file).read_bytes()
    except OSError as error:
        mistakes.append(f"{name} cannot be read ({error.strerror}). Name a PEM file, or unset it.")
        return b""
    if b"-----BEGIN CERTIFICATE-----" not in text:
        mistakes.append(f"{name} holds no certificate. Name a PEM file, or unset it.")
    return text
