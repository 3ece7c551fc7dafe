"""Refunds and disputes in the fetched truth enter the ledger: once out, and once back in if they fail or are won."""

from __future__ import annotations

from dataclasses import dataclass

from prorata import clock
from prorata.credit.move import Movement, move
from prorata.credit.purse import account_purse
from prorata.customers.lock import assert_locked
from prorata.events.publish import publish
from prorata.invoices.models import Invoice
from prorata.ledger import accounts
from prorata.ledger.post import post
from prorata.payments.gateways.base import GatewayPayment
from prorata.payments.models import Capture, MoneyBack, PaymentAttempt, Refund


@dataclass(frozen=True)
class _Taken:
    """What a refund or a dispute says: whether the money is away from us now."""

    kind: str
    id: str
    capture_id: str
    amount_minor: int
    away: bool
    reason: str


def book_money_back(attempt: PaymentAttempt, invoice: Invoice, payment: GatewayPayment) -> None:
    """Book what left us or returned and is not booked yet. Customer and attempt must be locked, captures recorded."""
    assert_locked(invoice.customer_id)
    if not payment.refunds and not payment.disputes:
        return
    captures = {
        capture.capture_id: capture
        for capture in Capture.objects.filter(attempt=attempt, gateway=attempt.gateway)
    }
    known = {
        (row.kind, row.outside_id, row.way): row
        for row in MoneyBack.objects.filter(capture__in=captures.values())
    }
    for taken in _taken(payment):
        capture = captures[taken.capture_id]
        out = known.get((taken.kind, taken.id, "out"))
        if taken.away and out is None:
            _out(capture, invoice, taken)
        elif not taken.away and out is not None and (taken.kind, taken.id, "in") not in known:
            _back(out, taken)
    _follow(payment)


def _taken(payment: GatewayPayment) -> list[_Taken]:
    """A refund leaves with its first sight, as the processor books it; a question of the bank's takes nothing."""
    refunds = [
        _Taken("refund", r.id, r.capture_id, r.amount_minor, r.state != "failed", r.reason)
        for r in payment.refunds
    ]
    disputes = [
        _Taken("dispute", d.id, d.capture_id, d.amount_minor, d.state in ("open", "lost"), d.reason)
        for d in payment.disputes
    ]
    return refunds + disputes


def _out(capture: Capture, invoice: Invoice, taken: _Taken) -> None:
    """From the account credit as far as it is there, never below zero; the rest the customer owes."""
    customer, currency = capture.customer_id, capture.currency
    cleared = (accounts.clearing(capture.gateway, currency), -taken.amount_minor)
    credit = owed = 0
    key = f"{taken.kind}:{capture.gateway}:{taken.id}:out"
    if capture.outcome == "suspense":
        transfer = post(
            key=key, kind="taken_back", origin=f"attempt:{capture.attempt_id}", at=clock.now(), reason=taken.reason,
            legs=[cleared, (accounts.suspense(currency), taken.amount_minor)], actor=f"gateway:{capture.gateway}",
        )  # fmt: skip
    else:
        purse = account_purse(customer, currency)
        credit = min(purse.balance_minor, taken.amount_minor)
        owed = taken.amount_minor - credit
        transfer = move(
            customer_id=customer, currency=currency, movements=[Movement(purse.pk, -credit)],
            against=[cleared, (accounts.owed(customer, currency), owed)], key=key, what="taken_back",
            origin=invoice.origin, at=clock.now(), actor=f"gateway:{capture.gateway}", reason=taken.reason,
        )  # fmt: skip
    _keep(capture, taken, "out", credit, owed, transfer)


def _back(out: MoneyBack, taken: _Taken) -> None:
    """The refund failed or the dispute is won: both parts stand again as they stood before."""
    capture, customer, currency = out.capture, out.customer_id, out.currency
    cleared = (accounts.clearing(capture.gateway, currency), out.amount_minor)
    key = f"{taken.kind}:{capture.gateway}:{taken.id}:in"
    origin, actor = out.transfer.origin, f"gateway:{capture.gateway}"
    if capture.outcome == "suspense":
        transfer = post(
            key=key, kind="came_back", origin=origin, at=clock.now(), actor=actor, reason=taken.reason,
            legs=[cleared, (accounts.suspense(currency), -out.amount_minor)],
        )  # fmt: skip
    else:
        purse = account_purse(customer, currency)
        transfer = move(
            customer_id=customer, currency=currency, movements=[Movement(purse.pk, out.credit_minor)],
            against=[cleared, (accounts.owed(customer, currency), -out.owed_minor)], key=key, what="came_back",
            origin=origin, at=clock.now(), actor=actor, reason=taken.reason,
        )  # fmt: skip
    _keep(capture, taken, "in", out.credit_minor, out.owed_minor, transfer)


def _keep(capture: Capture, taken: _Taken, way: str, credit: int, owed: int, transfer: int) -> None:
    kept = MoneyBack.objects.create(
        gateway=capture.gateway, kind=taken.kind, outside_id=taken.id, way=way, capture=capture,
        customer_id=capture.customer_id, amount_minor=taken.amount_minor, currency=capture.currency,
        credit_minor=credit, owed_minor=owed, reason=taken.reason[:200], recorded_at=clock.now(), transfer_id=transfer,
    )  # fmt: skip
    publish("payment.taken_back", id=kept.pk)


def _follow(payment: GatewayPayment) -> None:
    """Our own refunds stand as the gateway says, also one whose answer was lost."""
    for seen in payment.refunds:
        if seen.key:
            Refund.objects.filter(pk=seen.key).exclude(state=seen.state).update(
                state=Refund.State(seen.state), refund_id=seen.id, problem=seen.reason[:200]
            )
