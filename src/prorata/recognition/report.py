"""What a month did to deferred revenue, per seller, product and currency, and whether the ledger says the same.

The figures come from documents and from what was recognised, the other side from the entries of the ledger. Both are as of
the end of the month in the seller's zone, however much later somebody asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max, Min

from prorata.catalog.models import Product
from prorata.invoices.models import Seller
from prorata.recognition.items import ITEMS, through
from prorata.recognition.models import Day
from prorata.recognition.month import Month


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Minor units; what leaves deferred revenue is negative."""

    opening: int = 0
    invoiced: int = 0
    taken_over: int = 0
    credited: int = 0
    recognised: int = 0
    other: int = 0

    @property
    def closing(self) -> int:
        return self.opening + self.invoiced + self.taken_over + self.credited + self.recognised + self.other

    def __add__(self, more: Figures) -> Figures:
        return Figures(**{f.name: getattr(self, f.name) + getattr(more, f.name) for f in fields(self)})

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True, kw_only=True)
class Line:
    """One product of one seller in one currency; `product` is None for documents that name none."""

    seller: Seller
    product: Product | None
    currency: str
    figures: Figures


@dataclass(frozen=True, kw_only=True)
class Earned:
    """One account of earned revenue in the month: what the days recognised for it, and what its entries say."""

    account: str
    recognised: int
    ledger: int


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """A transfer that moves something else than its documents say; None for a document without a transfer."""

    id: int | None
    key: str
    documents: int
    ledger: int


@dataclass(frozen=True, kw_only=True)
class InCurrency:
    """`documents` sums the lines, `ledger` is the account of deferred revenue. `rest` is what the document lines have not
    earned by the last day of the month, worked out line by line; None while days of the month are not recognised."""

    currency: str
    lines: tuple[Line, ...]
    documents: Figures
    ledger: Figures
    earned: tuple[Earned, ...]
    rest: int | None
    astray: tuple[Transfer, ...]

    @property
    def ties(self) -> bool:
        return (
            self.documents == self.ledger
            and all(one.recognised == one.ledger for one in self.earned)
            and self.rest in (None, self.documents.closing)
            and not self.astray
        )


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A seller whose month is not recognised, or not to its end: the first and the last day that ever were, if any."""

    seller: Seller
    first: date | None
    last: date | None


@dataclass(frozen=True, kw_only=True)
class Report:
    """`gaps`: the sellers whose month is not recognised to its end."""

    month: Month
    currencies: tuple[InCurrency, ...]
    gaps: tuple[Gap, ...]

    @property
    def ties(self) -> bool:
        return all(one.ties for one in self.currencies)


Key = tuple[int, int | None, str]

# What every document and every recognised day did to deferred revenue, by the transfer that booked it.
CLAIMS = """
claims(key, seller_id, product_id, currency, figure, minor, at, account) AS (
    SELECT 'settle:' || i.reference, i.seller_id, s.product_id, i.currency, 'invoiced', i.net_minor, i.settled_at, NULL
      FROM invoices_invoice i LEFT JOIN services_service s ON s.id = i.service_id WHERE i.status = 'paid'
    UNION ALL
    SELECT 'credit:' || n.reason || ':' || n.origin, n.seller_id, s.product_id, n.currency, 'credited', -n.net_minor, n.at,
           NULL
      FROM invoices_creditnote n LEFT JOIN services_service s ON s.id = n.service_id
    UNION ALL
    SELECT min(t.key), d.seller_id, s.product_id, o.currency, 'taken_over', sum(o.amount_minor),
           d.ends_at - interval '1 microsecond', NULL
      FROM recognition_opening o JOIN recognition_day d ON d.id = o.day_id JOIN services_service s ON s.id = o.service_id
      JOIN ledger_transfer t ON t.id = o.transfer_id GROUP BY o.transfer_id, d.id, s.product_id, o.currency
    UNION ALL
    SELECT t.key, d.seller_id, r.product_id, r.currency, 'recognised', -r.amount_minor,
           d.ends_at - interval '1 microsecond', r.account
      FROM recognition_recognised r JOIN recognition_day d ON d.id = r.day_id JOIN ledger_transfer t ON t.id = r.transfer_id
), bounds AS (
    SELECT * FROM unnest(%(sellers)s::bigint[], %(begins)s::timestamptz[], %(ends)s::timestamptz[])
        AS b(seller_id, begins, ends)
)
"""

DOCUMENTS = f"""
WITH {CLAIMS}
SELECT seller_id, product_id, currency, CASE WHEN at < begins THEN 'opening' ELSE figure END AS column, sum(minor)::bigint
  FROM claims JOIN bounds USING (seller_id) WHERE at < ends GROUP BY 1, 2, 3, 4
"""

# An entry belongs to the seller of its document; one that no document claims, to the first.
ENTRIES = """
entries AS (
    SELECT t.id, t.key, a.code, e.currency, -e.amount_minor AS minor, t.at, CASE WHEN t.kind IN ('settled', 'spent') THEN
           'invoiced' WHEN t.kind IN ('reduced', 'reversed') THEN 'credited' WHEN t.kind IN ('taken_over', 'recognised') THEN
           t.kind ELSE 'other' END AS figure, coalesce(c.seller_id, (SELECT min(seller_id) FROM bounds)) AS seller_id
      FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id JOIN ledger_transfer t ON t.id = e.transfer_id
      LEFT JOIN (SELECT key, min(seller_id) AS seller_id FROM claims GROUP BY key) c USING (key)
     WHERE starts_with(a.code, 'revenue/')
)
"""

LEDGER = f"""
WITH {CLAIMS}, {ENTRIES}
SELECT currency, CASE WHEN at < begins THEN 'opening' ELSE figure END AS column, sum(minor)::bigint
  FROM entries JOIN bounds USING (seller_id)
 WHERE starts_with(code, 'revenue/deferred/') AND at < ends GROUP BY 1, 2
"""

EARNED = f"""
WITH {CLAIMS}, {ENTRIES}, said AS (
    SELECT account AS code, -sum(minor) AS minor FROM claims JOIN bounds USING (seller_id)
     WHERE account IS NOT NULL AND at >= begins AND at < ends GROUP BY account
), booked AS (
    SELECT code, sum(minor) AS minor FROM entries JOIN bounds USING (seller_id)
     WHERE starts_with(code, 'revenue/earned/') AND at >= begins AND at < ends GROUP BY code
)
SELECT code, coalesce(s.minor, 0)::bigint, coalesce(b.minor, 0)::bigint
  FROM said s FULL JOIN booked b USING (code) ORDER BY code
"""

REST = f"""
WITH {ITEMS}
SELECT currency, sum(amount - {through("days.last")})::bigint
  FROM items JOIN unnest(%(sellers)s::bigint[], %(last)s::date[], %(ends)s::timestamptz[]) AS days(seller_id, last, over)
    USING (seller_id)
 WHERE known_at < days.over GROUP BY currency
"""

ASTRAY = f"""
WITH {CLAIMS}, {ENTRIES}, said AS (
    SELECT key, currency, sum(minor) AS minor FROM claims JOIN bounds USING (seller_id)
     WHERE at < ends GROUP BY key, currency
), booked AS (
    SELECT id, key, currency, sum(minor) AS minor FROM entries JOIN bounds USING (seller_id)
     WHERE starts_with(code, 'revenue/deferred/') AND at < ends GROUP BY id, key, currency
)
SELECT currency, b.id, coalesce(b.key, s.key), coalesce(s.minor, 0)::bigint, coalesce(b.minor, 0)::bigint
  FROM said s FULL JOIN booked b USING (key, currency)
 WHERE coalesce(s.minor, 0) <> coalesce(b.minor, 0) ORDER BY b.id, 3 LIMIT 20
"""


def report(month: Month) -> Report:
    """The month as it stands in the books now."""
    sellers = {seller.pk: seller for seller in Seller.objects.order_by("id")}
    bounds = {pk: month.bounds(ZoneInfo(seller.zone)) for pk, seller in sellers.items()}
    given = {
        "sellers": list(bounds), "begins": [begins for begins, _ in bounds.values()],
        "ends": [ends for _, ends in bounds.values()], "last": [month.last] * len(bounds),
    }  # fmt: skip
    products = Product.objects.in_bulk()
    lines: dict[str, list[Line]] = defaultdict(list)
    for (seller_id, product_id, currency), figures in _documents(given).items():
        product = products[product_id] if product_id else None
        lines[currency].append(
            Line(seller=sellers[seller_id], product=product, currency=currency, figures=figures)
        )
    ledger, earned, astray = _ledger(given), _earned(given), _astray(given)
    gaps = _gaps(sellers, {line.seller for some in lines.values() for line in some}, month)
    rest = {str(row[0]): int(row[1]) for row in _rows(REST, given)} if not gaps else None
    found = []
    for currency in sorted(lines.keys() | ledger.keys() | earned.keys() | astray.keys()):
        own = sorted(
            lines[currency], key=lambda line: (line.seller.name, line.product.name if line.product else "")
        )
        found.append(
            InCurrency(
                currency=currency, lines=tuple(own), ledger=ledger.get(currency, Figures()),
                documents=reduce(Figures.__add__, (line.figures for line in own), Figures()),
                earned=tuple(earned.get(currency, ())), astray=tuple(astray.get(currency, ())),
                rest=None if rest is None else rest.get(currency, 0),
            )
        )  # fmt: skip
    return Report(month=month, currencies=tuple(found), gaps=gaps)


def _gaps(sellers: Mapping[int, Seller], selling: AbstractSet[Seller], month: Month) -> tuple[Gap, ...]:
    """Of the sellers that sold something or have days: those with a day of the month that no run has recognised."""
    spans = Day.objects.order_by().values_list("seller").annotate(first=Min("day"), last=Max("day"))
    days = {seller_id: (first, last) for seller_id, first, last in spans}
    found = []
    for pk, seller in sellers.items():
        first, last = days.get(pk, (None, None))
        if seller not in selling and (first is None or first > month.last):
            continue
        if first is None or last is None or last < month.last or first > month.last:
            found.append(Gap(seller=seller, first=first, last=last))
    return tuple(found)


def _documents(given: dict[str, Any]) -> dict[Key, Figures]:
    found: dict[Key, Figures] = defaultdict(Figures)
    for seller_id, product_id, currency, column, minor in _rows(DOCUMENTS, given):
        key = (seller_id, product_id, currency)
        found[key] = replace(found[key], **{column: minor})
    return {key: figures for key, figures in found.items() if figures}


def _ledger(given: dict[str, Any]) -> dict[str, Figures]:
    found: dict[str, Figures] = defaultdict(Figures)
    for currency, column, minor in _rows(LEDGER, given):
        found[currency] = replace(found[currency], **{column: minor})
    return {currency: figures for currency, figures in found.items() if figures}


def _earned(given: dict[str, Any]) -> dict[str, list[Earned]]:
    found: dict[str, list[Earned]] = defaultdict(list)
    for account, recognised, ledger in _rows(EARNED, given):
        found[account.rpartition("/")[2]].append(
            Earned(account=account, recognised=recognised, ledger=ledger)
        )
    return found


def _astray(given: dict[str, Any]) -> dict[str, list[Transfer]]:
    found: dict[str, list[Transfer]] = defaultdict(list)
    for currency, pk, key, documents, ledger in _rows(ASTRAY, given):
        found[currency].append(Transfer(id=pk, key=key, documents=documents, ledger=ledger))
    return found


def _rows(sql: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return list(cursor.fetchall())
