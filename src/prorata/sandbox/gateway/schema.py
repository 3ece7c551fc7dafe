"""What the sandbox gateway keeps. Amounts in minor units, instants as Unix seconds."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS payment (
    ref TEXT PRIMARY KEY,
    attempt_id TEXT NOT NULL UNIQUE,  -- the key it was created under
    request TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    description TEXT NOT NULL,
    return_url TEXT NOT NULL,
    cancel_url TEXT NOT NULL,
    customer_ref TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'processing', 'succeeded', 'failed', 'cancelled')),
    reason TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL,
    challenge TEXT,      -- JSON of the chosen card and webhook choice while the bank's question is open
    settles_at REAL,     -- while processing
    settles_well INTEGER,
    choice TEXT          -- JSON of the webhook choice to use when it settles
);
CREATE TABLE IF NOT EXISTS capture (
    id TEXT PRIMARY KEY, ref TEXT NOT NULL REFERENCES payment, amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL, captured_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS refund (
    id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, ref TEXT NOT NULL REFERENCES payment,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0), currency TEXT NOT NULL, created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS dispute (
    id TEXT PRIMARY KEY, ref TEXT NOT NULL REFERENCES payment, capture_id TEXT NOT NULL REFERENCES capture,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0), currency TEXT NOT NULL, reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('inquiry', 'open', 'won', 'lost')),
    opened_at REAL NOT NULL, changed_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS method (  -- a card kept for later, with the customer's consent
    id TEXT PRIMARY KEY, ref TEXT NOT NULL REFERENCES payment, customer TEXT NOT NULL, card TEXT NOT NULL,
    created_at REAL NOT NULL, detached_at REAL
);
CREATE TABLE IF NOT EXISTS key (  -- what was answered to each idempotency key of a face
    key TEXT PRIMARY KEY, content TEXT NOT NULL, body TEXT NOT NULL, at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, ref TEXT NOT NULL, created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY, event INTEGER NOT NULL REFERENCES event, body TEXT NOT NULL,
    due_at REAL NOT NULL, claimed_until REAL NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    delivered_at REAL, given_up_at REAL, last_result TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due_at) WHERE delivered_at IS NULL AND given_up_at IS NULL;
"""

# Columns younger than their tables. `reference` is the merchant's own name of a payment ("" for: the key itself),
# `facts` and `meta` are JSON a face keeps beside a payment, a refund or an event.
ADDED = {
    "payment": {
        "reference": "TEXT NOT NULL DEFAULT ''",
        "save_method": "INTEGER NOT NULL DEFAULT 0",
        "method": "TEXT",  # the saved card it was charged to, nobody being there
        "card": "TEXT NOT NULL DEFAULT ''",  # the card tried last
        "wants_customer": "INTEGER NOT NULL DEFAULT 0",  # refused only because nobody was there to confirm it
        "meta": "TEXT NOT NULL DEFAULT '{}'",
        "held": "INTEGER NOT NULL DEFAULT 0",  # the customer only approves; the merchant takes the money himself
        "approved_at": "REAL",
        "capture_id": "TEXT NOT NULL DEFAULT ''",  # the name its capture will have, told while it is on its way
    },
    "refund": {
        "capture_id": "TEXT NOT NULL DEFAULT ''",
        "state": "TEXT NOT NULL DEFAULT 'succeeded'",
        "reason": "TEXT NOT NULL DEFAULT ''",
        "changed_at": "REAL NOT NULL DEFAULT 0",
        "meta": "TEXT NOT NULL DEFAULT '{}'",
    },
    "dispute": {"kept_minor": "INTEGER"},  # of one that is lost, what did not come back; NULL is all of it
    "event": {"body": "TEXT NOT NULL DEFAULT ''"},
}
