"""Purses, the credit log and pledges."""

from __future__ import annotations

from prorata.verify.promise import Promise

PURSES_ARE_THE_LEDGER = """
SELECT 'credit_purse ' || p.id, '', 'holds ' || p.balance_minor || ', the ledger says ' || -coalesce(sum(e.amount_minor), 0)
  FROM credit_purse p
  LEFT JOIN ledger_account a ON a.code = 'purse/' || p.id || '/' || p.currency
  LEFT JOIN ledger_entry e ON e.account_id = a.id
 GROUP BY p.id HAVING p.balance_minor <> -coalesce(sum(e.amount_minor), 0)
UNION ALL
SELECT 'ledger_account ' || a.id, a.code, 'is the account of a purse that does not exist in this currency'
  FROM ledger_account a LEFT JOIN credit_purse p ON a.code = 'purse/' || p.id || '/' || p.currency
 WHERE starts_with(a.code, 'purse/') AND p.id IS NULL
"""

THE_LOG_ADDS_UP = """
SELECT 'credit_logline ' || id, origin,
       CASE WHEN balance_after_minor <> running THEN 'says ' || balance_after_minor ||
           ' are left, its lines add up to ' || running
            ELSE 'is the last line and says ' || balance_after_minor || ', credit_purse ' || purse_id || ' holds ' ||
                 coalesce(balance_minor::text, 'nothing') END
  FROM (SELECT l.id, l.origin, l.purse_id, l.balance_after_minor, p.balance_minor,
               sum(l.amount_minor) OVER (PARTITION BY l.purse_id ORDER BY l.id) AS running,
               lead(l.id) OVER (PARTITION BY l.purse_id ORDER BY l.id) AS next
          FROM credit_logline l LEFT JOIN credit_purse p ON p.id = l.purse_id) line
 WHERE balance_after_minor <> running OR (next IS NULL AND balance_minor IS DISTINCT FROM running)
"""

THE_LOG_IS_THE_LEDGER = """
SELECT 'credit_logline ' || l.id, l.origin,
       CASE WHEN t.id IS NULL THEN 'belongs to ledger_transfer ' || l.transfer_id || ', which does not exist'
            ELSE 'does not say what ledger_transfer ' || t.id || ' says: kind, origin, reason, actor or instant differ' END
  FROM credit_logline l LEFT JOIN ledger_transfer t ON t.id = l.transfer_id
 WHERE (t.kind, t.origin, t.reason, t.actor, t.at) IS DISTINCT FROM (l.what, l.origin, l.reason, l.actor, l.at)
UNION ALL
SELECT 'credit_logline ' || l.id, l.origin, 'is of another customer or currency than credit_purse ' || l.purse_id
  FROM credit_logline l LEFT JOIN credit_purse p ON p.id = l.purse_id
 WHERE (p.customer_id, p.currency) IS DISTINCT FROM (l.customer_id, l.currency)
"""

PURSES_HAVE_A_SOURCE = """
SELECT 'credit_purse ' || p.id, '', 'is ' || p.kind || ' credit, but was first filled by ' || l.what
  FROM credit_purse p JOIN (SELECT DISTINCT ON (purse_id) purse_id, what FROM credit_logline ORDER BY purse_id, id) l
    ON l.purse_id = p.id
 WHERE (p.kind = 'account' AND l.what NOT IN ('surplus', 'late', 'returned', 'reduced', 'reversed', 'corrected',
                                                   'transferred', 'came_back'))
    OR (p.kind = 'gifted' AND p.prolonged_from IS NULL AND l.what NOT IN ('granted', 'reduced', 'reversed'))
    OR (p.prolonged_from IS NOT NULL AND l.what <> 'released')
UNION ALL
SELECT 'credit_purse ' || p.id, '', 'does not say the reason of its grant, credit_logline ' || l.id
  FROM credit_purse p JOIN credit_logline l ON l.purse_id = p.id AND l.what = 'granted' WHERE l.reason <> p.reason
UNION ALL
SELECT 'credit_purse ' || p.id, '', 'ended at ' || p.expires_at || ', but credit_logline ' || l.id || ' ended it at ' || l.at
  FROM credit_logline l JOIN credit_purse p ON p.id = l.purse_id
 WHERE l.what = 'expired' AND (p.expires_at IS NULL OR p.expires_at > l.at)
"""

CREDIT_NOTES_FILL_PURSES = """
SELECT 'invoices_creditnote ' || n.id, n.number, 'gives ' || n.cash_minor || ' as credit and ' || n.gifted_minor ||
       ' as a gift, the credit log has ' || coalesce(l.cash, 0) || ' and ' || coalesce(l.gifted, 0)
  FROM invoices_creditnote n LEFT JOIN (
       SELECT l.transfer_id, sum(l.amount_minor) FILTER (WHERE p.kind = 'account') AS cash,
              sum(l.amount_minor) FILTER (WHERE p.kind = 'gifted') AS gifted, min(p.customer_id) AS customer_id
         FROM credit_logline l JOIN credit_purse p ON p.id = l.purse_id GROUP BY l.transfer_id) l USING (transfer_id)
 WHERE (coalesce(l.cash, 0), coalesce(l.gifted, 0), l.customer_id) IS DISTINCT FROM
       (n.cash_minor, n.gifted_minor, n.customer_id)
"""

PLEDGES_ARE_THE_LEDGER = """
SELECT 'ledger_account ' || a.id, a.code, 'holds ' || -coalesce(e.total, 0) || ' of pledged credit, the pledges hold ' ||
       coalesce(g.total, 0)
  FROM ledger_account a
  LEFT JOIN (SELECT account_id, sum(amount_minor) AS total FROM ledger_entry GROUP BY account_id) e ON e.account_id = a.id
  LEFT JOIN (SELECT 'customer/' || p.customer_id || '/pledged/' || p.currency AS code, sum(g.amount_minor) AS total
               FROM credit_pledge g JOIN credit_purse p ON p.id = g.purse_id WHERE g.state = 'held' GROUP BY 1) g
                   USING (code)
 WHERE split_part(a.code, '/', 3) = 'pledged' AND -coalesce(e.total, 0) <> coalesce(g.total, 0)
"""

PLEDGES_ARE_THE_LOG = """
SELECT 'credit_pledge ' || g.id, g.origin, 'holds ' || g.amount_minor || ', the credit log took ' || coalesce(-l.amount, 0)
  FROM credit_pledge g LEFT JOIN (
       SELECT purse_id, origin, sum(amount_minor) AS amount FROM credit_logline WHERE what = 'pledged' GROUP BY 1, 2) l
       USING (purse_id, origin)
 WHERE g.amount_minor IS DISTINCT FROM -l.amount
UNION ALL
SELECT 'credit_logline ' || l.id, l.origin, 'took out what no pledge holds'
  FROM credit_logline l LEFT JOIN credit_pledge g USING (purse_id, origin) WHERE l.what = 'pledged' AND g.id IS NULL
"""

PLEDGES_FOLLOW_THEIR_INVOICE = """
SELECT 'credit_pledge ' || g.id, g.origin, 'is ' || g.state || ', its invoice is ' || coalesce(i.status, 'missing')
  FROM credit_pledge g LEFT JOIN invoices_invoice i ON i.origin = g.origin
 WHERE g.state IS DISTINCT FROM CASE i.status WHEN 'open' THEN 'held' WHEN 'paid' THEN 'posted' ELSE 'voided' END
    OR i.id IS NULL
UNION ALL
SELECT 'credit_pledge ' || g.id, g.origin, 'is from credit_purse ' || p.id || ', which is not of the customer of the invoice'
  FROM credit_pledge g JOIN credit_purse p ON p.id = g.purse_id JOIN invoices_invoice i ON i.origin = g.origin
 WHERE (i.customer_id, i.currency) IS DISTINCT FROM (p.customer_id, p.currency)
"""

# A gift is granted with its end; one that comes back lasts fourteen days, or as long as the gift it was; one that ended
# while it was held three days more. Grants from before there was a trail have no line in it.
GIFTS_LAST_AS_SAID = """
SELECT 'credit_purse ' || p.id, '', 'ends at ' || p.expires_at || ', ' ||
       CASE l.what WHEN 'granted' THEN 'trail_deed ' || d.id || ' says ' || (d.changed->'expires_at'->>1)
            WHEN 'released' THEN 'credit_logline ' || l.id || ' of ' || l.at || ' prolonged it for three days'
            ELSE 'credit_logline ' || l.id || ' of ' || l.at || ' gave it back for fourteen days or to its old end' END
  FROM credit_purse p
  JOIN (SELECT DISTINCT ON (purse_id) purse_id, id, what, at FROM credit_logline ORDER BY purse_id, id) l
    ON l.purse_id = p.id
  LEFT JOIN trail_deed d ON d.what = 'credit.granted' AND d.place = 'credit_purse ' || p.id
 WHERE p.kind = 'gifted' AND CASE l.what
       WHEN 'granted' THEN (d.changed->'expires_at'->>1)::timestamptz <> p.expires_at
       WHEN 'released' THEN p.expires_at <> l.at + interval '72 hours' OR NOT EXISTS (
            SELECT 1 FROM credit_purse o WHERE o.id < p.id AND (o.customer_id, o.currency) = (p.customer_id, p.currency)
                                           AND o.expires_at = p.prolonged_from)
       ELSE p.expires_at <> l.at + interval '336 hours' AND (p.expires_at < l.at + interval '336 hours' OR NOT EXISTS (
            SELECT 1 FROM credit_purse o WHERE o.id < p.id AND (o.customer_id, o.currency) = (p.customer_id, p.currency)
                                           AND o.expires_at = p.expires_at)) END
"""

GIFTS_END = """
SELECT 'credit_purse ' || id, '', 'ended at ' || expires_at || ' and still holds ' || balance_minor
  FROM credit_purse WHERE balance_minor > 0 AND expires_at < %(now)s::timestamptz - interval '1 day'
"""

PROMISES = (
    Promise("purses-are-the-ledger", "A purse holds what the ledger says.", PURSES_ARE_THE_LEDGER),
    Promise("credit-log-adds-up", "A purse holds what its log adds up to, line by line.", THE_LOG_ADDS_UP),
    Promise(
        "credit-log-is-the-ledger",
        "A line of the credit log says what its transfer says.",
        THE_LOG_IS_THE_LEDGER,
    ),
    Promise(
        "purses-have-a-source", "A purse was filled by what fills a purse of its kind.", PURSES_HAVE_A_SOURCE
    ),
    Promise(
        "credit-notes-fill-purses",
        "What a credit note gives went into the customer's purses.",
        CREDIT_NOTES_FILL_PURSES,
    ),
    Promise(
        "pledges-are-the-ledger", "What is pledged in the ledger is held by pledges.", PLEDGES_ARE_THE_LEDGER
    ),
    Promise(
        "pledges-are-the-log",
        "A pledge holds what the credit log took out of its purse.",
        PLEDGES_ARE_THE_LOG,
    ),
    Promise(
        "pledges-follow-their-invoice",
        "A pledge is held, posted or voided as its invoice is.",
        PLEDGES_FOLLOW_THEIR_INVOICE,
    ),
    Promise(
        "gifts-last-as-said", "A gift lasts as long as it was granted or given back for.", GIFTS_LAST_AS_SAID
    ),
    Promise("gifts-end", "No gift that ended a day ago still holds something.", GIFTS_END, in_time=True),
)
