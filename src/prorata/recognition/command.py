"""`prorata recognition`: what a month earned of what was prepaid. Django is set up; nothing is written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from prorata import clock
from prorata.invoices.models import Seller
from prorata.recognition.month import Month, NoMonth, month_at, month_of
from prorata.recognition.report import report
from prorata.recognition.say import as_rows, as_text
from prorata.spreadsheet import csv_lines


def main(arguments: Sequence[str]) -> int:
    """Returns 0 when the month ties to the ledger, 1 when it does not, 2 after one line for what cannot be understood."""
    parser = argparse.ArgumentParser(
        prog="prorata recognition", allow_abbrev=False,
        description="What was deferred, invoiced, credited and earned in a month, per product; tied to the ledger.",
    )  # fmt: skip
    parser.add_argument("--month", metavar="2026-10", help="which month (default: the one before this)")
    parser.add_argument("--csv", action="store_true", help="write a table for a spreadsheet")
    chosen = parser.parse_args(list(arguments))
    try:
        month = last_month() if chosen.month is None else month_of(chosen.month)
    except NoMonth as wrong:
        sys.stderr.write(f"prorata: {wrong}\n")
        return 2
    found = report(month)
    if chosen.csv:
        sys.stdout.write(b"".join(csv_lines(as_rows(found))).decode())
    else:
        sys.stdout.write(f"{month}\n{as_text(found)}")
    return 0 if found.ties else 1


def last_month() -> Month:
    """The last month that is over, where the first seller is."""
    zone = Seller.objects.order_by("id").values_list("zone", flat=True).first()
    return month_at(clock.now(), ZoneInfo(zone or "UTC")).before
