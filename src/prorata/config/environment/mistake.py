"""What is raised where environment variables are wrong."""

from __future__ import annotations


class EnvironmentMistake(ValueError):
    """One or more environment variables are wrong; `lines` says what to do about each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
