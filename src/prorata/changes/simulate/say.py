"""An outcome as plain text and as JSON, with the same figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from prorata.changes.simulate.outcome import Amounts, InCurrency, Outcome, Party
from prorata.pricing.display import amount_text
from prorata.pricing.money import decimal_of, minor_digits

# So many winners and losers are named.
NAMED = 5
_WIDE = 34


def as_text(outcome: Outcome, zone: ZoneInfo) -> str:
    """Everything a terminal shows: one block a currency, amounts before tax."""
    since, at = (moment.astimezone(zone) for moment in (outcome.since, outcome.at))
    lines = [
        f"Renewals: the next one of every active service, at prices of {at:%Y-%m-%d %H:%M} {zone}.",
        f"Changes: those submitted since {since:%Y-%m-%d %H:%M}. Amounts are before tax.",
    ]
    if not outcome.currencies:
        lines += ["", "Nothing to compare: no active service and no change of last month is concerned."]
    for one in outcome.currencies:
        lines += ["", *_block(one)]
    lines += [f"Left out: {why}" for why in outcome.left_out]
    return "\n".join(lines) + "\n"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Amounts are strings in major units with the currency's own decimals."""
    return {
        "at": outcome.at.isoformat(),
        "since": outcome.since.isoformat(),
        "currencies": [_currency_as_json(one) for one in outcome.currencies],
        "left_out": list(outcome.left_out),
    }


def _block(one: InCurrency) -> Iterator[str]:
    def row(name: str, amounts: Amounts) -> str:
        now, then = (amount_text(minor, one.currency) for minor in (amounts.now, amounts.then))
        return f"{name[:_WIDE]:<{_WIDE}}{now:>16}{then:>16}{signed(amounts.difference, one.currency):>16}"

    yield f"{one.currency:<{_WIDE}}{'now':>16}{'then':>16}{'difference':>16}"
    yield row(f"Renewals ({one.renewals.count:,})", one.renewals)
    yield row(f"Changes ({one.changes.count:,})", one.changes)
    for title, parties in (
        ("By product", one.products),
        ("By customer", one.customers),
        ("Pay less", one.winners(NAMED)),
        ("Pay more", one.losers(NAMED)),
    ):
        yield ""
        yield title
        if not parties:
            yield "  nobody"
        for party in parties:
            yield row(f"  {party.name}", party.total)


def signed(minor: int, currency: str) -> str:
    """A difference with its sign: +1,234.50, 0.00, -3.00."""
    return ("+" if minor > 0 else "") + amount_text(minor, currency)


def _currency_as_json(one: InCurrency) -> dict[str, Any]:
    def amounts(given: Amounts) -> dict[str, Any]:
        return {"count": given.count} | {
            name: format(decimal_of(minor, minor_digits(one.currency)), "f")
            for name, minor in (("now", given.now), ("then", given.then), ("difference", given.difference))
        }

    def party(given: Party) -> dict[str, Any]:
        return {
            "name": given.name, "renewals": amounts(given.renewals), "changes": amounts(given.changes),
            "total": amounts(given.total),
        }  # fmt: skip

    return {
        "currency": one.currency, "renewals": amounts(one.renewals), "changes": amounts(one.changes),
        "products": [party(each) for each in one.products], "customers": [party(each) for each in one.customers],
        "pay_less": [party(each) for each in one.winners(NAMED)],
        "pay_more": [party(each) for each in one.losers(NAMED)],
    }  # fmt: skip
