"""One event, one line: a log that can be searched by line, with UTC times."""

from __future__ import annotations

import logging
import time


class OneLine(logging.Formatter):
    """Folds a message of several lines, and a traceback, into one."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("{asctime}Z {levelname} {name}: {message}", "%Y-%m-%dT%H:%M:%S", style="{")

    def format(self, record: logging.LogRecord) -> str:
        return " | ".join(line.rstrip() for line in super().format(record).splitlines() if line.strip())
