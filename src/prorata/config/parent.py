"""Children that do not outlive their parent, also when the parent is killed without a word (Linux).

Elsewhere a process left behind is found and stopped at the next start.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PARENT_VARIABLE = "PRORATA_PARENT"
PR_SET_PDEATHSIG = 1


def end_with_parent(with_signal: int = signal.SIGTERM) -> None:
    """Ask the kernel to signal this process when its parent dies; only if the parent asked by PRORATA_PARENT=<pid>."""
    parent = os.environ.get(PARENT_VARIABLE, "")
    if parent.isdecimal() and int(parent) == os.getppid():
        signal_at_parents_death(int(parent), with_signal)


def signal_at_parents_death(parent: int, with_signal: int) -> None:
    """As above, without asking; kept across exec. Safe between fork and exec."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, with_signal, 0, 0, 0)
    if os.getppid() != parent:
        # It died before the kernel was asked.
        os.kill(os.getpid(), with_signal)
