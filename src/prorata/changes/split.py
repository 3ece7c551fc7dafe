"""Which purse pays how much: gifted credit soonest to expire first, then account credit, then the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prorata.credit.models import Purse


@dataclass(frozen=True, kw_only=True)
class Split:
    """Minor units. `parts` are the purses in the order they are used; `due_minor` is left for the gateway."""

    gross_minor: int
    gifted_minor: int
    account_minor: int
    due_minor: int
    parts: tuple[tuple[Purse, int], ...]
    account_after_minor: int

    @property
    def credit_minor(self) -> int:
        return self.gifted_minor + self.account_minor


def split(
    gross_minor: int, purses: Sequence[Purse], *, use_gifted: bool = True, use_account: bool = True
) -> Split:
    """Spread what is due over `purses`, given in the order they are to be used. Nothing is due on a credit."""
    rest, parts = max(gross_minor, 0), []
    taken = {Purse.Kind.GIFTED.value: 0, Purse.Kind.ACCOUNT.value: 0}
    for purse in purses:
        ticked = use_gifted if purse.kind == Purse.Kind.GIFTED else use_account
        amount = min(purse.balance_minor, rest) if ticked else 0
        if amount:
            parts.append((purse, amount))
            taken[purse.kind] += amount
            rest -= amount
    account = sum(p.balance_minor for p in purses if p.kind == Purse.Kind.ACCOUNT)
    return Split(
        gross_minor=max(gross_minor, 0), gifted_minor=taken["gifted"], account_minor=taken["account"], due_minor=rest,
        parts=tuple(parts), account_after_minor=account - taken["account"],
    )  # fmt: skip
