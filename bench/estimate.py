"""How long the live estimate takes: an open loop against a real web server, beside a page that does nothing.

    python -m bench.estimate            about 70 seconds, of which 54 measure
    python -m bench.estimate --smoke    a few requests, to see that it works

Three series take turns, each at 20 requests a second: the estimate of a customer with one service, the estimate of a
customer with 1,000, and the cheapest answer there is for somebody signed in (session and user are read, a redirect is sent).
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from bench.cpu import Meter
from bench.figures import circumstances, quantile, ratio_line
from bench.ground import Ground
from bench.open_loop import Answers, Ask, run

RATE = 20
# What people move: one resource, all of them, up and down at once, and down alone.
MOVES: tuple[dict[str, int], ...] = (
    {"memory": 8},
    {"cpu": 4, "memory": 8, "disk": 160, "backups": 10, "snapshots": 4},
    {"cpu": 4, "backups": 4},
    {"memory": 3, "backups": 5},
)
TOTAL = re.compile(r'id="total" value="([^"]+)"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Size:
    seconds: float
    rounds: int
    services: int


FULL, SMOKE = Size(seconds=6, rounds=3, services=1_000), Size(seconds=0.5, rounds=1, services=20)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.estimate", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="a few requests, to see that it works")
    with Ground() as ground:
        return measure(ground, SMOKE if parser.parse_args().smoke else FULL)


def measure(ground: Ground, size: Size) -> int:
    """Print everything; exit status 1 if any answer was wrong."""
    from bench.people import copies, customer, load_demo

    settings = ground.settings()
    web = load_demo()
    few, many = customer("one"), customer("many")
    services = {"one": copies(web, few[0], 1), "many": copies(web, many[0], size.services)}
    with ground.owner() as connection:
        connection.execute("ANALYZE")
    meter = Meter([ground.start_portal(), ground.postgres_pid])
    tabs = {
        "one": Tab(ground.url, few[1], [s.pk for s in services["one"]]),
        "many": Tab(ground.url, many[1], [s.pk for s in services["many"]]),
    }
    print(circumstances(ground.home, settings))
    queries = {name: tab.queries_per_estimate() for name, tab in tabs.items()}
    series: dict[str, Callable[[int], list[Ask]]] = {
        "nothing": tabs["one"].redirects,
        "one": tabs["one"].estimates,
        "many": tabs["many"].estimates,
    }
    rounds = take_turns(series, size, meter)
    return report(rounds, queries, tabs["one"].queries_of_nothing(), size)


def take_turns(
    series: dict[str, Callable[[int], list[Ask]]], size: Size, meter: Meter
) -> dict[str, list[Answers]]:
    """A B C A B C ...: what disturbs the machine for a while disturbs all of them."""
    count = max(1, int(RATE * size.seconds))
    for asks in series.values():  # every process of the web server has its templates and price books by now
        run(asks(24), seconds=0.6 if count > 20 else 0.3, seed=0)
    rounds: dict[str, list[Answers]] = {name: [] for name in series}
    for n in range(size.rounds):
        for name, asks in series.items():
            before = meter.seconds()
            answers = run(asks(count), seconds=size.seconds, seed=n)
            answers.cpu = meter.seconds() - before
            rounds[name].append(answers)
    return rounds


class Tab:
    """A browser tab of one person who is signed in, on the change pages of these services."""

    def __init__(self, url: str, person: object, services: list[int]) -> None:
        from django.test import Client

        self.services = services
        self.inside = Client(SERVER_NAME="127.0.0.1", headers={"Accept-Language": "en"})
        self.inside.force_login(person)  # type: ignore[arg-type]
        session = {name: morsel.value for name, morsel in self.inside.cookies.items()}
        self.outside = httpx.Client(base_url=url, cookies=session, timeout=30, trust_env=False)
        page = self.outside.get(f"/services/{services[0]}/change").raise_for_status()
        found = TOKEN.search(page.text)
        assert found, "the change page has no form: somebody is not signed in"
        self.token = found[1]
        self.expected = [self._expected(move) for move in MOVES]

    def estimates(self, count: int) -> list[Ask]:
        """As the page sends them, over all services in turn, and the total each answer must show."""
        return [
            Ask(
                self.outside.build_request(
                    "POST",
                    f"/services/{self.services[n * 37 % len(self.services)]}/estimate",
                    data=self._form(n % len(MOVES)),
                    headers={"HX-Request": "true", "HX-Target": "estimate", "Accept-Language": "en"},
                ),
                _shows(self.expected[n % len(MOVES)]),
            )
            for n in range(count)
        ]

    def redirects(self, count: int) -> list[Ask]:
        """The first address leads on to the services."""
        return [Ask(self.outside.build_request("GET", "/"), _leads_on) for _ in range(count)]

    def queries_per_estimate(self) -> list[int]:
        """SQL statements of each move, counted in this process, warm."""
        return [len(self._statements(lambda move=move: self._ask_inside(move))) for move in range(len(MOVES))]

    def queries_of_nothing(self) -> int:
        return len(self._statements(lambda: self.inside.get("/")))

    def _statements(self, act: Callable[[], object]) -> list[dict[str, str]]:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as found:
            act()
        return found.captured_queries

    def _expected(self, move: dict[str, int]) -> str:
        found = TOTAL.search(self._ask_inside(MOVES.index(move)))
        assert found, f"{move} has no price"
        return found[1]

    def _ask_inside(self, move: int) -> str:
        address = f"/services/{self.services[0]}/estimate"
        answer = self.inside.post(address, self._form(move), headers={"HX-Request": "true"})
        assert answer.status_code == 200, answer.status_code
        return answer.content.decode()

    def _form(self, move: int) -> dict[str, str]:
        from prorata.config.demo_data import WEB

        values = {code: str(value) for code, value in (WEB | MOVES[move]).items()}
        return {"csrfmiddlewaretoken": self.token, **values}


def _shows(total: str) -> Callable[[httpx.Response], str]:
    def wrong(answer: httpx.Response) -> str:
        found = TOTAL.search(answer.text)
        shown = found[1] if found else "no total"
        return (
            ""
            if answer.status_code == 200 and shown == total
            else f"{answer.status_code}, {shown}, not {total}"
        )

    return wrong


def _leads_on(answer: httpx.Response) -> str:
    right = answer.status_code == 302 and answer.headers["Location"].endswith("/services")
    return "" if right else f"{answer.status_code}"


def report(rounds: dict[str, list[Answers]], queries: dict[str, list[int]], least: int, size: Size) -> int:
    names = {
        "nothing": "signed in, nothing done",
        "one": "estimate, 1 service",
        "many": f"estimate, {size.services:,} services",
    }
    print(
        f"\nopen loop, {RATE} a second, latency from the instant each was due, in ms (a record, not a claim)"
    )
    print(
        f"{'':<28}{'p50':>8}{'p95':>8}{'p99':>8}{'most':>8}{'answers':>9}{'errors':>8}{'CPU each':>10}  SQL statements"
    )
    errors: list[str] = []
    for name, words in names.items():
        whole = Answers()
        for answers in rounds[name]:
            whole.add(answers)
        errors += whole.errors
        points = "".join(
            f"{quantile(whole.latencies, share) * 1000:8.1f}" for share in (0.5, 0.95, 0.99, 1.0)
        )
        sql = least if name == "nothing" else _range(queries[name])
        print(
            f"{words:<28}{points}{len(whole.latencies):>9}{len(whole.errors):>8}{_each(whole):10.1f}  {sql}"
        )
    print()
    for what, above, below in (
        ("estimate by nothing done", "one", "nothing"),
        (f"estimate with {size.services:,} services by with one", "many", "one"),
    ):
        pairs = list(zip(rounds[above], rounds[below], strict=True))
        for share, word in ((0.5, "p50"), (0.95, "p95")):
            ratios = [quantile(a.latencies, share) / quantile(b.latencies, share) for a, b in pairs]
            print(ratio_line(f"{what}, {word}", ratios))
        if all(_each(b) for _, b in pairs):
            print(ratio_line(f"{what}, processor time", [_each(a) / _each(b) for a, b in pairs]))
    for error in sorted(set(errors))[:5]:
        print(f"wrong answer: {error}")
    return 1 if errors else 0


def _each(answers: Answers) -> float:
    """Processor time of web server and PostgreSQL for one answer, in ms."""
    return answers.cpu / len(answers.latencies) * 1000


def _range(counts: list[int]) -> str:
    return str(counts[0]) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"


if __name__ == "__main__":
    raise SystemExit(main())
