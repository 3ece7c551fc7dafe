"""Answer a question: now, then, and the difference."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from prorata.catalog.models import Product
from prorata.changes.simulate.months import months_before
from prorata.changes.simulate.outcome import Outcome, Row, sums
from prorata.changes.simulate.question import Question
from prorata.changes.simulate.renewals import renewals
from prorata.changes.simulate.replays import replays
from prorata.changes.situation import seller
from prorata.customers.models import Customer


def simulate(question: Question, at: datetime) -> Outcome:
    """What the next renewals and the changes of the month before `at` bring, now and under other prices or rule.

    Reads a fixed number of times whatever the number of services, and writes nothing. Raises CannotSimulate, one line,
    where the other prices lack one, and NoSeller.
    """
    sells = seller()
    since = months_before(at, 1, ZoneInfo(sells.zone))
    left_out: list[str] = []
    renewed = list(renewals(question, at, sells.tax_rounding, left_out))
    changed = list(replays(question, since, at))
    return Outcome(at, since, sums(renewed, changed, *_names(renewed + changed)), tuple(left_out))


def _names(rows: list[Row]) -> tuple[dict[int, str], dict[int, str]]:
    products = dict(Product.objects.values_list("id", "name"))
    customers = dict(
        Customer.objects.filter(id__in={row.customer_id for row in rows}).values_list("id", "name")
    )
    return products, customers
