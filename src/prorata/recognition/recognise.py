"""Move what a day has earned from deferred to earned revenue, once a day, however many workers try."""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction

from prorata import clock
from prorata.catalog.models import Product
from prorata.invoices.models import Seller
from prorata.ledger import accounts
from prorata.ledger.post import post
from prorata.recognition.items import ITEMS, through
from prorata.recognition.models import Day, Recognised
from prorata.recognition.take_over import take_over
from prorata.recognition.when import ends_at, next_day

# Two workers at once: the second waits and then finds the day done. Nobody who sells or pays takes this lock.
LOCK = 0x7265636F
# So many days are made up for in one go; the next run goes on from there.
MOST = 400

# What the days so far should have earned, less what was recognised: whatever came late is in the difference.
EARNED = f"""
WITH {ITEMS}, earned AS (
    SELECT product_id, currency, sum({through("%(day)s::date")}) AS minor
      FROM items WHERE seller_id = %(seller)s AND known_at < %(ends_at)s AND starts <= %(day)s GROUP BY product_id, currency
), posted AS (
    SELECT r.product_id, r.currency, sum(r.amount_minor) AS minor
      FROM recognition_recognised r JOIN recognition_day d ON d.id = r.day_id
     WHERE d.seller_id = %(seller)s GROUP BY r.product_id, r.currency
), moves AS (
    SELECT coalesce(e.product_id, p.product_id) AS product_id, coalesce(e.currency, p.currency) AS currency,
           (coalesce(e.minor, 0) - coalesce(p.minor, 0))::bigint AS minor
      FROM earned e FULL JOIN posted p
        ON (coalesce(e.product_id, 0), e.currency) = (coalesce(p.product_id, 0), p.currency)
)
SELECT product_id, currency, minor FROM moves WHERE minor <> 0 ORDER BY product_id, currency
"""


def recognise() -> int:
    """Recognise every day that is over, for every seller, missed ones first; returns how many days were."""
    done = 0
    for seller in Seller.objects.order_by("id"):
        while done < MOST and (day := next_day(seller, clock.now())) is not None:
            done += recognise_day(seller, day)
    return done


@transaction.atomic
def recognise_day(seller: Seller, day: date) -> bool:
    """Post what one day earned, per product and currency; False where another worker just did."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, seller.pk])
    if Day.objects.filter(seller=seller, day__gte=day).exists():
        return False
    done = Day.objects.create(
        seller=seller, day=day, ends_at=ends_at(seller, day), recorded_at=clock.machine_now()
    )
    take_over(done)
    codes: dict[int | None, str] = dict(Product.objects.values_list("pk", "code"))
    for product_id, currency, minor in _earned(done):
        _post(done, product_id, codes.get(product_id, ""), currency, minor)
    return True


def _earned(day: Day) -> list[tuple[int | None, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(EARNED, {"seller": day.seller_id, "day": day.day, "ends_at": day.ends_at})
        return list(cursor.fetchall())


def _post(day: Day, product_id: int | None, code: str, currency: str, minor: int) -> None:
    earned = accounts.earned_revenue(code, currency)
    transfer = post(
        key=f"recognise:{day.seller_id}:{day.day}:{product_id or 0}:{currency}", kind="recognised",
        origin=f"recognition:{day.day}", at=day.last_moment,
        legs=[(accounts.deferred_revenue(currency), minor), (earned, -minor)],
    )  # fmt: skip
    Recognised.objects.create(
        day=day,
        product_id=product_id,
        currency=currency,
        amount_minor=minor,
        account=earned.code,
        transfer_id=transfer,
    )
