"""Quotes priced again from what they froze, and what followed from them: layers, credit notes, the carry of a service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import MD5, Cast, Concat

from prorata.changes.finish import owed_back
from prorata.changes.inputs import replay
from prorata.changes.models import Change, ChangeLine, Quote
from prorata.invoices.models import CreditNote, Layer
from prorata.pricing.change import Price
from prorata.pricing.funding import Funding, fund
from prorata.pricing.tax import Document
from prorata.verify.promise import Asked, Promise, Rows

_AT_ONCE = 500
_FINISHED = ("applied", "partly_applied", "reversed")


def asked_for(asked: Asked) -> QuerySet[Quote]:
    """All quotes, or those that the seed draws: another seed draws others."""
    if asked.every_quote:
        return Quote.objects.order_by("id")
    drawn = MD5(Concat(Cast("id", TextField()), Value(f":{asked.seed}")))
    return Quote.objects.order_by(drawn)[: asked.sample]


def quotes_replay(asked: Asked) -> Rows:
    """The stored figures of a quote, line by line, against the price its inputs give today."""
    for quote in asked_for(asked).iterator(_AT_ONCE):
        try:
            price, paper = replay(quote.inputs)
            differing = list(_differing(quote, price, paper))
        except Exception as problem:  # whatever makes a stored quote unreadable is the finding
            differing = [f"cannot be priced again: {type(problem).__name__}: {problem}"]
        for what in differing:
            yield f"changes_quote {quote.pk}", quote.reference, what


def _differing(quote: Quote, price: Price, paper: Document) -> Iterator[str]:
    figures: dict[str, Any] = quote.figures
    stored = (quote.net_minor, quote.tax_minor, quote.gross_minor)
    if stored != (paper.net, paper.tax, paper.gross):
        yield f"totals {stored}, priced again {(paper.net, paper.tax, paper.gross)}"
    if (Decimal(figures["carry_in"]), Decimal(figures["carry_out"])) != (price.carry_in, price.carry_out):
        yield f"carry {figures['carry_in']} to {figures['carry_out']}, priced again {price.carry_in} to {price.carry_out}"
    if [line["code"] for line in figures["lines"]] != [line.name for line in price.lines]:
        yield "its lines are not those of its inputs"
        return
    for n, line in enumerate(figures["lines"]):
        printed, priced = paper.lines[n], price.lines[n]
        was = (line["net_minor"], line["tax_minor"], line["gross_minor"], Decimal(line["exact"]),
               line.get("raised_minor", 0), line.get("discount_minor", 0))  # fmt: skip
        now = (
            printed.net,
            printed.tax,
            printed.gross,
            priced.exact,
            paper.charge.raised[n],
            paper.charge.discounts[n],
        )
        if was != now:
            yield f"{line['code']}: net, tax, gross, exact, raised, discount {_shown(was)}, priced again {_shown(now)}"


def _shown(values: tuple[object, ...]) -> str:
    return " ".join(str(value) for value in values)


@dataclass(frozen=True)
class _Left:
    """What finished changes left, by their ids and origins: read in so many queries whatever their number."""

    kept: Mapping[int, set[str]]
    layers: Mapping[str, list[Layer]]
    notes: Mapping[str, CreditNote]
    last: Mapping[int, int]


def ends_follow_quotes(asked: Asked) -> Rows:
    """What a finished change left: its layers, its credit note and the carry, against what its quote and lines give."""
    changes = Change.objects.filter(status__in=_FINISHED).select_related("quote", "invoice", "service")
    if not asked.every_quote:
        changes = changes.filter(quote_id__in=list(asked_for(asked).values_list("pk", flat=True)))
    for some in _parts(changes.order_by("id").iterator(_AT_ONCE)):
        left = _left_by(some)
        for change in some:
            try:
                price, paper = replay(change.quote.inputs)
                funding = fund(
                    price, paper, gifted_minor=change.invoice.gifted_minor if change.invoice else 0
                )
                found = list(_ends(change, funding, left))
            except Exception as problem:  # as above: what cannot be followed is the finding
                said = f"cannot be followed: {type(problem).__name__}: {problem}"
                found = [(f"changes_change {change.pk}", change.reference, said)]
            yield from found


def _parts(changes: Iterator[Change]) -> Iterator[list[Change]]:
    while some := list(islice(changes, _AT_ONCE)):
        yield some


def _left_by(changes: list[Change]) -> _Left:
    origins = [change.origin for change in changes]
    kept: dict[int, set[str]] = defaultdict(set)
    applied = ChangeLine.objects.filter(change__in=changes, state=ChangeLine.State.APPLIED).order_by()
    for change_id, component in applied.values_list("change_id", "component"):
        kept[change_id].add(component)
    layers: dict[str, list[Layer]] = defaultdict(list)
    for layer in Layer.objects.filter(origin__in=origins).order_by("id"):
        layers[layer.origin].append(layer)
    delivered = Change.objects.filter(
        service__in={change.service_id for change in changes}, status__in=("applied", "partly_applied")
    )
    last = delivered.order_by("service_id", F("ended_at").desc(), "-id").distinct("service_id")
    return _Left(
        kept=kept, layers=layers, notes={note.origin: note for note in CreditNote.objects.filter(origin__in=origins)},
        last=dict(last.values_list("service_id", "id")),
    )  # fmt: skip


def _ends(change: Change, funding: Funding, left: _Left) -> Rows:
    kept = left.kept.get(change.pk, set())
    lost = {line["code"] for line in change.quote.figures["lines"]} - kept
    yield from _layers(change, funding, kept, left.layers.get(change.origin, []))
    yield from _note(change, funding, lost, left.notes.get(change.origin))
    is_last = left.last.get(change.service_id) == change.pk
    if kept and is_last and (carry := funding.carry_after(lost)) != change.service.carry:
        said = f"carries {change.service.carry}, its last change, changes_change {change.pk}, left {carry}"
        yield f"services_service {change.service_id}", change.service.name, said


def _layers(change: Change, funding: Funding, kept: set[str], layers: list[Layer]) -> Rows:
    wanted = {new.name: (new.amount, new.tax, new.gifted) for new in funding.layers if new.name in kept}
    for layer in layers:
        paid, has = wanted.pop(layer.component, None), (layer.amount, layer.tax, layer.gifted)
        if paid != has:
            said = f"holds {_shown(has)}, changes_change {change.pk} paid {_shown(paid or ('nothing',))}"
            yield f"invoices_layer {layer.pk}", change.reference, said
    for component in wanted:
        yield (
            f"changes_change {change.pk}",
            change.reference,
            f"paid for {component}, but no layer stands for it",
        )


def _note(change: Change, funding: Funding, lost: set[str], note: CreditNote | None) -> Rows:
    owed = owed_back(change, lost, funding)
    given = (note.cash_minor, note.gifted_minor) if note else (0, 0)
    if given != (owed.cash_minor, owed.gifted_minor):
        place = f"invoices_creditnote {note.pk}" if note else f"changes_change {change.pk}"
        said = f"gave back {_shown(given)} as credit and gift, {_shown((owed.cash_minor, owed.gifted_minor))} were owed"
        yield place, change.reference, said


PROMISES = (
    Promise("quotes-replay", "A stored quote, priced again from its inputs, gives the same figures.", quotes_replay),
    Promise(
        "ends-follow-quotes", "What a finished change left, layers, credit note and carry, follows from its quote.",
        ends_follow_quotes,
    ),
)  # fmt: skip
