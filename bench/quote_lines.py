"""How many quotes a second `prorata quote --lines` answers on one core, its explanations included, and how long
it takes to start: `python bench/quote_lines.py [COUNT]`.

The quotes are all different: dates, prices and zones are drawn, discounts come from a few price lists as they
do at a provider. Figures are CPU seconds (user and system) of the child process, so that a busy machine does
not matter.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic

RULES = (
    "calendar-months",
    "average-months",
    "thirty-day-months",
    "calendar-sum",
    "period-days",
    "period-seconds",
)
ZONES = ("Asia/Tokyo", "Asia/Shanghai", "Europe/Berlin", "UTC")
COMMAND = "import sys; from prorata.pricing.quote_command import main; sys.exit(main(sys.argv[1:]))"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    with TemporaryDirectory() as folder:
        one = _written(folder, "one", [_quote(Random(1), RULES[0], 1)])
        starts = [_run(one) for _ in range(10)]
        cold = min(cpu for cpu, _ in starts)
        print(f"cold start: {cold:.3f} s CPU, {min(wall for _, wall in starts):.3f} s by the clock")
        for name, rules, lines in (
            ("calendar-months, 1 line", RULES[:1], 1),
            ("every rule, 1 line", RULES, 1),
            ("calendar-months, 3 lines, 1 layer", RULES[:1], 3),
        ):
            rng = Random(1)
            quotes = [_quote(rng, rules[number % len(rules)], lines) for number in range(count)]
            cpu, _ = _run(_written(folder, "many", quotes))
            print(f"{name}: {count / (cpu - cold):,.0f} quotes a second")


def _price_list(rng: Random) -> list[dict[str, object]]:
    return [{"months": months, "off": f"0.{rng.randint(0, 50):02}"} for months in (1, 3, 6)]


_LISTS = [_price_list(Random(seed)) for seed in range(5)]


def _quote(rng: Random, rule: str, lines: int) -> dict[str, object]:
    at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=rng.randint(0, 525_600))
    ends_at = at + timedelta(minutes=rng.randint(1, 525_600))
    discounts = rng.choice(_LISTS)
    quote: dict[str, object] = {
        "rule": rule,
        "at": at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "zone": rng.choice(ZONES),
        "currency": rng.choice(("USD", "JPY", "EUR")),
        "lines": [_line(rng, number, discounts, at) for number in range(lines)],
    }
    if rule.startswith("period-"):
        quote["starts_at"] = (at - timedelta(days=rng.randint(1, 200))).isoformat()
    return quote


def _line(rng: Random, number: int, discounts: list[dict[str, object]], at: datetime) -> dict[str, object]:
    line = {
        "name": f"component {number}",
        "old": str(rng.randint(0, 500)),
        "new": f"{rng.randint(0, 900)}.{rng.randint(0, 99):02}",
        "discounts": discounts,
    }
    if number == 2:
        starts = at.date() - timedelta(days=20)
        paid = {"amount": "90.50", "from": str(starts), "to": str(starts + timedelta(days=200))}
        line |= {"old": "500", "new": "100", "layers": [paid]}
    return line


def _written(folder: str, name: str, quotes: list[dict[str, object]]) -> Path:
    path = Path(folder, name)
    path.write_text("".join(f"{json.dumps(quote)}\n" for quote in quotes), encoding="utf-8")
    return path


def _run(path: Path) -> tuple[float, float]:
    """(CPU seconds, seconds by the clock) of one process that answers the whole file."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), monotonic()
    subprocess.run(
        [sys.executable, "-c", COMMAND, "--lines", str(path)], stdout=subprocess.DEVNULL, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, monotonic() - started


if __name__ == "__main__":
    main()
