"""The sentence of each promise, by its key."""

from __future__ import annotations

from prorata.verify.walk import PROMISES

SAYS = {promise.key: promise.says for promise in PROMISES}
