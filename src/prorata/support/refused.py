"""What cannot be done with a ticket."""

from __future__ import annotations


class CannotWrite(ValueError):
    """One or more sentences that say what is wrong and what to do; nothing was written. `field` is where it belongs."""

    def __init__(self, *sentences: str, field: str = "") -> None:
        super().__init__(" ".join(sentences))
        self.sentences, self.field = sentences, field


class TooMuch(CannotWrite):
    """This person wrote so much in the last hours that the rest must wait."""
