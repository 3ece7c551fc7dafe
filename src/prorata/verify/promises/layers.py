"""Paid layers and what was taken back of them."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ObjectDoesNotExist

from prorata.catalog.values import NoPrice, book
from prorata.invoices.models import Layer
from prorata.pricing.currencies import MINOR_DIGITS
from prorata.verify.promise import Asked, Promise, Rows

LAYERS_UNWIND_DOWNWARDS = """
SELECT 'invoices_unwinding ' || id, origin, 'goes from ' || top_price || ' to ' || left_price || ', invoices_layer '
    || layer_id ||
       ' stood at ' || coalesce(was, high_price) || ' above ' || low_price
  FROM (SELECT u.id, u.origin, u.layer_id, u.top_price, u.left_price, l.low_price, l.high_price,
               lag(u.left_price) OVER (PARTITION BY u.layer_id ORDER BY u.id) AS was
          FROM invoices_unwinding u JOIN invoices_layer l ON l.id = u.layer_id) step
 WHERE top_price <> coalesce(was, high_price) OR left_price >= top_price OR left_price < low_price
UNION ALL
SELECT 'invoices_unwinding ' || u.id, u.origin, 'takes back invoices_layer ' || u.layer_id || ', which does not exist'
  FROM invoices_unwinding u LEFT JOIN invoices_layer l ON l.id = u.layer_id WHERE l.id IS NULL
"""

UNWINDINGS_WERE_QUOTED = """
WITH quoted AS (
    SELECT 'change:' || c.reference AS origin, (s->>'layer')::bigint AS layer_id, (s->>'top')::numeric AS top,
           (s->>'left')::numeric AS left_, 'changes_quote ' || q.id AS place
      FROM changes_change c JOIN changes_quote q ON q.id = c.quote_id
      JOIN changes_changeline l ON l.change_id = c.id AND l.state = 'applied',
           jsonb_array_elements(coalesce(q.inputs->'slices'->l.component, '[]')) s
)
SELECT CASE WHEN u.id IS NULL THEN place ELSE 'invoices_unwinding ' || u.id END, origin,
       CASE WHEN u.id IS NULL THEN 'froze a slice of invoices_layer ' || q.layer_id || ' that was never taken back'
            WHEN q.layer_id IS NULL THEN 'takes back of invoices_layer ' || u.layer_id || ' what no applied change froze'
            ELSE 'goes from ' || u.top_price || ' to ' || u.left_price || ', ' || place || ' froze ' || q.top ||
                ' to ' || q.left_ END
  FROM invoices_unwinding u FULL JOIN quoted q USING (origin, layer_id)
 WHERE u.id IS NULL OR q.layer_id IS NULL OR (u.top_price, u.left_price) <> (q.top, q.left_)
"""

LAYERS_BELONG = """
SELECT 'invoices_layer ' || l.id, l.origin,
       CASE WHEN c.id IS NULL AND NOT starts_with(l.origin, 'adopted:') THEN 'comes from a change that does not exist'
            WHEN c.id IS NULL THEN 'is not what an adoption of its service writes'
            WHEN c.service_id <> l.service_id OR n.id IS NULL THEN
                'is of another service or resource than changes_change ' || c.id
            WHEN n.state <> 'applied' THEN 'stands for a line that was not delivered, changes_changeline ' || n.id
            WHEN q.price_book_id <> l.price_book_id THEN 'is in another price book than changes_quote ' || q.id
            ELSE 'spans other values than changes_changeline ' || n.id END
  FROM invoices_layer l
  LEFT JOIN changes_change c ON 'change:' || c.reference = l.origin
  LEFT JOIN changes_changeline n ON n.change_id = c.id AND n.component = l.component
  LEFT JOIN changes_quote q ON q.id = c.quote_id
 WHERE (c.id IS NULL AND NOT starts_with(l.origin, 'term:')
        AND (l.origin <> 'adopted:' || l.service_id OR l.low IS NOT NULL OR l.gifted <> 0))
    OR (c.id IS NOT NULL AND (c.service_id <> l.service_id OR n.id IS NULL OR n.state <> 'applied'
        OR q.price_book_id <> l.price_book_id OR l.low IS DISTINCT FROM n.from_value OR l.high <> n.to_value))
"""

# What was paid for a term is spread by price and cut at eight decimals, so each layer is the same share of its price.
ADOPTIONS_ARE_SPREAD = """
SELECT 'invoices_layer ' || l.id, l.origin, 'holds ' || l.amount || ' and ' || l.tax || ' of tax for ' || l.high_price ||
       ' a month, its fellows ' || round(m.amount * l.high_price, 8) || ' and ' || round(m.tax * l.high_price, 8)
  FROM invoices_layer l JOIN (
       SELECT origin, percentile_disc(0.5) WITHIN GROUP (ORDER BY amount / high_price) AS amount,
              percentile_disc(0.5) WITHIN GROUP (ORDER BY tax / high_price) AS tax
         FROM invoices_layer WHERE starts_with(origin, 'adopted:') AND high_price > 0 GROUP BY origin HAVING count(*) > 2) m
       USING (origin)
 WHERE abs(l.amount - m.amount * l.high_price) > 0.0001 OR abs(l.tax - m.tax * l.high_price) > 0.0001
"""

# Credit notes from before sources were kept have none; those that are there must fit.
CREDIT_HAS_ITS_SOURCE = """
SELECT 'invoices_creditsource ' || s.id, coalesce(n.number, ''),
       CASE WHEN n.id IS NULL THEN 'belongs to invoices_creditnoteline ' || s.line_id || ', which does not exist'
            ELSE 'names what invoices_creditnoteline ' || s.line_id || ' does not reduce: invoices_invoiceline ' ||
                 coalesce(s.invoice_line_id::text, 'none') || ', invoices_layer ' || coalesce(s.layer_id::text, 'none') END
  FROM invoices_creditsource s LEFT JOIN invoices_creditnoteline l ON l.id = s.line_id
  LEFT JOIN invoices_creditnote n ON n.id = l.credit_note_id
  LEFT JOIN invoices_layer y ON y.id = s.layer_id
  LEFT JOIN invoices_unwinding u ON u.layer_id = y.id AND u.origin = n.origin
  LEFT JOIN invoices_invoice i ON CASE WHEN n.invoice_id IS NULL THEN i.origin = y.origin AND i.status = 'paid'
                                       ELSE i.id = n.invoice_id END
  LEFT JOIN invoices_invoiceline c ON c.invoice_id = i.id AND c.component = l.component
 WHERE n.id IS NULL OR s.invoice_line_id IS DISTINCT FROM c.id OR (n.invoice_id IS NOT NULL AND s.layer_id IS NOT NULL)
    OR (n.invoice_id IS NULL) <> (u.id IS NOT NULL AND y.component = l.component)
"""

# Minor units of every currency there is: an opening is kept in major ones.
UNITS = ", ".join(f"('{code}', {10**digits})" for code, digits in sorted(MINOR_DIGITS.items()))
NOT_MORE_THAN_PAID = f"""
WITH digits(currency, unit) AS (
    VALUES {UNITS}
), opening AS (
    SELECT l.service_id, (l.amount + CASE WHEN b.tax_included THEN 0 ELSE l.tax END) * d.unit AS total
      FROM invoices_layer l JOIN catalog_pricebook b ON b.id = l.price_book_id JOIN digits d ON d.currency = b.currency
     WHERE starts_with(l.origin, 'adopted:')
), paid AS (
    SELECT service_id, sum(total) AS total FROM (
        SELECT * FROM opening UNION ALL SELECT service_id, gross_minor FROM invoices_invoice WHERE status = 'paid') p
     GROUP BY service_id
), back AS (
    SELECT service_id, sum(gross_minor) AS total FROM invoices_creditnote GROUP BY service_id
)
SELECT 'services_service ' || s.id, s.name, 'was credited ' || back.total || ', but only ' || coalesce(paid.total, 0)
    || ' was paid'
  FROM back JOIN services_service s ON s.id = back.service_id LEFT JOIN paid ON paid.service_id = s.id
 WHERE back.total > coalesce(paid.total, 0)
"""


def layer_prices(asked: Asked) -> Rows:
    """Each different step is priced once; a price book that has started is never edited."""
    seen = ("price_book_id", "component", "low", "high", "low_price", "high_price")
    for step in Layer.objects.order_by().values_list(*seen).distinct():
        book_id, component, low, high, low_price, high_price = step
        try:
            values = book(book_id)
            priced = (
                Decimal(0) if low is None else values.monthly(component, low),
                values.monthly(component, high),
            )
        except (NoPrice, ObjectDoesNotExist) as unpriced:
            priced, said = None, str(unpriced)
        if priced == (low_price, high_price):
            continue
        if priced is not None:
            said = f"spans {low_price} to {high_price}, its price book says {priced[0]} to {priced[1]}"
        found = Layer.objects.filter(
            price_book_id=book_id, component=component, low_price=low_price, high_price=high_price
        )
        for layer in found.order_by("id"):
            if (layer.low, layer.high) == (low, high):
                yield f"invoices_layer {layer.pk}", layer.origin, said


PROMISES = (
    Promise(
        "layers-unwind-downwards", "A layer unwinds from where it was left, downwards, never below its foot.",
        LAYERS_UNWIND_DOWNWARDS,
    ),
    Promise("unwindings-were-quoted", "What was taken back is what the quotes of applied changes froze.",
        UNWINDINGS_WERE_QUOTED),
    Promise("layers-belong", "A layer stands for an adoption, a paid term, or a line of a change that was delivered.",
        LAYERS_BELONG),
    Promise("adoptions-are-spread", "The layers of an adoption are one share of their prices.", ADOPTIONS_ARE_SPREAD),
    Promise("layers-are-their-price-book", "A layer's prices are those of its price book.", layer_prices),
    Promise("credit-has-its-source", "A credit note's line names what it reduces.", CREDIT_HAS_ITS_SOURCE),
    Promise("not-more-than-paid", "Nothing comes back beyond what was paid for a service.", NOT_MORE_THAN_PAID),
)  # fmt: skip
