"""Assign the money of a statement line: to an invoice, to account credit, to a debt, or aside."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Literal

from django.conf import settings
from django.db import IntegrityError, transaction

from prorata import clock
from prorata.credit.move import Movement, move
from prorata.credit.purse import account_purse
from prorata.customers.lock import lock_customer
from prorata.customers.models import Customer
from prorata.events.publish import publish
from prorata.invoices.models import Invoice
from prorata.ledger import accounts
from prorata.ledger.post import post
from prorata.payments.bank import BANK, METHOD
from prorata.payments.bank.debts import debt
from prorata.payments.bank.line_lock import left, lock_line
from prorata.payments.bank.models import Allocation, StatementLine
from prorata.payments.bank.reference import new_reference
from prorata.payments.gateways.base import GatewayCapture, GatewayPayment
from prorata.payments.models import PaymentAttempt
from prorata.payments.record_capture import record_captures
from prorata.pricing.display import amount_text
from prorata.trail.write import note

State, What = PaymentAttempt.State, Allocation.What
SYSTEM = f"gateway:{BANK}"


class CannotAssign(ValueError):
    """One sentence that says why, and what to do. Nothing was assigned."""


@transaction.atomic
def to_invoice(
    line: StatementLine,
    invoice_id: int,
    *,
    amount_minor: int | None = None,
    attempt_id: uuid.UUID | None = None,
    reason: str = "",
    actor: str = SYSTEM,
    actor_name: str = "",
    automatic: bool = False,
) -> Allocation:
    """Book it as a capture, on the road of every capture: what is due is taken, the rest is account credit.

    `amount_minor` None is all that is left; `attempt_id` is the attempt whose reference the sender wrote.
    Raises CannotAssign.
    """
    customer_id = Invoice.objects.values_list("customer_id", flat=True).get(pk=invoice_id)
    lock_customer(customer_id)
    invoice = (
        Invoice.objects.select_for_update(of=("self",), no_key=True)
        .select_related("service", "customer")
        .get(pk=invoice_id)
    )
    if invoice.currency != line.currency:
        raise CannotAssign(
            f"{invoice} is in {invoice.currency}, the money is {line.currency}. Nothing is converted: assign it to the"
            " customer's account credit in its own currency, or send it back."
        )
    if invoice.seller_id != line.account.seller_id:
        raise CannotAssign(
            f"{invoice} is of another seller than the bank account: that seller has not received this money."
        )
    attempt = _attempt(invoice, attempt_id)
    amount = _take(line, amount_minor)
    if automatic and line.allocations.exists():  # seen under the lock: what staff began, staff finish
        raise CannotAssign("A part of this money was assigned a moment ago by somebody else.")
    made_now = attempt is None
    if attempt is None:
        attempt = _made_by_staff(invoice, actor, actor_name)
    allocation = _write(
        line, What.INVOICE, amount, customer=invoice.customer, invoice=invoice, reason=reason, actor=actor,
        automatic=automatic,
    )  # fmt: skip
    _note(allocation, actor, actor_name, {"invoice": (None, str(invoice))})
    if not made_now and (attempt.state not in PaymentAttempt.OPEN or amount >= invoice.due_minor):
        _succeed(attempt)
    record_captures(attempt, invoice, _as_payment(attempt, allocation))  # may take a legal number: last
    return allocation


def _attempt(invoice: Invoice, attempt_id: uuid.UUID | None) -> PaymentAttempt | None:
    """The transfer the money came by, or the newest that was awaited for this invoice."""
    attempts = PaymentAttempt.objects.select_for_update(no_key=True).filter(invoice=invoice, gateway=BANK)
    return attempts.filter(pk=attempt_id).get() if attempt_id else attempts.order_by("-created_at").first()


def _made_by_staff(invoice: Invoice, actor: str, actor_name: str) -> PaymentAttempt:
    """Money for an invoice that nobody meant to pay by transfer: the attempt and its success are one."""
    if invoice.due_minor <= 0:
        raise CannotAssign(
            f"{invoice} is {invoice.get_status_display().lower()} and no transfer was awaited for it."
            f" Assign the money to the account credit of {invoice.customer}."
        )
    now = clock.now()
    attempt = PaymentAttempt.objects.create(
        invoice=invoice, gateway=BANK, method=METHOD, amount_minor=invoice.due_minor, currency=invoice.currency,
        gateway_ref=new_reference(), state=State.SUCCEEDED, made_by=actor, created_at=now, ended_at=now,
    )  # fmt: skip
    note(
        "payment.begun", invoice, actor=actor, actor_name=actor_name, customer_id=invoice.customer_id,
        changed={
            "attempt": (None, str(attempt.pk)), "amount_minor": (None, attempt.amount_minor), "method": (None, METHOD),
        },
    )  # fmt: skip
    return attempt


def _succeed(attempt: PaymentAttempt) -> None:
    if attempt.state != State.SUCCEEDED:
        attempt.state, attempt.ended_at, attempt.reason = State.SUCCEEDED, clock.now(), ""
        attempt.save(update_fields=["state", "ended_at", "reason"])


def _as_payment(attempt: PaymentAttempt, allocation: Allocation) -> GatewayPayment:
    """The line as a processor would tell of it."""
    line = allocation.line
    capture = GatewayCapture(
        id=str(allocation), amount_minor=allocation.amount_minor, currency=line.currency,
        captured_at=datetime(line.booked_on.year, line.booked_on.month, line.booked_on.day, tzinfo=UTC),
    )  # fmt: skip
    return GatewayPayment(
        ref=attempt.gateway_ref, attempt_id=str(attempt.pk), payee=str(line.account_id),
        live=not settings.PRORATA_SANDBOXES_ALLOWED, state="succeeded", amount_minor=allocation.amount_minor,
        currency=line.currency, captures=(capture,),
    )  # fmt: skip


@transaction.atomic
def to_credit(
    line: StatementLine,
    customer: Customer,
    *,
    amount_minor: int | None = None,
    reason: str = "",
    actor: str,
    actor_name: str = "",
) -> Allocation:
    """Give it to a customer as account credit, with a mail. Raises CannotAssign."""
    lock_customer(customer.pk)
    amount = _take(line, amount_minor)
    allocation = _write(line, What.CREDIT, amount, customer=customer, reason=reason, actor=actor)
    purse = account_purse(customer.pk, line.currency)
    move(
        customer_id=customer.pk, currency=line.currency, movements=[Movement(purse.pk, amount)],
        against=[(accounts.suspense(line.currency), amount)], key=allocation.transfer_key, what="transferred",
        origin=f"bankline:{line.pk}", at=allocation.at, actor=actor, reason=reason.strip(),
    )  # fmt: skip
    _note(allocation, actor, actor_name, {"credit": (None, str(customer))})
    publish("transfer.credited", id=allocation.pk)
    return allocation


@transaction.atomic
def to_debt(
    line: StatementLine,
    customer: Customer,
    *,
    amount_minor: int | None = None,
    reason: str = "",
    actor: str,
    actor_name: str = "",
) -> Allocation:
    """Pay what a customer owes, for whatever reason (see `debts`). Raises CannotAssign."""
    lock_customer(customer.pk)
    amount = _take(line, amount_minor)
    owed = debt(customer.pk, line.currency)
    if amount > owed:
        raise CannotAssign(
            f"{customer} owes {amount_text(owed, line.currency)} {line.currency}. Assign at most that to the debt,"
            " and the rest to the account credit."
        )
    allocation = _write(line, What.DEBT, amount, customer=customer, reason=reason, actor=actor)
    _post_out_of_suspense(allocation, "debt_paid", accounts.owed(customer.pk, line.currency))
    _note(allocation, actor, actor_name, {"debt": (owed, owed - amount)})
    return allocation


@transaction.atomic
def set_aside(
    line: StatementLine,
    what: Literal["returned", "not_ours"],
    *,
    amount_minor: int | None = None,
    reason: str,
    actor: str,
    actor_name: str = "",
) -> Allocation:
    """Say that it is sent back to the sender, or is none of the customers' business. Raises CannotAssign."""
    if not reason.strip():
        raise CannotAssign("Write the reason: whoever looks at this money later reads it.")
    amount = _take(line, amount_minor)
    allocation = _write(line, What(what), amount, reason=reason, actor=actor)
    _post_out_of_suspense(
        allocation, "sent_back" if what == "returned" else "set_aside", accounts.outside(line.currency)
    )
    _note(allocation, actor, actor_name, {})
    return allocation


def _take(line: StatementLine, wanted: int | None) -> int:
    """Lock the line and say how much of it is to be assigned."""
    lock_line(line.pk)
    there = left(line)
    if line.amount_minor < 0:
        raise CannotAssign("This money went out. Only money that came in can be assigned.")
    if there <= 0:
        raise CannotAssign("This money was assigned already, perhaps a moment ago by somebody else.")
    amount = there if wanted is None else wanted
    if not 0 < amount <= there:
        raise CannotAssign(
            f"{amount_text(there, line.currency)} {line.currency} of it are not assigned yet. Assign at most that."
        )
    return amount


def _write(
    line: StatementLine,
    what: Allocation.What,
    amount: int,
    *,
    actor: str,
    reason: str = "",
    customer: Customer | None = None,
    invoice: Invoice | None = None,
    automatic: bool = False,
) -> Allocation:
    position = Allocation.objects.filter(line=line).count() + 1
    try:
        return Allocation.objects.create(
            line=line, position=position, what=what, amount_minor=amount, customer=customer, invoice=invoice,
            automatic=automatic, reason=reason.strip(), actor=actor, at=clock.now(),
        )  # fmt: skip
    except (
        IntegrityError
    ) as raced:  # the line's lock and this count make it impossible; the database has the last word
        raise CannotAssign("This money was assigned a moment ago by somebody else.") from raced


def _post_out_of_suspense(allocation: Allocation, kind: str, to: accounts.AccountName) -> None:
    line = allocation.line
    post(
        key=allocation.transfer_key, kind=kind, origin=f"bankline:{line.pk}", at=allocation.at, actor=allocation.actor,
        reason=allocation.reason,
        legs=[(accounts.suspense(line.currency), allocation.amount_minor), (to, -allocation.amount_minor)],
    )  # fmt: skip


def _note(
    allocation: Allocation, actor: str, actor_name: str, changed: dict[str, tuple[object, object]]
) -> None:
    note(
        f"transfer.{allocation.what}", allocation.line, actor=actor, actor_name=actor_name,
        customer_id=allocation.customer_id, reason=allocation.reason,
        changed={
            "amount": (None, allocation.amount_minor), "currency": (None, allocation.line.currency),
            "allocation": (None, str(allocation)), **changed,
        },
    )  # fmt: skip
