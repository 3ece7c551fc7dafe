"""Terms that were sold: against their invoice, their price, their layers, and the service they are of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import MD5, Cast, Concat

from prorata.catalog.values import book, schedule
from prorata.changes.inputs import tiers_text
from prorata.changes.models import SoldTerm
from prorata.changes.terms.price import replay
from prorata.invoices.models import InvoiceLine, Layer
from prorata.pricing.change import Price
from prorata.pricing.tax import Document
from prorata.pricing.term import layers_of_term
from prorata.pricing.terms import local_date
from prorata.verify.promise import Asked, Promise, Rows

_AT_ONCE = 500

TERMS_ARE_THEIR_INVOICE = """
SELECT 'changes_soldterm ' || t.id, t.reference, 'is of another customer or currency than services_service ' || s.id
  FROM changes_soldterm t LEFT JOIN services_service s ON s.id = t.service_id
 WHERE (t.customer_id, t.currency) IS DISTINCT FROM (s.customer_id, s.currency)
UNION ALL
SELECT 'changes_soldterm ' || t.id, t.reference, 'was priced by a book or discounts of another product or currency than ' ||
       'services_service ' || s.id
  FROM changes_soldterm t JOIN services_service s ON s.id = t.service_id
  LEFT JOIN catalog_pricebook b ON b.id = t.price_book_id LEFT JOIN catalog_discountschedule d ON d.id = t.schedule_id
 WHERE (b.product_id, b.currency) IS DISTINCT FROM (s.product_id, s.currency)
    OR (t.schedule_id IS NOT NULL AND d.product_id IS DISTINCT FROM s.product_id)
UNION ALL
SELECT 'invoices_invoice ' || i.id, i.reference, 'is not what changes_soldterm ' || t.id || ' asks for'
  FROM changes_soldterm t JOIN invoices_invoice i ON i.id = t.invoice_id
 WHERE (i.origin, i.reference) <> ('term:' || t.reference, regexp_replace(t.reference, '^T-', 'PF-'))
    OR (i.service_id, i.customer_id, i.currency, i.net_minor, i.tax_minor, i.gross_minor, i.pay_until) IS DISTINCT FROM
       (t.service_id, t.customer_id, t.currency, t.net_minor, t.tax_minor, t.gross_minor, t.deadline)
    OR (i.tax_rate, i.tax_included, i.voucher_code) IS DISTINCT FROM
       ((t.inputs->'tax'->>'rate')::numeric, (t.inputs->'tax'->>'included')::boolean, '')
UNION ALL
SELECT 'invoices_invoice ' || i.id, i.reference, 'was asked for by no term' FROM invoices_invoice i
  LEFT JOIN changes_soldterm t ON t.invoice_id = i.id WHERE t.id IS NULL AND starts_with(i.origin, 'term:')
UNION ALL
SELECT 'changes_soldterm ' || id, reference, 'costs ' || gross_minor || CASE WHEN invoice_id IS NULL
       THEN ' and has no invoice' ELSE ' and has an invoice' END
  FROM changes_soldterm WHERE (gross_minor > 0) <> (invoice_id IS NOT NULL)
UNION ALL
SELECT 'invoices_layer ' || l.id, l.origin, 'comes from a term that does not exist or was not paid'
  FROM invoices_layer l LEFT JOIN changes_soldterm t ON 'term:' || t.reference = l.origin AND t.status = 'paid'
 WHERE starts_with(l.origin, 'term:') AND t.id IS NULL
"""

# A paid invoice may still have to be heard of.
TERMS_ARE_WHAT_HAPPENED = """
SELECT 'changes_soldterm ' || t.id, t.reference, 'is ' || t.status || CASE WHEN i.id IS NULL THEN ', without an invoice'
       ELSE ', invoices_invoice ' || i.id || ' is ' || i.status END || ', services_service ' || s.id || ' is ' || s.status
  FROM changes_soldterm t LEFT JOIN invoices_invoice i ON i.id = t.invoice_id
  LEFT JOIN services_service s ON s.id = t.service_id
  LEFT JOIN (SELECT DISTINCT (args->>'id')::bigint AS subject FROM procrastinate_jobs
              WHERE status IN ('todo', 'doing') AND task_name = 'changes.on_paid') heard ON heard.subject = i.id
 WHERE NOT coalesce(CASE t.status
        WHEN 'awaiting_payment' THEN i.status = 'open' OR (i.status = 'paid' AND heard.subject IS NOT NULL)
        WHEN 'paid' THEN i.id IS NULL OR i.status = 'paid'
        ELSE i.status = t.status END, false)
    OR (t.kind = 'purchase' AND CASE t.status WHEN 'awaiting_payment' THEN s.status <> 'waiting'
        WHEN 'paid' THEN s.status IN ('waiting', 'unstarted') ELSE s.status <> 'unstarted' END)
    OR (t.ended_at IS NOT NULL) <> (t.status <> 'awaiting_payment')
UNION ALL
SELECT 'services_service ' || s.id, s.name, 'is ' || s.status || ', but was never sold as a new service'
  FROM services_service s WHERE s.status IN ('waiting', 'unstarted')
   AND NOT EXISTS (SELECT 1 FROM changes_soldterm t WHERE t.service_id = s.id AND t.kind = 'purchase')
UNION ALL
SELECT 'changes_soldterm ' || t.id, t.reference, 'has ended, but ' || held.place || ' is still held for it'
  FROM changes_soldterm t JOIN (
       SELECT origin, 'credit_pledge ' || id AS place FROM credit_pledge WHERE state = 'held'
       UNION ALL SELECT origin, 'invoices_invoice ' || id FROM invoices_invoice WHERE status = 'open') held
    ON held.origin = 'term:' || t.reference
 WHERE t.ended_at IS NOT NULL
"""

# The last paid term is the service's own; a renewal begins where the term before it ends.
TERMS_FOLLOW_EACH_OTHER = """
WITH paid AS (
    SELECT t.*, lag(id) OVER w AS before_id, lag(starts_at) OVER w AS before_starts, lag(ends_at) OVER w AS before_ends,
           lead(id) OVER w AS next_id
      FROM changes_soldterm t WHERE status = 'paid' WINDOW w AS (PARTITION BY service_id ORDER BY starts_at)
)
SELECT 'changes_soldterm ' || p.id, p.reference, 'does not follow changes_soldterm ' || p.before_id
  FROM paid p WHERE p.before_id IS NOT NULL
   AND (p.kind <> 'renewal' OR (p.starts_at, p.follows_since) IS DISTINCT FROM (p.before_ends, p.before_starts))
UNION ALL
SELECT 'services_service ' || s.id, s.name, 'is paid from ' || s.term_starts_at || ' to ' || s.term_ends_at ||
       ', its last term, changes_soldterm ' || p.id || ', goes from ' || p.starts_at || ' to ' || p.ends_at
  FROM paid p JOIN services_service s ON s.id = p.service_id
 WHERE p.next_id IS NULL
   AND (s.term_starts_at, s.term_ends_at, s.term_months) IS DISTINCT FROM (p.starts_at, p.ends_at, p.months)
UNION ALL
SELECT 'changes_soldterm ' || t.id, t.reference, 'waits to begin at ' || t.starts_at || ', services_service ' || s.id ||
       ' is paid from ' || s.term_starts_at || ' to ' || s.term_ends_at
  FROM changes_soldterm t JOIN services_service s ON s.id = t.service_id
 WHERE t.status = 'awaiting_payment' AND CASE t.kind
       WHEN 'renewal' THEN (t.starts_at, t.follows_since) IS DISTINCT FROM (s.term_ends_at, s.term_starts_at)
       ELSE (t.starts_at, t.ends_at, t.months) IS DISTINCT FROM (s.term_starts_at, s.term_ends_at, s.term_months) END
UNION ALL
SELECT 'services_service ' || s.id, s.name, wanted.key || ' is ' || coalesce(s.configuration->>wanted.key, 'nothing') ||
       ', changes_soldterm ' || t.id || ' was sold with ' || (wanted.value #>> '{}') || ' and nothing changed it since'
  FROM changes_soldterm t JOIN services_service s ON s.id = t.service_id, jsonb_each(t.configuration) wanted
 WHERE s.configuration->wanted.key IS DISTINCT FROM wanted.value
   AND NOT EXISTS (SELECT 1 FROM changes_changeline n JOIN changes_change c ON c.id = n.change_id
                    WHERE c.service_id = s.id AND n.component = wanted.key AND n.state = 'applied'
                      AND c.ended_at >= t.sold_at)
   AND NOT EXISTS (SELECT 1 FROM drift_decision d WHERE d.service_id = s.id AND d.component = wanted.key
                      AND d.what = 'accept' AND d.at >= t.sold_at)
"""

# Until its first renewal an adopted service is paid for the days of its opening layers. They were dates of the seller's zone
# then, which is a day at most from any other.
ADOPTED_TERMS = """
SELECT 'services_service ' || s.id, s.name, 'is paid from ' || s.term_starts_at || ' to ' || s.term_ends_at ||
       ', invoices_layer ' || l.id || ' says it was adopted from ' || l.starts || ' to ' || l.ends
  FROM services_service s JOIN (
       SELECT DISTINCT ON (origin) * FROM invoices_layer WHERE starts_with(origin, 'adopted:') ORDER BY origin, id) l
    ON l.origin = 'adopted:' || s.id
 WHERE NOT EXISTS (SELECT 1 FROM changes_soldterm t WHERE t.service_id = s.id AND t.status = 'paid')
   AND (abs(l.starts - (s.term_starts_at AT TIME ZONE 'UTC')::date) > 1
        OR abs(l.ends - (s.term_ends_at AT TIME ZONE 'UTC')::date) > 1)
"""


def asked_for(asked: Asked) -> QuerySet[SoldTerm]:
    """All terms, or those that the seed draws."""
    terms = SoldTerm.objects.select_related("invoice")
    if asked.every_quote:
        return terms.order_by("id")
    drawn = MD5(Concat(Cast("id", TextField()), Value(f":{asked.seed}")))
    return terms.order_by(drawn)[: asked.sample]


@dataclass(frozen=True)
class _Written:
    """What terms wrote: the lines of their invoices by invoice, their layers by origin."""

    lines: Mapping[int, list[InvoiceLine]]
    layers: Mapping[str, list[Layer]]


def terms_replay(asked: Asked) -> Rows:
    """Each term, priced again from what it froze: its totals, its invoice's lines, and its layers once it is paid."""
    terms = asked_for(asked).iterator(_AT_ONCE)
    while some := list(islice(terms, _AT_ONCE)):
        written = _written(some)
        for term in some:
            try:
                price, paper = replay(term.inputs)
                found = list(_differing(term, price, paper, written))
            except Exception as problem:  # whatever makes a term unreadable is the finding
                said = f"cannot be priced again: {type(problem).__name__}: {problem}"
                found = [(f"changes_soldterm {term.pk}", term.reference, said)]
            yield from found


def _written(terms: list[SoldTerm]) -> _Written:
    lines: dict[int, list[InvoiceLine]] = defaultdict(list)
    for line in InvoiceLine.objects.filter(invoice__in=[t.invoice_id for t in terms]).order_by(
        "invoice", "position"
    ):
        lines[line.invoice_id].append(line)
    layers: dict[str, list[Layer]] = defaultdict(list)
    for layer in Layer.objects.filter(origin__in=[t.origin for t in terms]).order_by("id"):
        layers[layer.origin].append(layer)
    return _Written(lines, layers)


def _differing(term: SoldTerm, price: Price, paper: Document, written: _Written) -> Rows:
    place = f"changes_soldterm {term.pk}"
    stored = (term.net_minor, term.tax_minor, term.gross_minor)
    if stored != (paper.net, paper.tax, paper.gross):
        yield place, term.reference, f"totals {stored}, priced again {(paper.net, paper.tax, paper.gross)}"
    for what in _inputs(term, price):
        yield place, term.reference, what
    if term.invoice_id is not None:
        yield from _lines(term, price, paper, written.lines.get(term.invoice_id, []))
    yield from _layers(term, price, paper, written.layers.get(term.origin, []))


def _inputs(term: SoldTerm, price: Price) -> Iterator[str]:
    """What was frozen is what the row, its price book and its discounts say."""
    inputs = term.inputs
    frozen = (
        price.term.starts_at.utc if price.term.starts_at else None,
        price.ends_at,
        inputs["months"],
        price.currency,
    )
    if frozen != (term.starts_at, term.ends_at, term.months, term.currency):
        yield "does not say what its own inputs say"
    prices = book(term.price_book_id)
    wanted = {code: prices.monthly(code, value) for code, value in term.configuration.items()}
    if {line.name: line.new for line in price.lines} != {code: one for code, one in wanted.items() if one}:
        yield f"was priced otherwise than its configuration is in catalog_pricebook {term.price_book_id}"
    tiers = tiers_text(schedule(term.schedule_id).schedule) if term.schedule_id else None
    if tiers != inputs["schedule"]:
        yield "was priced at other discounts than those it names"


def _lines(term: SoldTerm, price: Price, paper: Document, lines: list[InvoiceLine]) -> Rows:
    wanted = [
        (line.name, line.exact, printed.net, printed.tax)
        for line, printed in zip(price.lines, paper.lines, strict=True)
    ]
    zone = ZoneInfo(term.inputs["zone"])
    days = (local_date(term.starts_at, zone), local_date(term.ends_at, zone))
    for n, line in enumerate(lines):
        has = (line.component, line.exact, line.net_minor, line.tax_minor)
        plain = (line.period_starts, line.period_ends, line.raised_minor, line.discount_minor)
        if n >= len(wanted) or has != wanted[n] or plain != (*days, 0, 0):
            yield (
                f"invoices_invoiceline {line.pk}",
                line.text,
                f"is not line {n + 1} of changes_soldterm {term.pk}",
            )
    if len(lines) < len(wanted):
        said = f"lacks lines of changes_soldterm {term.pk}"
        yield f"invoices_invoice {term.invoice_id}", str(term.invoice or ""), said


def _layers(term: SoldTerm, price: Price, paper: Document, layers: list[Layer]) -> Rows:
    gifted = term.invoice.gifted_minor if term.invoice is not None else 0
    wanted: dict[str, tuple[object, ...]] = {}
    if term.status == SoldTerm.Status.PAID:
        zone, monthly = ZoneInfo(term.inputs["zone"]), {line.name: line.new for line in price.lines}
        days: tuple[date, date] = (local_date(term.starts_at, zone), local_date(term.ends_at, zone))
        wanted = {
            one.name: (
                term.service_id, term.price_book_id, None, term.configuration[one.name], Decimal(0), monthly[one.name],
                *days, one.amount, one.tax, one.gifted,
            )
            for one in layers_of_term(price, paper, gifted_minor=gifted)
        }  # fmt: skip
    for layer in layers:
        has = (
            layer.service_id, layer.price_book_id, layer.low, layer.high, layer.low_price, layer.high_price, layer.starts,
            layer.ends, layer.amount, layer.tax, layer.gifted,
        )  # fmt: skip
        if wanted.pop(layer.component, None) != has:
            yield (
                f"invoices_layer {layer.pk}",
                layer.origin,
                f"is not what changes_soldterm {term.pk} paid for",
            )
    for component in wanted:
        yield (
            f"changes_soldterm {term.pk}",
            term.reference,
            f"paid for {component}, but no layer stands for it",
        )


PROMISES = (
    Promise("terms-are-their-invoice", "A term and its invoice ask for the same; no invoice or layer is of a term that is"
        " not there.", TERMS_ARE_THEIR_INVOICE),
    Promise("terms-are-what-happened", "A term stands where its invoice brought it, and a service where its purchase did.",
        TERMS_ARE_WHAT_HAPPENED),
    Promise("terms-follow-each-other", "A term begins where the one before it ends, and the last paid one is the service's.",
        TERMS_FOLLOW_EACH_OTHER),
    Promise("adopted-terms-are-their-layers", "An adopted service is paid for the days of its opening layers.",
        ADOPTED_TERMS),
    Promise("terms-replay", "A term, priced again from its inputs, gives its totals, its invoice's lines and its layers.",
        terms_replay),
)  # fmt: skip
