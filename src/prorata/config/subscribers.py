"""Who hears what: event -> names of the jobs that are deferred with it. News travels upward only."""

from __future__ import annotations

SUBSCRIBERS: dict[str, list[str]] = {
    # payments and invoices
    "invoice.paid": ["changes.on_paid"],
    "payment.received": ["notices.payment_received"],
    "payment.late": ["notices.payment_late"],
    "payment.failed": ["notices.payment_failed"],
    "payment.taken_back": ["notices.money_taken_back"],
    "payment.overdue": ["notices.payment_overdue"],
    "payments.differ": ["notices.payments_differ"],
    "transfer.awaited": ["notices.transfer_awaited"],
    "transfer.credited": ["notices.transfer_credited"],
    "transfer.taken_back": ["notices.transfer_taken_back"],
    # provisioning
    "provisioning.queued": ["provisioning.run"],
    "provisioning.moved": ["changes.follow"],
    # changes
    "quote.sent_to_pay": ["notices.quote_sent_to_pay"],
    "change.applying": ["changes.start"],
    "change.parked": ["notices.change_parked"],
    "change.attention": ["notices.needs_you"],
    "change.applied": ["notices.change_applied"],
    "change.partly_applied": ["notices.change_partly_applied"],
    "change.reversed": ["notices.change_reversed"],
    "change.cancelled": ["notices.change_cancelled"],
    "change.expired": ["notices.change_expired"],
    # terms
    "term.sold": ["notices.term_sold"],
    "term.paid": ["notices.term_paid"],
    "term.cancelled": ["notices.term_given_up"],
    "term.expired": ["notices.term_given_up"],
    # credit
    "credit.booked": ["notices.credit_booked"],
    "credit.ends_soon": ["notices.credit_ends_soon"],
    "credit.expired": ["notices.credit_expired"],
    # tickets
    "ticket.written": ["notices.ticket_written"],
    "ticket.answered": ["notices.ticket_answered"],
    "ticket.closes_soon": ["notices.ticket_closes_soon"],
    "ticket.closed": ["notices.ticket_closed"],
    # drift
    "drift.found": ["notices.drift_found"],
    # verify
    "verify.broken": ["notices.books_broken"],
    # people
    "person.let_in": ["notices.person_let_in"],
    "customer.viewed": ["notices.customer_viewed"],
    # mail
    "mail.written": ["notices.send"],
}
