"""The test cards. Any other number is refused: nobody should type a real one here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["accept", "decline", "confirm", "settle_well", "settle_badly"]


@dataclass(frozen=True)
class Card:
    """`reason` is what the customer reads when the card says no; `alone` is what it does while nobody is there."""

    number: str
    title: str
    outcome: Outcome
    reason: str = ""
    alone: Literal["accept", "decline", "confirm"] = "accept"

    brand = "visa"

    @property
    def spaced(self) -> str:
        return " ".join(self.number[at : at + 4] for at in range(0, len(self.number), 4))


CARDS = (
    Card("4242424242424242", "Accepted", "accept"),
    Card("4000000000000002", "Declined", "decline", "The card was declined."),
    Card(
        "4000000000009995", "Declined: not enough money", "decline", "There is not enough money on the card."
    ),
    Card("4000002500003155", "The bank asks for a confirmation", "confirm"),
    Card("4000002760003184", "The bank asks every time, also for a saved card", "confirm", alone="confirm"),
    Card(
        "4000000000000341",
        "Accepted, but declined later as a saved card",
        "accept",
        "The card was declined.",
        "decline",
    ),
    Card("4000000000000077", "Processing first, succeeds later", "settle_well"),
    Card(
        "4000000000000119",
        "Processing first, fails later",
        "settle_badly",
        "The bank sent the payment back.",
    ),
)


def find(number: str) -> Card | None:
    """The test card of this number; blanks and hyphens do not matter."""
    digits = number.replace(" ", "").replace("-", "")
    return next((card for card in CARDS if card.number == digits), None)
