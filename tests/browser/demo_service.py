"""web-01 of the demo as this test knows it: its price list, what it has, what was paid for it. Written out a second time,
so that the demo cannot change without a story noticing."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from browser.oracle import Books, after_months
from browser.papers import Papers
from browser.wording import Words
from support.browser import Visitor
from support.installation import Installation

TOKYO = ZoneInfo("Asia/Tokyo")
MACHINE = "vm-1042"
WORDS = Words(
    names={
        "cpu": "CPU cores", "memory": "Memory", "disk": "NVMe SSD", "backups": "Backup generations",
        "snapshots": "Snapshot limit",
    },
    units={"memory": "GB", "disk": "GB"}, zone=TOKYO, tax_label="Consumption tax",
)  # fmt: skip


def today(installed: Installation) -> date:
    return installed.now().astimezone(TOKYO).date()


def web_01(installed: Installation) -> Books:
    """Sold 75 days ago for six months at the discount of six months: 7,400 x 6 x 0.70 and 10 % tax."""
    starts = today(installed) - timedelta(days=75)
    books = Books(
        currency="JPY", rates={"cpu": 600, "memory": 450, "disk": 20, "backups": 300, "snapshots": 150},
        tiers=((1, 0), (3, "0.20"), (6, "0.30")), tax="0.10", rounding="down", ends=after_months(starts, 6), months=6,
        configuration={"cpu": 2, "memory": 4, "disk": 100, "backups": 7, "snapshots": 2},
    )  # fmt: skip
    books.bought(34_188, starts=starts)
    return books


def papers(visitor: Visitor, books: Books) -> Papers:
    return Papers(visitor, books, WORDS)
