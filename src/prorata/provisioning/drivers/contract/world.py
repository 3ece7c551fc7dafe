"""The hypervisor's side of the tests."""

from __future__ import annotations

from typing import Protocol


class DriverWorld(Protocol):
    """The hypervisor's side of a test.

    live       component that grows while the machine runs; 2 at the start
    restart    component that needs a restart both ways; 8 at the start, 3.5 of it used
    fixed      component that never shrinks; 100 at the start
    counted    component that limits stored objects; 3 at the start, 2 are stored
    """

    live: str
    restart: str
    fixed: str
    counted: str

    def machine(self) -> str:
        """A new running machine as above, alone on a host with room for 10 more of `live`."""

    def effects(self, external_id: str) -> int:
        """How often a value really changed."""

    def fill_host(self, external_id: str) -> None:
        """Nothing more fits on the machine's host."""

    def keep_busy(self, external_id: str) -> None:
        """Something runs on the machine until release()."""

    def release(self, external_id: str) -> None:
        """It has ended."""

    def restart_machine(self, external_id: str) -> None:
        """The customer restarts the machine."""

    def lose_call(self, call: str) -> None:
        """The next call (read, plan, apply, delete_object, list) never reaches the hypervisor."""

    def lose_answer(self, call: str) -> None:
        """The next call has its effect, but no answer comes back."""

    def go_down(self) -> None:
        """The hypervisor is not there."""

    def come_back(self) -> None:
        """It is there again, and remembers everything."""
