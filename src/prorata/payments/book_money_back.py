"""Refunds and disputes in the fetched truth enter the ledger: once out, and once back in if they fail or are won."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from prorata import clock
from prorata.credit.move import Movement, move
from prorata.credit.purse import account_purse
from prorata.customers.lock import assert_locked
from prorata.events.publish import publish
from prorata.invoices.models import Invoice
from prorata.ledger import accounts
from prorata.ledger.post import post
from prorata.payments.bank.debts import debt
from prorata.payments.gateways.base import GatewayDispute, GatewayPayment
from prorata.payments.models import Capture, MoneyBack, PaymentAttempt, Refund


@dataclass(frozen=True)
class _Taken:
    """What a refund or a dispute says: whether the money is away from us now, and of a dispute, whether that is decided.
    `stays_minor` of it stay away: less than the amount where a dispute is lost in part."""

    kind: str
    id: str
    capture_id: str
    amount_minor: int
    currency: str
    away: bool
    reason: str
    stays_minor: int
    undecided: bool = False


def book_money_back(attempt: PaymentAttempt, invoice: Invoice, payment: GatewayPayment) -> list[str]:
    """Book what left us or returned and is not booked yet. Customer and attempt must be locked, captures recorded.

    Returns, in words for staff, what does not fit the captures: a bank may take more than was paid, or what was refunded
    already. As much as is left of a capture is booked; nothing is ever converted.
    """
    assert_locked(invoice.customer_id)
    if not payment.refunds and not payment.disputes:
        return []
    captures = {
        capture.capture_id: capture
        for capture in Capture.objects.filter(attempt=attempt, gateway=attempt.gateway)
    }
    known = {
        (row.kind, row.outside_id, row.way): row
        for row in MoneyBack.objects.filter(capture__in=captures.values())
    }
    left = {one: capture.amount_minor - _away(capture, known.values()) for one, capture in captures.items()}
    strange = []
    # What returned first: it may leave again.
    for taken in sorted(_taken(payment), key=lambda one: one.stays_minor == one.amount_minor):
        out = known.get((taken.kind, taken.id, "out"))
        if taken.away and out is None:
            capture = captures.get(taken.capture_id)
            fits = min(left[taken.capture_id], taken.amount_minor) if capture else 0
            if capture is None or capture.currency != taken.currency:
                strange.append(f"{_named(taken)} is of no payment in our books")
                continue
            if fits < taken.stays_minor:
                strange.append(
                    f"{_named(taken)} is more than the {fits} that were left of {capture.capture_id}"
                )
            if fits:
                out = _out(capture, invoice, replace(taken, amount_minor=fits))
                left[taken.capture_id] -= fits
        if out is not None:
            back = known.get((taken.kind, taken.id, "in"))
            returned = out.amount_minor - min(taken.stays_minor, out.amount_minor)
            if taken.undecided or returned == (back.amount_minor if back else 0):
                continue
            if back is None:
                _back(out, replace(taken, amount_minor=returned))
                left[out.capture.capture_id] += returned
            else:  # each way is booked once: another round at the bank is for staff, and not for a guess
                strange.append(f"{_named(taken)} {_another_round(back.amount_minor > returned)}")
    _follow(payment, {row.outside_id for row in known.values() if row.kind == "refund" and row.way == "in"})
    return strange


def _another_round(left_again: bool) -> str:
    if left_again:
        return "is lost after it was won: the money left again, and is not booked"
    return "was lost in part, and more of it has returned since: that is not booked"


def _away(capture: Capture, known: Iterable[MoneyBack]) -> int:
    rows = [row for row in known if row.capture_id == capture.pk]
    return sum(row.amount_minor if row.way == "out" else -row.amount_minor for row in rows)


def _named(taken: _Taken) -> str:
    return f"{taken.kind} {taken.id} of {taken.amount_minor} {taken.currency} in minor units"


def _taken(payment: GatewayPayment) -> list[_Taken]:
    """A refund leaves with its first sight, as the processor books it; a question of the bank's takes nothing."""
    refunds = [
        _Taken(
            "refund",
            r.id,
            r.capture_id,
            r.amount_minor,
            r.currency,
            r.state != "failed",
            r.reason,
            stays_minor=r.amount_minor if r.state != "failed" else 0,
            undecided=r.state != "failed",
        )
        for r in payment.refunds
    ]
    disputes = [
        _Taken(
            "dispute",
            d.id,
            d.capture_id,
            d.amount_minor,
            d.currency,
            d.state in ("open", "lost"),
            d.reason,
            stays_minor=_stays(d),
            undecided=d.state in ("inquiry", "open"),
        )
        for d in payment.disputes
    ]
    return refunds + disputes


def _stays(dispute: GatewayDispute) -> int:
    if dispute.state == "lost" and dispute.kept_minor is not None:
        return dispute.kept_minor
    return dispute.amount_minor if dispute.state in ("open", "lost") else 0


def _out(capture: Capture, invoice: Invoice, taken: _Taken) -> MoneyBack:
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
    return _keep(capture, taken, "out", credit, owed, transfer)


def _back(out: MoneyBack, taken: _Taken) -> None:
    """The refund failed or the dispute is won: both parts stand again as they stood before. Of a part, what is owed comes
    first, which was taken last. What of the debt was paid meanwhile is not owed any more, and is the customer's: account
    credit."""
    capture, customer, currency = out.capture, out.customer_id, out.currency
    cleared = (accounts.clearing(capture.gateway, currency), taken.amount_minor)
    key = f"{taken.kind}:{capture.gateway}:{taken.id}:in"
    origin, actor = out.transfer.origin, f"gateway:{capture.gateway}"
    owed = credit = 0
    if capture.outcome == "suspense":
        transfer = post(
            key=key, kind="came_back", origin=origin, at=clock.now(), actor=actor, reason=taken.reason,
            legs=[cleared, (accounts.suspense(currency), -taken.amount_minor)],
        )  # fmt: skip
    else:
        owed = min(out.owed_minor, taken.amount_minor, debt(customer, currency))
        credit = taken.amount_minor - owed
        purse = account_purse(customer, currency)
        transfer = move(
            customer_id=customer, currency=currency, movements=[Movement(purse.pk, credit)],
            against=[cleared, (accounts.owed(customer, currency), -owed)], key=key, what="came_back",
            origin=origin, at=clock.now(), actor=actor, reason=taken.reason,
        )  # fmt: skip
    _keep(capture, taken, "in", credit, owed, transfer)


def _keep(capture: Capture, taken: _Taken, way: str, credit: int, owed: int, transfer: int) -> MoneyBack:
    kept = MoneyBack.objects.create(
        gateway=capture.gateway, kind=taken.kind, outside_id=taken.id, way=way, capture=capture,
        customer_id=capture.customer_id, amount_minor=taken.amount_minor, currency=capture.currency,
        credit_minor=credit, owed_minor=owed, reason=taken.reason[:200], recorded_at=clock.now(), transfer_id=transfer,
    )  # fmt: skip
    publish("payment.taken_back", id=kept.pk)
    return kept


def _follow(payment: GatewayPayment, returned: set[str]) -> None:
    """Our own refunds stand as the gateway says, also one whose answer was lost. An answer may be read after a newer one:
    one whose end is booked is not pending again, and one whose money has returned has failed."""
    for seen in payment.refunds:
        if not seen.key or (seen.state != "failed" and seen.id in returned):
            continue
        rows = Refund.objects.filter(pk=seen.key).exclude(state=seen.state)
        if seen.state == Refund.State.PENDING:
            rows = rows.exclude(state=Refund.State.SUCCEEDED)
        rows.update(state=Refund.State(seen.state), refund_id=seen.id, problem=seen.reason[:200])
