"""`prorata recognition`: what a month earned of what was prepaid. Django is set up; nothing is written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from prorata.recognition.month import NoMonth, last_month, month_of
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
