"""Jobs of the notices room: each takes an id, reads the facts itself, and may run twice."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from prorata.notices import send as sending
from prorata.notices import (
    tell_change,
    tell_credit,
    tell_gift,
    tell_payment,
    tell_person,
    tell_quote,
    tell_rest,
    tell_staff,
    tell_staff_of_drift,
    tell_staff_of_payments,
    tell_term,
    tell_ticket,
    tell_transfer,
    tell_view,
)

RETRY = RetryStrategy(max_attempts=20, exponential_wait=2)
# 5 s, 25 s, 2 min, 10 min, 52 min, 4 h: a mail server that is down over lunch loses nothing.
RETRY_SENDING = RetryStrategy(
    max_attempts=sending.MOST_TRIES, exponential_wait=5, retry_exceptions={sending.NotSent}
)


@app.task(name="notices.quote_sent_to_pay", retry=RETRY)
def quote_sent_to_pay(id: int) -> None:
    tell_quote.sent_to_pay(id)


@app.task(name="notices.change_applied", retry=RETRY)
def change_applied(id: int) -> None:
    tell_change.applied(id)


@app.task(name="notices.change_partly_applied", retry=RETRY)
def change_partly_applied(id: int) -> None:
    tell_change.partly_applied(id)


@app.task(name="notices.change_reversed", retry=RETRY)
def change_reversed(id: int) -> None:
    tell_change.reversed_(id)


@app.task(name="notices.change_cancelled", retry=RETRY)
def change_cancelled(id: int) -> None:
    tell_change.given_up(id)


@app.task(name="notices.change_expired", retry=RETRY)
def change_expired(id: int) -> None:
    tell_change.given_up(id)


@app.task(name="notices.change_parked", retry=RETRY)
def change_parked(id: int) -> None:
    tell_change.parked(id)


@app.task(name="notices.needs_you", retry=RETRY)
def needs_you(id: int) -> None:
    tell_staff.needs_you(id)


@app.task(name="notices.books_broken", retry=RETRY)
def books_broken(id: int) -> None:
    tell_staff.books_broken(id)


@app.task(name="notices.drift_found", retry=RETRY)
def drift_found(id: int) -> None:
    tell_staff_of_drift.found(id)


@app.task(name="notices.payment_overdue", retry=RETRY)
def payment_overdue(id: int) -> None:
    tell_staff_of_payments.overdue(id)


@app.task(name="notices.payments_differ", retry=RETRY)
def payments_differ(id: int) -> None:
    tell_staff_of_payments.differ(id)


@app.task(name="notices.term_sold", retry=RETRY)
def term_sold(id: int) -> None:
    tell_term.sold(id)


@app.task(name="notices.term_paid", retry=RETRY)
def term_paid(id: int) -> None:
    tell_term.paid(id)


@app.task(name="notices.term_given_up", retry=RETRY)
def term_given_up(id: int) -> None:
    tell_term.given_up(id)


@app.task(name="notices.credit_booked", retry=RETRY)
def credit_booked(id: int) -> None:
    tell_credit.booked(id)


@app.task(name="notices.credit_ends_soon", retry=RETRY)
def credit_ends_soon(id: int) -> None:
    tell_gift.ends_soon(id)


@app.task(name="notices.credit_expired", retry=RETRY)
def credit_expired(id: int) -> None:
    tell_gift.expired(id)


@app.task(name="notices.payment_received", retry=RETRY)
def payment_received(id: int) -> None:
    tell_payment.received(id)


@app.task(name="notices.payment_failed", retry=RETRY)
def payment_failed(id: int) -> None:
    tell_payment.failed(id)


@app.task(name="notices.payment_late", retry=RETRY)
def payment_late(id: int) -> None:
    tell_credit.late_payment(id)


@app.task(name="notices.transfer_awaited", retry=RETRY)
def transfer_awaited(id: int) -> None:
    tell_transfer.awaited(id)


@app.task(name="notices.transfer_credited", retry=RETRY)
def transfer_credited(id: int) -> None:
    tell_transfer.credited(id)


@app.task(name="notices.transfer_taken_back", retry=RETRY)
def transfer_taken_back(id: int) -> None:
    tell_transfer.taken_back(id)


@app.task(name="notices.money_taken_back", retry=RETRY)
def money_taken_back(id: int) -> None:
    tell_staff.money_taken_back(id)


@app.task(name="notices.ticket_written", retry=RETRY)
def ticket_written(id: int) -> None:
    tell_ticket.written(id)


@app.task(name="notices.ticket_answered", retry=RETRY)
def ticket_answered(id: int) -> None:
    tell_ticket.answered(id)


@app.task(name="notices.ticket_closes_soon", retry=RETRY)
def ticket_closes_soon(id: int) -> None:
    tell_ticket.closes_soon(id)


@app.task(name="notices.ticket_closed", retry=RETRY)
def ticket_closed(id: int) -> None:
    tell_ticket.closed(id)


@app.task(name="notices.send", retry=RETRY_SENDING)
def send(id: int) -> None:
    sending.send(id)


@app.periodic(cron="*/5 * * * *")
@app.task(name="notices.remind", queueing_lock="notices.remind")
def remind(timestamp: int) -> None:
    """A part of the money came, and the time for the rest is running out."""
    tell_rest.remind()


@app.task(name="notices.person_let_in", retry=RETRY)
def person_let_in(id: int) -> None:
    tell_person.let_in(id)


@app.task(name="notices.customer_viewed", retry=RETRY)
def customer_viewed(id: int) -> None:
    tell_view.viewed(id)
