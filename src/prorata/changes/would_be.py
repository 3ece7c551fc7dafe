"""What a quote's wish would cost now: the same change of the service as it stands today. Reads only, writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from prorata.catalog.models import DiscountSchedule, PriceBook
from prorata.changes.estimate import Estimate, estimate
from prorata.changes.models import Quote
from prorata.changes.refusals import Refusal, Refused, words
from prorata.changes.replayed import NONE, exact, named_line, sentence
from prorata.changes.situation import Situation, situation
from prorata.credit.models import Voucher
from prorata.credit.voucher import why_not
from prorata.pricing.errors import BadInput


@dataclass(frozen=True)
class Then:
    """One circumstance of the price, then and now."""

    name: str
    then: str
    now: str

    @property
    def same(self) -> bool:
        return self.then == self.now


@dataclass(frozen=True)
class LineThen:
    """One line, gross in minor units; None where it is not a line of that price."""

    name: str
    then_minor: int | None
    now_minor: int | None


@dataclass(frozen=True)
class WouldBe:
    """The price of now, or the reasons why there is none. Minor units, gross."""

    at: datetime
    circumstances: tuple[Then, ...]
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    gross_minor: int | None = None
    lines: tuple[LineThen, ...] = ()
    steps: tuple[str, ...] = ()


def would_be(quote: Quote) -> WouldBe:
    """Price the wish of `quote` with the price book, rule, layers and time of now."""
    now = situation(quote.service)
    wanted = {
        code: n for code, n in quote.to_configuration.items() if n != quote.from_configuration.get(code)
    }
    voucher, notes = _voucher(quote, now)
    try:
        found = estimate(now, wanted, voucher=voucher)
    except Refused as refused:
        reasons = tuple(words(refusal) for refusal in refused.refusals)
        return WouldBe(now.now, tuple(_circumstances(quote, now, None)), reasons, notes)
    except BadInput as impossible:
        return WouldBe(now.now, tuple(_circumstances(quote, now, None)), (str(impossible),), notes)
    names = {line.code: line.name for line in found.lines}
    return WouldBe(
        now.now, tuple(_circumstances(quote, now, found)), (), notes, found.document.gross, tuple(_lines(quote, found)),
        tuple(sentence(step, names) for step in found.steps),
    )  # fmt: skip


def _voucher(quote: Quote, now: Situation) -> tuple[Voucher | None, tuple[str, ...]]:
    """The quote's voucher if it could be used again now; else the reason, and the price is without it."""
    voucher = quote.voucher
    if voucher is None:
        return None, ()
    why = why_not(
        voucher,
        customer_id=quote.customer_id,
        product_id=now.product.pk,
        currency=quote.currency,
        now=now.now,
    )
    if why is None:
        return voucher, ()
    told = words(Refusal(why, None, {"code": voucher.code}))
    return None, (_("Without the voucher %(code)s: %(why)s") % {"code": voucher.code, "why": told},)


def _circumstances(quote: Quote, now: Situation, found: Estimate | None) -> Iterator[Then]:
    book = PriceBook.objects.select_related("product").filter(pk=now.book.id).first() if now.book else None
    schedule = DiscountSchedule.objects.filter(pk=now.schedule.id).first() if now.schedule else None
    yield Then(_("Price book"), str(quote.price_book), str(book or NONE))
    yield Then(_("Discount schedule"), str(quote.schedule or NONE), str(schedule or NONE))
    product = now.product
    yield Then(_("Rule"), quote.rule, product.rule)
    yield Then(_("Credit model"), quote.credit_model, product.credit_model)
    yield Then(_("Version of the service"), str(quote.service_version), str(now.service.version))
    codes = [line["code"] for line in quote.figures["lines"]]
    for line, code in zip(quote.figures["lines"], codes, strict=True):
        then, today = quote.from_configuration.get(code), now.service.configuration.get(code)
        yield Then(line["name"], str(then), str(today))
    if found is None:
        return
    left, then_left = found.price.time_left, quote.figures["time_left"]
    yield Then(_("Months left"), then_left["months"], str(left.months))
    yield Then(_("Whole months left"), str(then_left["whole"]), str(left.whole))
    yield Then(_("Left over from before"), exact(quote.figures["carry_in"]), exact(found.price.carry_in))
    taken = sorted(one["layer"] for each in quote.inputs["slices"].values() for one in each)
    layers = sorted(part.layer.pk for parts in found.slices.values() for part in parts)
    yield Then(_("Paid layers taken back"), _listed(taken), _listed(layers))


def _lines(quote: Quote, found: Estimate) -> Iterator[LineThen]:
    then = {line["code"]: line for line in quote.figures["lines"]}
    now = {line.code: line for line in found.lines}
    for code in dict.fromkeys((*then, *now)):
        before, today = then.get(code), now.get(code)
        name = named_line(before) if before else now[code].name
        yield LineThen(name, before["gross_minor"] if before else None, today.gross_minor if today else None)


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers)) or NONE
