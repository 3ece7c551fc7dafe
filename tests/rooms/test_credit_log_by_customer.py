"""The credit log grows with the installation: what is asked of it is asked of one customer's lines (2026-11-26)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prorata.changes import finish
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.changes.terms import book
from prorata.notices.change_facts import came_back
from prorata.payments.look import look
from prorata.payments.models import Capture
from prorata.payments.receipts import receipts
from support.world import World


def asks_one_customer(look_up: Callable[[], object]) -> bool:
    """Whether each statement that looks through the credit log names the customer or the transfer."""
    with CaptureQueriesContext(connection) as sent:
        look_up()
    asked = [sql for sql in (one["sql"] for one in sent.captured_queries) if 'FROM "credit_logline"' in sql]
    assert asked
    named = ('"credit_logline"."customer_id" ', '"credit_logline"."transfer_id" ')
    return all(any(name in sql.partition(" WHERE ")[2] for name in named) for sql in asked)


@pytest.fixture
def change(world: World) -> Change:
    """For 5,596, of which 1,500 are a gift; 1,000 came by card, so it waits."""
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    change = world.change(web, memory=8)
    world.gateway.settings(capture_amount_minor=1_000)
    attempt = world.checkout(change)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    look(attempt.pk)
    return change


def test_the_end_of_a_change_and_what_a_mail_says_of_it(world: World, change: Change) -> None:
    assert asks_one_customer(lambda: finish._gifted_until(change))
    cancel(world.owner, change.reference)
    assert came_back(change) == 2_500
    assert asks_one_customer(lambda: came_back(change))


def test_receipts(world: World, change: Change) -> None:
    cancel(world.owner, change.reference)
    (found,) = receipts([Capture.objects.get()])
    assert found.returned_line is not None
    assert found.returned_line.amount_minor == 1_000
    assert asks_one_customer(lambda: receipts(list(Capture.objects.all())))


def test_a_term_that_is_paid(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    term = world.sell(world.wanted(months=1), use_gifted=True)
    until = book._gifted_until(term)
    assert until is not None
    assert asks_one_customer(lambda: book._gifted_until(term))
