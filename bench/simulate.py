"""How long the simulator takes with ten thousand services, beside ten: statements, processor time, and the clock.

    python -m bench.simulate            about 40 seconds, most of them making the services
    python -m bench.simulate --smoke    a few services, to see that it works

What is measured is `changes.simulate.run.simulate` as the desk's page calls it, with five per cent on all rates.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from bench.cpu import Meter
from bench.figures import circumstances
from bench.ground import Ground

if TYPE_CHECKING:
    from prorata.customers.models import User
    from prorata.services.models import Service


@dataclass(frozen=True)
class Size:
    services: int
    customers: int
    changes: int
    rounds: int


FULL = Size(services=10_000, customers=500, changes=100, rounds=5)
SMOKE = Size(services=60, customers=6, changes=2, rounds=1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.simulate", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="a few services, to see that it works")
    size = SMOKE if parser.parse_args().smoke else FULL
    with Ground() as ground:
        return measure(ground, size)


def measure(ground: Ground, size: Size) -> int:
    """Two lines: few services, then all of them, and as many changes."""
    from bench.people import copies, customer, load_demo

    settings = ground.settings()
    web = load_demo()
    person = customer("few")
    copies(web, person[0], 10)
    print(circumstances(ground.home, settings))
    print(
        f"{'services':>9}{'changes':>9}{'statements':>12}{'processor':>12}{'clock':>10}   median of {size.rounds} rounds"
    )
    few = timed(ground, size.rounds)
    for n in range(size.customers):
        mine = customer(f"many-{n}")
        services = copies(web, mine[0], size.services // size.customers, host=f"host-{n}")
        if n < size.changes:
            order(mine[1], services[0])
    with ground.owner() as connection:
        connection.execute("ANALYZE")
    many = timed(ground, size.rounds)
    if few != many:
        raise SystemExit(f"bench: {many} statements with many services, {few} with few: they grow")
    return 0


def order(person: User, service: Service) -> None:
    """One change, paid by credit."""
    from bench.prepared import ready
    from prorata.changes.submit import submit

    submit(person, ready(person, service).reference, shown_due_minor=0)


def timed(ground: Ground, rounds: int) -> int:
    """Print one line; the number of statements."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from prorata import clock
    from prorata.catalog.models import Product
    from prorata.catalog.values import forget
    from prorata.changes.simulate.question import of_per_cent
    from prorata.changes.simulate.run import simulate

    product = Product.objects.get(code="bestnet-cloud")
    question = of_per_cent(product, "JPY", Decimal(5), clock.now())
    forget()
    with CaptureQueriesContext(connection) as captured:
        (found,) = simulate(question, clock.now()).currencies
    meter, spent = Meter([ground.postgres_pid]), []
    for _ in range(rounds):
        mine, theirs, wall = time.process_time(), meter.seconds(), time.perf_counter()
        simulate(question, clock.now())
        wall = time.perf_counter() - wall
        spent.append((time.process_time() - mine + meter.seconds() - theirs, wall))
    cpu, wall = sorted(spent)[rounds // 2]
    print(
        f"{found.renewals.count:>9,}{found.changes.count:>9,}{len(captured):>12}{cpu:>10.3f} s{wall:>8.3f} s"
    )
    return len(captured)


if __name__ == "__main__":
    raise SystemExit(main())
