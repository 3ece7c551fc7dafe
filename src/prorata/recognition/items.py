"""Every document line as an item that is earned by day, whoever wrote the document and why.

- A line of a paid invoice: its net over its own period.
- A line of a credit note for what was not delivered: minus its net over the period of the invoice line it takes back, so
  that both together are nothing on every day.
- A line of a credit note for a reduction: minus its net over the rest of the paid layers it reduces, in proportion to what
  each had left, so that a term to come has its own part. The day of the note counts as used, because it was charged whole.
  A line that grew in the same change is earned over its own paid layer.
- What was taken over with an adopted service: its amount over its days.

Where a line says nothing of a period, the day of its document is all of it. A period of no day counts as one day.
"""

from __future__ import annotations

# `known_at`: from this instant on the item is in the books. `place` names its row.
ITEMS = """
dated AS (
    SELECT n.*, (n.at AT TIME ZONE z.zone)::date AS day
      FROM invoices_creditnote n JOIN invoices_seller z ON z.id = n.seller_id
), taken_back AS (
    SELECT c.id, l.id AS line_id, n.seller_id, n.service_id, n.currency, n.at, l.net_minor,
           greatest(n.day + 1, y.starts) AS starts, y.ends,
           (y.amount - CASE WHEN b.tax_included THEN y.tax ELSE 0 END) * (y.ends - greatest(n.day + 1, y.starts))
               / (y.ends - y.starts)
               * coalesce((u.top_price - u.left_price) / nullif(y.high_price - y.low_price, 0), 1) AS worth
      FROM invoices_creditsource c JOIN invoices_creditnoteline l ON l.id = c.line_id JOIN dated n ON n.id = l.credit_note_id
      JOIN invoices_layer y ON y.id = c.layer_id JOIN catalog_pricebook b ON b.id = y.price_book_id
      LEFT JOIN invoices_unwinding u ON u.layer_id = y.id AND u.origin = n.origin
     WHERE y.ends > greatest(n.day + 1, y.starts)
), split AS (
    SELECT *, round(net_minor * sum(worth) OVER upto / nullif(sum(worth) OVER whole, 0))::bigint AS through
      FROM taken_back WINDOW whole AS (PARTITION BY line_id), upto AS (PARTITION BY line_id ORDER BY id)
), reduced AS (
    SELECT c.line_id, min(coalesce(y.starts, il.period_starts)) AS starts, max(coalesce(y.ends, il.period_ends)) AS ends,
           min(il.period_starts) AS charged_from, max(il.period_ends) AS charged_to
      FROM invoices_creditsource c LEFT JOIN invoices_layer y ON y.id = c.layer_id
      LEFT JOIN invoices_invoiceline il ON il.id = c.invoice_line_id
     GROUP BY c.line_id
), reduced_notes AS (
    SELECT l.credit_note_id, max(r.ends) AS ends
      FROM reduced r JOIN invoices_creditnoteline l ON l.id = r.line_id GROUP BY l.credit_note_id
), given_back AS (
    SELECT l.id, n.seller_id, n.service_id, n.currency, -l.net_minor AS amount, n.at, n.day,
           CASE WHEN n.reason = 'reversed' AND r.charged_from IS NOT NULL THEN r.charged_from
                WHEN r.line_id IS NOT NULL THEN greatest(n.day + 1, r.starts)
                WHEN y.id IS NOT NULL THEN y.starts
                ELSE n.day + 1 END AS starts,
           CASE WHEN n.reason = 'reversed' AND r.charged_from IS NOT NULL THEN greatest(r.charged_to, r.charged_from + 1)
                WHEN r.line_id IS NOT NULL THEN r.ends
                WHEN y.id IS NOT NULL THEN y.ends
                ELSE coalesce(whole.ends, n.day) END AS ends
      FROM invoices_creditnoteline l JOIN dated n ON n.id = l.credit_note_id
      LEFT JOIN reduced r ON r.line_id = l.id
      LEFT JOIN reduced_notes whole ON whole.credit_note_id = n.id
      LEFT JOIN invoices_layer y
        ON r.line_id IS NULL AND (y.service_id, y.component, y.origin) = (n.service_id, l.component, n.origin)
     WHERE l.id NOT IN (SELECT line_id FROM split WHERE through IS NOT NULL)
), found(place, seller_id, service_id, currency, amount, starts, ends, known_at) AS (
    SELECT 'invoices_invoiceline ' || l.id, i.seller_id, i.service_id, i.currency, l.net_minor, l.period_starts,
           greatest(l.period_ends, l.period_starts + 1), i.settled_at
      FROM invoices_invoiceline l JOIN invoices_invoice i ON i.id = l.invoice_id WHERE i.status = 'paid'
    UNION ALL
    SELECT 'invoices_creditnoteline ' || id, seller_id, service_id, currency, amount,
           CASE WHEN starts < ends THEN starts ELSE day END, CASE WHEN starts < ends THEN ends ELSE day + 1 END, at
      FROM given_back
    UNION ALL
    SELECT 'invoices_creditnoteline ' || line_id, seller_id, service_id, currency,
           coalesce(lag(through) OVER (PARTITION BY line_id ORDER BY id), 0) - through, starts, ends, at
      FROM split WHERE through IS NOT NULL
    UNION ALL
    SELECT 'recognition_opening ' || o.id, d.seller_id, o.service_id, o.currency, o.amount_minor, o.starts, o.ends,
           d.ends_at - interval '1 microsecond'
      FROM recognition_opening o JOIN recognition_day d ON d.id = o.day_id
), items AS (
    SELECT f.*, s.product_id FROM found f LEFT JOIN services_service s ON s.id = f.service_id
)
"""


def through(day: str) -> str:
    """SQL of what one of the items has earned through the end of `day` (SQL too): `by_day.Item.through`, word for word."""
    passed = f"least(greatest({day} - starts + 1, 0), ends - starts)"
    halves = f"2 * abs(amount)::numeric * {passed} + (ends - starts)"
    return f"sign(amount) * div({halves}, 2 * (ends - starts))"
