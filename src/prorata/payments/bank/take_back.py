"""Take an assignment back that was a mistake: a reversing transfer, with a reason. The money waits to be assigned again.

What the money did meanwhile stays done. From where it comes back is looked up under the customer's lock:
waiting on an open invoice; as account credit, as far as that is still there; and what was used is a debt of the customer.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from prorata import clock
from prorata.credit.models import LogLine, Purse
from prorata.credit.move import Movement, NotEnoughCredit, move
from prorata.credit.purse import account_purse
from prorata.customers.lock import lock_customer
from prorata.events.publish import publish
from prorata.invoices.models import Invoice
from prorata.ledger import accounts
from prorata.ledger.models import Transfer
from prorata.ledger.post import Legs, post
from prorata.payments.bank.line_lock import lock_line
from prorata.payments.bank.models import Allocation, Unallocation
from prorata.trail.write import note

What = Allocation.What


class CannotTakeBack(ValueError):
    """One sentence that says why, and what to do. Nothing was moved."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """From where the money would come back, in minor units. All three are 0 for what had been set aside."""

    from_invoice_minor: int = 0
    from_purse_minor: int = 0
    debt_minor: int = 0


def way_back(allocation: Allocation) -> Way:
    """What taking back would do now; binding only under the customer's lock."""
    amount = allocation.amount_minor
    if allocation.what in Allocation.ASIDE:
        return Way()
    if allocation.what == What.DEBT:
        return Way(debt_minor=amount)
    waiting, used, credited = 0, 0, amount
    if allocation.what == What.INVOICE:
        assert allocation.invoice_id is not None
        invoice = Invoice.objects.get(pk=allocation.invoice_id)
        transfer = Transfer.objects.get(key=allocation.transfer_key)
        credited = sum(LogLine.objects.filter(transfer=transfer).values_list("amount_minor", flat=True))
        taken = amount - credited
        if invoice.status == Invoice.Status.OPEN:
            waiting = taken
        elif invoice.status == Invoice.Status.PAID:
            used = taken
        else:  # it waited until the invoice was closed, and became credit then
            credited += taken
    assert allocation.customer_id is not None
    there = _account_credit(allocation.customer_id, allocation.line.currency)
    from_purse = min(credited, there)
    return Way(
        from_invoice_minor=waiting, from_purse_minor=from_purse, debt_minor=used + credited - from_purse
    )


def _account_credit(customer_id: int, currency: str) -> int:
    purse = Purse.objects.filter(customer=customer_id, currency=currency, kind=Purse.Kind.ACCOUNT).first()
    return purse.balance_minor if purse else 0


@transaction.atomic
def take_back(
    allocation_id: int, *, shown_debt_minor: int, reason: str, actor: str, actor_name: str = ""
) -> Unallocation:
    """Reverse one assignment. `shown_debt_minor` is the debt that was agreed to: if it is another one now, nothing happens.

    Raises CannotTakeBack.
    """
    if not reason.strip():
        raise CannotTakeBack("Write the reason: the customer reads it.")
    found = Allocation.objects.select_related("line", "customer").get(pk=allocation_id)
    invoice = _lock(found)
    if Unallocation.objects.filter(allocation=found).exists():
        raise CannotTakeBack("This was taken back already.")
    way = way_back(found)
    if way.debt_minor != shown_debt_minor:
        raise CannotTakeBack(
            "Meanwhile the customer's credit or the invoice has changed. Look at what would happen now."
        )
    back = Unallocation.objects.create(
        allocation=found, **vars(way), reason=reason.strip(), actor=actor, at=clock.now()
    )
    _post(back, Transfer.objects.get(key=found.transfer_key))
    if invoice is not None and way.from_invoice_minor:
        invoice.received_minor -= way.from_invoice_minor
        invoice.save(update_fields=["received_minor"])
    note(
        "transfer.taken_back", found.line, actor=actor, actor_name=actor_name, customer_id=found.customer_id,
        reason=back.reason, changed={"allocation": (str(found), None), **{k: (0, v) for k, v in vars(way).items()}},
    )  # fmt: skip
    if way.from_purse_minor or way.debt_minor:
        publish("transfer.taken_back", id=back.pk)
    return back


def _lock(allocation: Allocation) -> Invoice | None:
    invoice = None
    if allocation.customer_id is not None:
        lock_customer(allocation.customer_id)
        if allocation.invoice_id is not None:
            invoice = Invoice.objects.select_for_update(of=("self",), no_key=True).get(
                pk=allocation.invoice_id
            )
    lock_line(allocation.line_id)
    return invoice


def _post(back: Unallocation, first: Transfer) -> None:
    allocation = back.allocation
    line, customer_id = allocation.line, allocation.customer_id
    legs: list[tuple[accounts.AccountName, int]] = [
        (accounts.suspense(line.currency), -allocation.amount_minor)
    ]
    if customer_id is None:
        legs.append((accounts.outside(line.currency), allocation.amount_minor))
    else:
        if back.from_invoice_minor:
            legs.append((accounts.receivable(customer_id, line.currency), back.from_invoice_minor))
        if back.debt_minor:
            legs.append((accounts.owed(customer_id, line.currency), back.debt_minor))
    if customer_id is None or not back.from_purse_minor:
        _plain(back, first, legs)
        return
    purse = account_purse(customer_id, line.currency)
    try:
        move(
            customer_id=customer_id, currency=line.currency, movements=[Movement(purse.pk, -back.from_purse_minor)],
            against=legs, what="unassigned", key=f"undo:{first.pk}", origin=first.origin, at=back.at, actor=back.actor,
            reason=back.reason, reverses=first.pk,
        )  # fmt: skip
    except NotEnoughCredit as spent:  # the customer is locked, so this cannot be
        raise CannotTakeBack("The credit was spent a moment ago. Look at what would happen now.") from spent


def _plain(back: Unallocation, first: Transfer, legs: Legs) -> None:
    post(
        key=f"undo:{first.pk}", kind="unassigned", origin=first.origin, legs=legs, at=back.at, actor=back.actor,
        reason=back.reason, reverses=first.pk,
    )  # fmt: skip
