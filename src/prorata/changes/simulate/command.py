"""`prorata simulate`: what other prices or another rule would bring. Django is set up; nothing is written."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from prorata import clock
from prorata.changes.simulate.question import CannotSimulate, Question, of_files, of_rule, product_of
from prorata.changes.simulate.run import simulate
from prorata.changes.simulate.say import as_json, as_text
from prorata.changes.situation import NoSeller, seller
from prorata.pricing.book_file import BookFile, read_books
from prorata.pricing.errors import BadInput


def main(arguments: Sequence[str]) -> int:
    """Returns 0, or 2 after one line on standard error for what cannot be worked out."""
    parser = argparse.ArgumentParser(
        prog="prorata simulate", allow_abbrev=False,
        description="What the next renewals and last month's changes would bring at other prices or by another rule.",
    )  # fmt: skip
    parser.add_argument(
        "--price-book", metavar="FILE", action="append", default=[],
        help="a JSON file with the other prices of a product in a currency; may be repeated",
    )  # fmt: skip
    parser.add_argument("--rule", metavar="NAME", help="price the changes by this rule instead")
    parser.add_argument("--product", metavar="CODE", help="only this product")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(list(arguments))
    try:
        outcome = simulate(_question(chosen), clock.now())
        zone = ZoneInfo(seller().zone)
    except (CannotSimulate, NoSeller) as wrong:
        sys.stderr.write(f"prorata: {wrong}\n")
        return 2
    text = json.dumps(as_json(outcome), ensure_ascii=False, indent=2) + "\n" if chosen.json else None
    sys.stdout.write(text or as_text(outcome, zone))
    return 0


def _question(chosen: argparse.Namespace) -> Question:
    if not chosen.price_book and chosen.rule is None:
        raise CannotSimulate("name what is to be tried: --price-book FILE, --rule NAME, or both")
    product = None if chosen.product is None else product_of(chosen.product, "--product")
    if not chosen.price_book:
        return of_rule(chosen.rule, product)
    files = [(name, book) for name in chosen.price_book for book in _books(name)]
    return of_files(files, rule=chosen.rule, product=product)


def _books(name: str) -> tuple[BookFile, ...]:
    try:
        return read_books(Path(name).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CannotSimulate(f"{name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CannotSimulate(f"{name} is not UTF-8 text: save it as UTF-8") from None
    except BadInput as bad:
        raise CannotSimulate(f"{name}: {bad}") from None
