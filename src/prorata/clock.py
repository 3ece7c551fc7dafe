"""The two clocks.

`now()` is the business clock: it prices and dates. In a demo or a test it may run ahead of the machine by the
seconds written in a file; it never goes backwards within a process.
`machine_now()` is the machine's clock: sessions, leases, webhook tolerance.
Both answer in UTC with a time zone.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock


class Clock:
    """Business time: the machine's, plus the whole seconds written in `ahead_file` (none: no offset)."""

    def __init__(self, ahead_file: Path | None = None) -> None:
        self._ahead_file = ahead_file
        self._read_at: tuple[int, int] | None = None
        self._ahead = timedelta(0)
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._lock = Lock()

    def now(self) -> datetime:
        """The business instant; never earlier than the last one this object gave."""
        with self._lock:
            self._latest = max(self._latest, self._candidate())
            return self._latest

    def _candidate(self) -> datetime:
        if self._ahead_file is not None:
            self._refresh(self._ahead_file)
        return machine_now() + self._ahead

    def _refresh(self, file: Path) -> None:
        # A stat per call keeps every process on the same offset without reading the file each time.
        try:
            status = file.stat()
        except FileNotFoundError:
            return
        seen = (status.st_mtime_ns, status.st_ino)
        if seen != self._read_at:
            self._ahead = max(self._ahead, timedelta(seconds=read_ahead(file)))
            self._read_at = seen


class HandClock(Clock):
    """A clock that stands still until it is moved; for tests."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = _instant(at)

    def _candidate(self) -> datetime:
        return self._at

    def move_to(self, at: datetime) -> None:
        """Move on to `at`, which is not earlier than now."""
        if _instant(at) < self._at:
            raise ValueError("The business clock never goes backwards.")
        self._at = _instant(at)

    def forward(self, by: timedelta) -> None:
        """Move on by `by`, which is not negative."""
        self.move_to(self._at + by)


_clock = Clock()


def now() -> datetime:
    """Business time: prices, dates, deadlines."""
    return _clock.now()


def machine_now() -> datetime:
    """The machine's time: sessions, leases, webhook tolerance."""
    return datetime.now(UTC)


def set_clock(clock: Clock) -> Clock:
    """Replace the business clock of this process; the one before is returned so that a test can put it back."""
    global _clock
    before, _clock = _clock, clock
    return before


def read_ahead(file: Path) -> int:
    """The seconds written in `file`, 0 if there is none; ValueError (one line) if they are no whole number >= 0."""
    try:
        text = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return 0
    except (OSError, UnicodeDecodeError) as problem:
        raise ValueError(f"The clock file {file} cannot be read: {problem}.") from None
    if not text.isdecimal():
        raise ValueError(
            f"The clock file {file} must hold a whole number of seconds, 0 or more; it holds {text!r}."
        )
    return int(text)


def write_ahead(file: Path, seconds: int) -> None:
    """Write the offset so that a reader sees the old or the new figure, never half of one. Backwards is refused."""
    if seconds < read_ahead(file):
        raise ValueError("The business clock never goes backwards.")
    draft = file.with_name(f"{file.name}.{os.getpid()}.new")
    draft.write_text(f"{seconds}\n", encoding="ascii")
    draft.replace(file)


def _instant(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("The clock needs an instant with a time zone, e.g. 2025-08-15T08:00:00+00:00.")
    return at.astimezone(UTC)
