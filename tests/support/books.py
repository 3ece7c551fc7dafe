"""What must be true of the books at the end of every story, however it went: what `prorata verify` proves."""

from __future__ import annotations

from prorata import clock
from prorata.verify.promise import Asked, Finding
from prorata.verify.walk import broken


def broken_promises() -> list[Finding]:
    """What does not hold now. A story stops at any instant, so the worker may still have something to do."""
    return list(broken(Asked(now=clock.now(), every_quote=True), in_time=False))


def assert_books_hold() -> None:
    found = broken_promises()
    assert not found, "\n".join(f"{one.promise}: {one.place} ({one.reference}): {one.what}" for one in found)
