"""What must be true of the books at the end of every story, however it went: what `prorata verify` proves."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from prorata import clock
from prorata.verify.promise import Asked, Finding
from prorata.verify.walk import broken


def broken_promises() -> list[Finding]:
    """What does not hold now. A story stops at any instant, so the worker may still have something to do."""
    return list(broken(Asked(now=clock.now(), every_quote=True), in_time=False))


def assert_books_hold(breaks: AbstractSet[str] = frozenset()) -> None:
    """Every promise holds, but for those that a story `breaks` on purpose, of which one at least must be named."""
    found = broken_promises()
    other = [one for one in found if one.promise not in breaks]
    assert not other, "\n".join(f"{one.promise}: {one.place} ({one.reference}): {one.what}" for one in other)
    assert bool(found) == bool(breaks), f"nothing was named of what was broken on purpose: {sorted(breaks)}"
