"""What the change page offers for the values in its fields: the cards, and the price or the reasons why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from prorata.catalog.values import Value
from prorata.changes.estimate import estimate
from prorata.changes.linked import asking, notes
from prorata.changes.parse import parse_wanted
from prorata.changes.refusals import Refusal, Refused
from prorata.changes.situation import Situation
from prorata.portal.bill import Bill, of_estimate
from prorata.portal.cards import Card, card
from prorata.pricing.errors import BadInput
from prorata.pricing.terms import local_date
from prorata.services.readings import is_fresh

NOTHING = "nothing_to_change"


def offer(situation: Situation, posted: Mapping[str, str]) -> dict[str, Any]:
    """The context of the change page. `wrong` are refusals to be told; nothing changed yet is not one of them."""
    bill, refusals = price(situation, posted)
    wrong = tuple(refusal for refusal in refusals if refusal.code != NOTHING)
    shown = cards(situation, posted, wrong)
    return {
        "situation": situation,
        "service": situation.service,
        "cards": shown,
        "only_options": all(one.is_option for one in shown),
        "bill": bill,
        "wrong": wrong,
        "monthly": monthly(situation),
        "days_left": days_left(situation),
        "fresh": is_fresh(situation.reading, situation.now),
        "kept": kept(situation, posted),
    }


def kept(situation: Situation, posted: Mapping[str, str]) -> str:
    """What was typed and differs from what is, for links that come back here: memory=8&disk=100."""
    typed = {code: posted.get(code, "")[:40] for code in situation.limits}
    return urlencode(
        {code: v for code, v in typed.items() if v not in ("", str(situation.limits[code].current))}
    )


def taken(posted: QueryDict) -> QueryDict:
    """What was posted, with the values of the way out whose button was pressed: `set` is like memory=8&disk=100."""
    if "set" not in posted:
        return posted
    changed = posted.copy()
    del changed["set"]
    for code, value in QueryDict(str(posted["set"])[:500]).items():
        changed[code] = str(value)
    return changed


def price(situation: Situation, posted: Mapping[str, str]) -> tuple[Bill | None, tuple[Refusal, ...]]:
    try:
        return of_estimate(estimate(situation, parse_wanted(situation, posted))), ()
    except Refused as refused:
        return None, refused.refusals
    except BadInput as impossible:
        return None, (Refusal("no_price", None, {"detail": str(impossible)}),)


def cards(situation: Situation, posted: Mapping[str, str], wrong: tuple[Refusal, ...]) -> list[Card]:
    if situation.book is None:
        return []
    return [
        card(
            limit, situation.book, situation.service.currency, posted.get(code),
            [refusal for refusal in wrong if refusal.component == code],
            notes=notes(situation.limits, code), asking=asking(situation.limits, code),
        )
        for code, limit in situation.limits.items()
    ]  # fmt: skip


def monthly(situation: Situation) -> Decimal:
    """The monthly price of the configuration as it is, in major units."""
    if situation.book is None:
        return Decimal(0)
    configuration: Mapping[str, Value] = situation.service.configuration
    return sum((situation.book.monthly(code, configuration[code]) for code in situation.limits), Decimal(0))


def days_left(situation: Situation) -> int:
    end = local_date(situation.service.term_ends_at, situation.zone)
    return (end - local_date(situation.now, situation.zone)).days
