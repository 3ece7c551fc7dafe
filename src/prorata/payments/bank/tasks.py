"""Jobs of the bank: wake-ups; what there is to do stands in our own rows."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from prorata.payments.bank.match import match

RETRY = RetryStrategy(max_attempts=20, exponential_wait=2)


@app.task(name="bank.match", retry=RETRY)
def match_line(id: int) -> None:
    match(id)
