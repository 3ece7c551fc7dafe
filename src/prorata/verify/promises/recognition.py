"""Deferred and earned revenue: what is recognised is what the documents earn by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection

from prorata.invoices.models import Seller
from prorata.recognition.by_day import Item
from prorata.recognition.items import ITEMS
from prorata.recognition.models import Day, Opening, Recognised
from prorata.recognition.take_over import adopted, openings
from prorata.recognition.when import ONE_DAY, next_day
from prorata.verify.promise import Asked, Promise, Rows

DAYS_FOLLOW = """
SELECT 'recognition_day ' || id, day::text, 'comes after recognition_day ' || before || ', which is ' || was
  FROM (SELECT id, day, seller_id, lag(day) OVER own AS was, lag(id) OVER own AS before
          FROM recognition_day WINDOW own AS (PARTITION BY seller_id ORDER BY id)) d
 WHERE day <> was + 1
UNION ALL
SELECT 'recognition_day ' || id, day::text, 'ends at ' || ends_at
  FROM recognition_day
 WHERE abs(extract(epoch FROM ends_at - (day + 1)::timestamp AT TIME ZONE 'UTC')) > 15 * 3600
"""

# Products may get another code; an account keeps the one it was opened with, and belongs to one product for ever.
ACCOUNTS_OF_PRODUCTS = """
WITH used AS (
    SELECT account, product_id, count(*) AS times, min(id) AS first FROM recognition_recognised GROUP BY account, product_id
), most AS (
    SELECT DISTINCT ON (account) account, product_id, first FROM used ORDER BY account, times DESC, first
)
SELECT 'recognition_recognised ' || r.id, r.account,
       CASE WHEN r.product_id IS DISTINCT FROM m.product_id
            THEN 'is of another product than recognition_recognised ' || m.first || ' on the same account'
            ELSE 'is on an account that is not one of earned revenue in ' || r.currency END
  FROM recognition_recognised r JOIN most m USING (account)
 WHERE r.product_id IS DISTINCT FROM m.product_id
    OR r.account !~ ('^revenue/earned/' || CASE WHEN r.product_id IS NULL THEN '' ELSE '[-a-zA-Z0-9_]+/' END ||
                     r.currency || '$')
"""

EARNED_IS_RECOGNISED = """
SELECT 'ledger_account ' || a.id, a.code,
       'has earned ' || coalesce(e.total, 0) || ', the days recognised ' || coalesce(r.total, 0)
  FROM ledger_account a
  LEFT JOIN (SELECT account_id, -sum(amount_minor) AS total FROM ledger_entry GROUP BY 1) e ON e.account_id = a.id
  LEFT JOIN (SELECT account AS code, sum(amount_minor) AS total FROM recognition_recognised GROUP BY 1) r USING (code)
 WHERE starts_with(a.code, 'revenue/earned/') AND coalesce(e.total, 0) <> coalesce(r.total, 0)
"""

DEFERRED_IS_THE_REST = f"""
WITH {ITEMS}, wanted AS (
    SELECT currency, sum(minor) AS minor FROM (
        SELECT currency, amount AS minor FROM items
        UNION ALL SELECT currency, -amount_minor FROM recognition_recognised) parts GROUP BY currency
)
SELECT coalesce('ledger_account ' || a.id, 'revenue/deferred/' || w.currency), coalesce(a.code, w.currency),
       'stands at ' || coalesce(e.total, 0) || ', what is not recognised of all documents is ' || coalesce(w.minor, 0)
  FROM (SELECT * FROM ledger_account WHERE starts_with(code, 'revenue/deferred/')) a
  LEFT JOIN (SELECT account_id, -sum(amount_minor) AS total FROM ledger_entry GROUP BY 1) e ON e.account_id = a.id
  FULL JOIN wanted w ON a.code = 'revenue/deferred/' || w.currency
 WHERE coalesce(e.total, 0) <> coalesce(w.minor, 0)
"""

Group = tuple[int, int | None, str]


def recognised_by_day(asked: Asked) -> Rows:
    """Per seller, product and currency, at the end of the last day that was recognised: the items one by one, worked out
    apart from the job that recognises."""
    recognised: dict[Group, int] = defaultdict(int)
    newest: dict[Group, int] = {}
    rows = Recognised.objects.order_by("id").values_list(
        "day__seller_id", "product_id", "currency", "amount_minor", "pk"
    )
    for seller_id, product_id, currency, minor, pk in rows.iterator(5_000):
        recognised[seller_id, product_id, currency] += minor
        newest[seller_id, product_id, currency] = pk
    earned = _earned()
    for group in sorted(recognised.keys() | earned.keys(), key=str):
        if recognised[group] != earned.get(group, 0):
            seller, product, code = group
            place = (
                f"recognition_recognised {newest[group]}" if group in newest else f"invoices_seller {seller}"
            )
            said = f"and those before it recognised {recognised[group]}, the documents have earned {earned.get(group, 0)}"
            yield place, f"catalog_product {product} in {code}", said


def _earned() -> dict[Group, int]:
    last = {
        day.seller_id: day
        for day in Day.objects.order_by("seller_id", "-day").distinct("seller_id").iterator()
    }
    earned: dict[Group, int] = defaultdict(int)
    for seller_id, product_id, currency, amount, starts, ends, known_at in _items() if last else ():
        day = last.get(seller_id)
        if day is not None and known_at < day.ends_at:
            earned[seller_id, product_id, currency] += Item(amount, starts, ends).through(day.day)
    return earned


def _items() -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {ITEMS} SELECT seller_id, product_id, currency, amount, starts, ends, known_at FROM items"
        )
        while some := cursor.fetchmany(5_000):
            yield from some


def taken_over(asked: Asked) -> Rows:
    """What was taken over with each adopted service is what its opening layers leave."""
    seller = Seller.objects.order_by("id").first()
    last = Day.objects.filter(seller=seller).order_by("-day").first()
    if seller is None or last is None:
        return
    try:
        yield from _openings(last, ZoneInfo(seller.zone))
    except (ObjectDoesNotExist, ValueError) as problem:
        yield "invoices_layer", "", f"what was taken over cannot be worked out: {problem}"


def _openings(last: Day, zone: ZoneInfo) -> Rows:
    kept = {one.service_id: one for one in Opening.objects.all()}
    for layer, item in openings(adopted(), zone):
        opening, left = kept.pop(layer.service_id, None), (item.amount, item.starts, item.ends)
        if opening is None and layer.at < last.ends_at:
            said = f"was adopted on {layer.at:%Y-%m-%d} with {item.amount} to be served, and it was not taken over"
            yield f"services_service {layer.service_id}", layer.service.name, said
        elif opening is not None and left != (opening.amount_minor, opening.starts, opening.ends):
            said = (
                f"holds {opening.amount_minor} from {opening.starts} to {opening.ends}, invoices_layer {layer.pk} and its "
                f"fellows leave {item.amount} from {item.starts} to {item.ends}"
            )
            yield f"recognition_opening {opening.pk}", layer.service.name, said
    for opening in kept.values():
        yield f"recognition_opening {opening.pk}", "", "is of a service with nothing to take over"


def in_time(asked: Asked) -> Rows:
    for seller in Seller.objects.order_by("id"):
        day: date | None = next_day(seller, asked.now - ONE_DAY)
        if day is not None:
            yield (
                f"invoices_seller {seller.pk}",
                seller.name,
                f"{day} is over for more than a day and not recognised",
            )


PROMISES = (
    Promise("recognised-days-follow", "Days are recognised one after the other, none twice and none left out.", DAYS_FOLLOW),
    Promise(
        "recognised-is-earned-by-day",
        "What is recognised is each document line's part of its days gone by, never more than the line.",
        recognised_by_day,
    ),
    Promise(
        "earned-is-recognised", "An account of earned revenue is what the days recognised for it.", EARNED_IS_RECOGNISED
    ),
    Promise(
        "earned-accounts-have-one-product",
        "An account of earned revenue belongs to one product.",
        ACCOUNTS_OF_PRODUCTS,
    ),
    Promise(
        "deferred-is-the-rest",
        "Deferred revenue is what is not recognised yet of all documents and of what was taken over.",
        DEFERRED_IS_THE_REST,
    ),
    Promise(
        "taken-over-is-what-was-left",
        "What was taken over with an adopted service is the part of what was paid that was not served yet.",
        taken_over,
    ),
    Promise("days-are-recognised", "A day that is over for more than a day is recognised.", in_time, in_time=True),
)  # fmt: skip
