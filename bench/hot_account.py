"""Whether transfers that all touch the same accounts are slower than transfers spread over many.

    .venv/bin/python -m bench.hot_account          about two minutes, some 60 seconds of them measuring
    .venv/bin/python -m bench.hot_account --smoke  a few transfers, to see that it works

Every transfer is the posting of a settled invoice, as `ledger.post` writes it: a customer's receivable against revenue and
tax, one transaction each. Hot: all of them credit one account of deferred revenue and one of tax, as in a real portal.
Spread: each credits two of a thousand. Both sides use the same connections, take turns, and debit a thousand receivables
alike. The promise is that hot is at least 0.9 of spread: no running balance, no lock that anybody waits for.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.cpu import Meter
from bench.figures import circumstances, ratio_line
from bench.ground import Ground
from bench.hands import Hands
from prorata.ledger.accounts import AccountName

PROCESSES, CONNECTIONS_EACH = 2, 8
ACCOUNTS = 1_000
NET, TAX = 100, 10
PROMISED = 0.9


@dataclass(frozen=True)
class Size:
    """Transfers of one turn, over all connections; a round is several turns of each side."""

    rounds: int
    turns: int
    transfers: int


# About half a second a turn: what else runs on the machine then disturbs both sides alike.
FULL, SMOKE = Size(rounds=10, turns=6, transfers=960), Size(rounds=1, turns=1, transfers=32)


@dataclass
class Spent:
    """What one side took in a round: seconds on the wall, and of processor time, PostgreSQL's included."""

    count: int = 0
    wall: float = 0.0
    cpu: float = 0.0


Round = dict[str, Spent]


def legs(side: str, n: int) -> list[tuple[AccountName, int]]:
    """The entries of the n-th transfer of a side."""
    where = "hot/0" if side == "hot" else f"spread/{n % ACCOUNTS}"
    return [
        (AccountName(f"bench/receivable/{n % ACCOUNTS}/JPY", "asset", "JPY"), NET + TAX),
        (AccountName(f"bench/revenue/{where}/JPY", "liability", "JPY"), -NET),
        (AccountName(f"bench/tax/{where}/JPY", "liability", "JPY"), -TAX),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.hot_account", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="a few transfers, to see that it works")
    size = SMOKE if parser.parse_args().smoke else FULL
    with Ground() as ground:
        hands = [Hands() for _ in range(PROCESSES)]
        try:
            return measure(ground, hands, size)
        finally:
            for one in hands:
                one.close()


def measure(ground: Ground, hands: list[Hands], size: Size) -> int:
    """Print everything; exit status 1 if the books are wrong."""
    settings = ground.settings()
    with ground.owner() as owner:
        _accounts(owner)
        print(circumstances(ground.home, settings))
        print(f"{PROCESSES * CONNECTIONS_EACH} connections, {size.transfers} transfers a turn")
        turns = _turns()
        _turn(hands, turns, "spread", size, Spent(), Meter([]))  # connections are opened here
        posted = size.transfers
        meter = Meter([ground.postgres_pid, *(one.pid for one in hands)])
        rounds: list[Round] = []
        for n in range(size.rounds):
            found = {"hot": Spent(), "spread": Spent()}
            for turn in range(size.turns):
                # Who goes first changes, so that what one side leaves to do for the other is shared.
                for side in ("hot", "spread") if (n + turn) % 2 else ("spread", "hot"):
                    _turn(hands, turns, side, size, found[side], meter)
                    posted += size.transfers
            rounds.append(found)
        report(rounds)
        wrong = list(mistakes(owner, posted, size.rounds * size.turns * size.transfers))
    print(f"\nbooks after {posted} transfers: {'; '.join(wrong) or 'right'}")
    return 1 if wrong else 0


def _accounts(owner: Any) -> None:
    """Every account stands beforehand: only the first posting ever makes one."""
    made = {leg.code: leg for side in ("hot", "spread") for n in range(ACCOUNTS) for leg, _ in legs(side, n)}
    with owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ledger_account (code, kind, currency) VALUES (%s, %s, %s)",
            [(leg.code, leg.kind, leg.currency) for leg in made.values()],
        )
    owner.execute("ANALYZE ledger_account")


def _turns() -> Iterator[int]:
    """Numbers of transfers that were not given before."""
    n = 0
    while True:
        yield n
        n += 1_000_000


def _turn(
    hands: list[Hands], turns: Iterator[int], side: str, size: Size, spent: Spent, meter: Meter
) -> None:
    each = size.transfers // len(hands)
    before = meter.seconds()
    for one in hands:
        one.begin("post", side, next(turns), each, CONNECTIONS_EACH)
    spans = [one.end() for one in hands]
    spent.wall += max(end for _, end in spans) - min(begin for begin, _ in spans)
    spent.cpu += meter.seconds() - before
    spent.count += each * len(hands)


def report(rounds: list[Round]) -> None:
    print("\nround by round, a second (a record, not a claim)")
    each = [
        {side: spent.count / spent.wall for side, spent in found.items()} for found in rounds
    ]  # fmt: skip
    print("  hot : spread   " + "   ".join(f"{one['hot']:.0f} : {one['spread']:.0f}" for one in each) + "\n")
    ratios = [one["hot"] / one["spread"] for one in each]
    print(ratio_line("hot by spread", ratios))
    if all(found["hot"].cpu for found in rounds):
        print(
            ratio_line("the same by processor time", [one["spread"].cpu / one["hot"].cpu for one in rounds])
        )
    kept = "kept" if statistics.median(ratios) >= PROMISED else "NOT kept"
    print(f"promised: at least {PROMISED}: {kept}")


def mistakes(owner: Any, posted: int, hot: int) -> Iterator[str]:
    """What is wrong with the books after so many transfers, so many of them hot."""
    count, total = owner.execute(
        "SELECT count(DISTINCT t.id), coalesce(sum(e.amount_minor), 0) FROM ledger_transfer t "
        "JOIN ledger_entry e ON e.transfer_id = t.id WHERE t.kind = 'bench'"
    ).fetchone()
    if (count, total) != (posted, 0):
        yield f"{count} transfers sum to {total}"
    for code, wanted in (("bench/revenue/hot/0/JPY", -NET * hot), ("bench/tax/hot/0/JPY", -TAX * hot)):
        (balance,) = owner.execute(
            "SELECT coalesce(sum(amount_minor), 0) FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id "
            "WHERE a.code = %s",
            [code],
        ).fetchone()
        if balance != wanted:
            yield f"{code} stands at {balance}, not at {wanted}"
    (deadlocks,) = owner.execute(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    ).fetchone()
    if deadlocks:
        yield f"{deadlocks} deadlocks"


if __name__ == "__main__":
    raise SystemExit(main())
