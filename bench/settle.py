"""How many changes a second are submitted and settled by credit, as a share of what PostgreSQL could write at all.

    python -m bench.settle              about two minutes, of which some 30 seconds measure
    python -m bench.settle --smoke      a few changes, to see that it works

A is `changes.submit.submit` with a quote made beforehand: change, invoice, ledger, credit log, room on the host, legal
number and the job for the worker, in one transaction. U is the null order (null_order.py) on the same connections of the
same processes. A and U take turns. Afterwards the books are checked; if anything is wrong there, the figures are void.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.cpu import Meter
from bench.figures import circumstances, ratio_line
from bench.ground import Ground
from bench.hands import Hands, Ready

WARM_UP = 10


@dataclass(frozen=True)
class Size:
    """Changes and null orders of one turn, over all connections; a round is several turns of each."""

    rounds: int
    turns: int
    changes: int
    nulls: int


# About half a second a turn: what else runs on the machine then disturbs both sides alike.
FULL, SMOKE = Size(rounds=5, turns=4, changes=30, nulls=700), Size(rounds=1, turns=1, changes=4, nulls=20)
CONNECTIONS = (1, 2)


@dataclass
class Spent:
    """What so much of one kind took: seconds on the wall, and of processor time, PostgreSQL's included."""

    count: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        return self.count / self.wall


Round = tuple[Spent, Spent]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.settle", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="a few changes, to see that it works")
    with Ground() as ground:
        hands = [Hands() for _ in range(max(CONNECTIONS))]
        try:
            return measure(ground, hands, SMOKE if parser.parse_args().smoke else FULL)
        finally:
            for one in hands:
                one.close()


def measure(ground: Ground, hands: list[Hands], size: Size) -> int:
    """Print everything; exit status 1 if the books are wrong."""
    from bench.books import mistakes
    from bench.null_order import make

    settings = ground.settings()
    quotes = _prepare(hands, size)
    submitted = len(quotes)
    with ground.owner() as owner:
        counts = _one_real_change(owner, quotes[:2], make)
        del quotes[:2]
        owner.execute("ANALYZE")
        print(circumstances(ground.home, settings))
        print(_rows(counts))
        rounds = _take_turns(hands, quotes, size, Meter([ground.postgres_pid, *(one.pid for one in hands)]))
        assert not quotes
        report(rounds)
        wrong = mistakes(owner, submitted)
    print(f"\nbooks after {submitted} changes: {'; '.join(wrong) or 'right'}")
    return 1 if wrong else 0


def _prepare(hands: list[Hands], size: Size) -> list[Ready]:
    from bench.people import load_demo

    model = load_demo().pk
    needed = 2 + WARM_UP * len(hands) + size.rounds * size.turns * size.changes * len(CONNECTIONS)
    shares = [needed // len(hands) + (n < needed % len(hands)) for n in range(len(hands))]
    for n, one in enumerate(hands):
        one.begin("prepare", model, f"buyer-{n}", shares[n])
    return [ready for one in hands for ready in one.end()]


def _one_real_change(owner: Any, two: list[Ready], make: Any) -> dict[str, int]:
    """Submit with an eye on every table, and write the null order from what that left.

    What only the first change ever leaves (accounts, the host) is not counted, so another one goes before it.
    """
    from bench.hands import submit_all
    from bench.null_order import marks
    from prorata.config.embedded_postgres import APPLICATION

    submit_all(two[:1])
    before = marks(owner)
    submit_all(two[1:])
    counts: dict[str, int] = make(owner, before, APPLICATION)
    return counts


def _take_turns(hands: list[Hands], quotes: list[Ready], size: Size, meter: Meter) -> dict[int, list[Round]]:
    """Per number of connections, for each round: what the changes took, and what the null orders took."""
    counter = Counter(null=1)
    _together(hands, _submits(hands, quotes, WARM_UP * len(hands)))
    _together(hands, _places(hands, counter, 50 * len(hands)))
    rounds: dict[int, list[Round]] = {count: [] for count in CONNECTIONS}
    for _ in range(size.rounds):
        for count in CONNECTIONS:
            some, changes, nulls = hands[:count], Spent(), Spent()
            for _ in range(size.turns):
                _add(changes, some, _submits(some, quotes, size.changes), size.changes, meter)
                _add(nulls, some, _places(some, counter, size.nulls), size.nulls, meter)
            rounds[count].append((changes, nulls))
    return rounds


def _add(
    spent: Spent, hands: Sequence[Hands], told: Sequence[tuple[Any, ...]], count: int, meter: Meter
) -> None:
    before = meter.seconds()
    spent.wall += _together(hands, told)
    spent.cpu += meter.seconds() - before
    spent.count += count


def _submits(hands: Sequence[Hands], quotes: list[Ready], count: int) -> list[tuple[Any, ...]]:
    each = count // len(hands)
    return [("submit", [quotes.pop() for _ in range(each)]) for _ in hands]


def _places(hands: Sequence[Hands], counter: Counter[str], count: int) -> list[tuple[Any, ...]]:
    each, told = count // len(hands), []
    for _ in hands:
        told.append(("place", counter["null"], each))
        counter["null"] += each
    return told


def _together(hands: Sequence[Hands], told: Sequence[tuple[Any, ...]]) -> float:
    """All at once; seconds from the first beginning to the last end."""
    for one, what in zip(hands, told, strict=True):
        one.begin(*what)
    spans = [one.end() for one in hands]
    return float(max(end for _, end in spans) - min(begin for begin, _ in spans))


def _rows(counts: dict[str, int]) -> str:
    listed = ", ".join(f"{table} {count}" for table, count in sorted(counts.items()))
    return f"one change leaves {sum(counts.values())} rows: {listed}"


def report(rounds: dict[int, list[Round]]) -> None:
    print("\nround by round, a second (a record, not a claim)")
    for count, pairs in rounds.items():
        listed = "   ".join(f"{changes.rate:.0f} : {nulls.rate:.0f}" for changes, nulls in pairs)
        print(f"  {_connections(count):<15} changes : null orders   {listed}")
    print()
    for count, pairs in rounds.items():
        ratios = [changes.rate / nulls.rate for changes, nulls in pairs]
        print(ratio_line(f"changes by null orders, {_connections(count)}", ratios))
    for count, pairs in rounds.items():
        if all(nulls.cpu for _, nulls in pairs):
            print(_processor_line(count, pairs))


def _processor_line(count: int, pairs: list[Round]) -> str:
    each = [(changes.cpu / changes.count, nulls.cpu / nulls.count) for changes, nulls in pairs]
    middle = [statistics.median(side) * 1000 for side in zip(*each, strict=True)]
    line = ratio_line(
        f"the same by processor time, {_connections(count)}", [null / change for change, null in each]
    )
    return f"{line}; {middle[0]:.1f} and {middle[1]:.2f} ms"


def _connections(count: int) -> str:
    return f"{count} connection{'s' if count > 1 else ''}"


if __name__ == "__main__":
    raise SystemExit(main())
