"""Where the payment of an invoice stands: one answer, from the invoice and its attempts, for every page and mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from prorata.invoices.models import Invoice
from prorata.payments.bank.wait import is_awaited
from prorata.payments.models import PaymentAttempt

State = PaymentAttempt.State
Key = Literal[
    "not_begun",  # nothing was tried yet
    "page",  # the customer was sent to the payment page and can go on there
    "declined",  # the same, after a card that was refused there
    "transfer",  # the customer transfers at a bank, and the money is awaited
    "processing",  # the bank has it; may take days
    "checking",  # the payment service did not answer; never final
    "failed", "stopped",  # the last try ended without money: refused, or given up
    "part",  # some of it came
    "over",  # nothing came, and the time to begin a payment has passed
    "paid", "covered",  # settled: with money, or by credit alone
    "cancelled", "expired",  # the invoice is closed and asks for nothing any more
]  # fmt: skip
CLOSED: dict[str, Key] = {Invoice.Status.CANCELLED: "cancelled", Invoice.Status.EXPIRED: "expired"}
OPEN: dict[str, Key] = {State.PROCESSING: "processing", State.UNKNOWN: "checking"}
ENDED: dict[str, Key] = {State.FAILED: "failed", State.CANCELLED: "stopped"}


@dataclass(frozen=True)
class PaymentState:
    """`attempt` is the newest try, if there was one."""

    key: Key
    attempt: PaymentAttempt | None

    @property
    def blocks(self) -> bool:
        """Whether a second payment, and giving up the change, have to wait for an answer."""
        return self.key in OPEN.values()

    @property
    def resumes(self) -> bool:
        """Whether there is a payment page to go back to."""
        return self.key in ("page", "declined")

    @property
    def payable(self) -> bool:
        """Whether a payment can be begun or gone on with now."""
        return self.key in ("not_begun", "page", "declined", "transfer", "failed", "stopped", "part")

    @property
    def live(self) -> bool:
        """Whether it may change while somebody looks at it."""
        return self.blocks or self.resumes


def payment_state(invoice: Invoice, now: datetime) -> PaymentState:
    """The state at `now`. Attempts are read newest first, so that prefetched ones are used."""
    last = next(iter(invoice.attempts.all()), None)
    return PaymentState(_key(invoice, last, now), last)


def _key(invoice: Invoice, last: PaymentAttempt | None, now: datetime) -> Key:
    if invoice.status == Invoice.Status.PAID:
        return "paid" if invoice.received_minor else "covered"
    if invoice.status in CLOSED:
        return CLOSED[invoice.status]
    if last is not None and last.state in OPEN:
        return OPEN[last.state]
    if now >= invoice.pay_until:
        return "over"
    if last is not None and is_awaited(last):
        return "transfer"
    if last is not None and last.state in PaymentAttempt.OPEN:
        return "declined" if last.reason else "page"
    if (
        last is not None
        and last.state in ENDED
        and not (last.state == State.CANCELLED and invoice.received_minor)
    ):
        return ENDED[last.state]
    return "part" if invoice.received_minor else "not_begun"
