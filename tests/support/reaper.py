"""Runs a command and, when it or our parent ends, ends everything it has ever started and deletes its folder (Linux).

    python reaper.py folder command argument ...

libvirt's machines are no children of its daemon: they let go of it in order to outlive it. They become ours, because
this process asks the kernel for the orphans among its descendants.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from prorata.config.parent import end_with_parent

PR_SET_CHILD_SUBREAPER = 36


def main(folder: str, *command: str) -> int:
    """Until the command ends, or SIGTERM or SIGINT comes; then nothing of it is left."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    end_with_parent()
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        while True:
            pid, status = os.wait()
            if pid == process.pid:
                return os.waitstatus_to_exitcode(status)
    finally:
        end_all()
        shutil.rmtree(folder, ignore_errors=True)


def stop(number: int, frame: FrameType | None) -> None:
    """A signal ends the waiting."""
    raise SystemExit(128 + number)


def end_all() -> None:
    """Kill what is ours until nothing is: the orphans of the killed come to us in turn."""
    while children := Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        for _ in children:
            with contextlib.suppress(ChildProcessError):
                os.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
