"""Vouchers and their uses."""

from __future__ import annotations

from prorata.verify.promise import Promise

USES_FOLLOW_THEIR_CHANGE = """
SELECT 'credit_voucheruse ' || u.id, u.origin,
       CASE WHEN c.id IS NULL THEN 'is of a change that does not exist'
            WHEN (u.customer_id, u.currency) <> (c.customer_id, c.currency) THEN
                'is of another customer or currency than its change'
            WHEN q.voucher_id IS DISTINCT FROM u.voucher_id THEN 'is of another voucher than changes_quote ' || q.id
            WHEN u.amount_minor IS DISTINCT FROM (q.figures->>'discount_minor')::bigint
            THEN 'took off ' || u.amount_minor || ', changes_quote ' || q.id || ' says ' || (q.figures->>'discount_minor')
            ELSE 'is ' || u.state || ', changes_change ' || c.id || ' is ' || c.status END
  FROM credit_voucheruse u LEFT JOIN changes_change c ON 'change:' || c.reference = u.origin
  LEFT JOIN changes_quote q ON q.id = c.quote_id
 WHERE c.id IS NULL OR (u.customer_id, u.currency) <> (c.customer_id, c.currency)
    OR q.voucher_id IS DISTINCT FROM u.voucher_id
    OR u.amount_minor IS DISTINCT FROM (q.figures->>'discount_minor')::bigint
    OR (u.state = 'held') <> (c.status = 'awaiting_payment')
    OR (u.state = 'used' AND c.started_at IS NULL)
    OR (c.status IN ('cancelled', 'expired', 'reversed') AND u.state <> 'released')
    OR (c.status IN ('applying', 'parked', 'attention', 'applied') AND u.state <> 'used')
"""

DISCOUNTS_HAVE_A_USE = """
SELECT 'invoices_invoice ' || i.id, i.reference, 'took off ' || coalesce(l.off, 0) || ', its voucher ' ||
       coalesce(u.amount_minor, 0)
  FROM invoices_invoice i
  JOIN (SELECT invoice_id, sum(discount_minor) AS off FROM invoices_invoiceline GROUP BY 1) l ON l.invoice_id = i.id
  LEFT JOIN credit_voucheruse u ON u.origin = i.origin LEFT JOIN credit_voucher v ON v.id = u.voucher_id
 WHERE coalesce(u.amount_minor, 0) <> l.off OR coalesce(v.code, '') <> i.voucher_code
"""

USED_WITHIN_TERMS = """
SELECT 'credit_voucher ' || v.id, v.code, 'was used ' || count(*) || ' times, its terms say ' || v.max_uses
  FROM credit_voucher v JOIN credit_voucheruse u ON u.voucher_id = v.id
 WHERE u.state <> 'released' GROUP BY v.id HAVING count(*) > v.max_uses
UNION ALL
SELECT 'credit_voucher ' || v.id, v.code, 'was used ' || count(*) || ' times by customer ' || u.customer_id ||
       ', its terms say ' || v.max_uses_per_customer
  FROM credit_voucher v JOIN credit_voucheruse u ON u.voucher_id = v.id
 WHERE u.state <> 'released' GROUP BY v.id, u.customer_id HAVING count(*) > v.max_uses_per_customer
UNION ALL
SELECT 'credit_voucheruse ' || u.id, u.origin, 'is of credit_voucher ' || v.id ||
    ', which is another customer''s or in another currency'
  FROM credit_voucheruse u JOIN credit_voucher v ON v.id = u.voucher_id
 WHERE v.customer_id <> u.customer_id OR (v.currency <> '' AND v.currency <> u.currency)
"""

# A voucher's own row is not sealed; the quotes that worked with it are.
TERMS_ARE_AS_QUOTED = """
SELECT 'credit_voucher ' || v.id, v.code, 'takes off something else than changes_quote ' || q.id || ' froze'
  FROM changes_quote q JOIN credit_voucher v ON v.id = q.voucher_id, LATERAL (SELECT q.inputs->'voucher' AS terms) f
 WHERE (v.amount_minor, v.off, v.at_most_minor, v.minimum_spend_minor, nullif(v.components, '[]')) IS DISTINCT FROM
       ((f.terms->>'amount')::bigint, (f.terms->>'off')::numeric, (f.terms->>'at_most')::bigint,
        (f.terms->>'minimum_spend')::bigint, nullif(f.terms->'scope', 'null'))
"""

PROMISES = (
    Promise(
        "voucher-uses-follow-their-change",
        "A voucher is held, used or free again as its change is.",
        USES_FOLLOW_THEIR_CHANGE,
    ),
    Promise(
        "discounts-have-a-use", "What an invoice takes off is what its voucher gave.", DISCOUNTS_HAVE_A_USE
    ),
    Promise(
        "vouchers-within-terms",
        "A voucher is not used more often, nor by others, than its terms say.",
        USED_WITHIN_TERMS,
    ),
    Promise(
        "vouchers-are-as-quoted", "A voucher takes off what it did when it was quoted.", TERMS_ARE_AS_QUOTED
    ),
)
