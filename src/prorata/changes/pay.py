"""Begin to pay the invoice of a change. A slower way to pay gives the change the time that this way takes."""

from __future__ import annotations

from django.db import transaction

from prorata import clock
from prorata.changes import states
from prorata.changes.lock import lock_change
from prorata.changes.models import Change
from prorata.changes.pay_within import deadline_by
from prorata.changes.write import APPLY_WITHIN
from prorata.customers.models import User
from prorata.customers.scope import my_one
from prorata.invoices.models import Invoice
from prorata.payments.checkout import start_checkout
from prorata.payments.methods import method
from prorata.provisioning.reserve import prolong
from prorata.trail.write import note


def start_paying(user: User, invoice: Invoice, method_code: str, *, save: bool = False) -> str:
    """As `start_checkout`; a transfer moves the deadline of the change, its invoice and its headroom first.

    Returns the address to go on at. Raises PaymentRefused, PaymentUnknown, or Http404.
    """
    chosen = method(method_code)
    if chosen is not None and chosen.is_transfer:
        found = my_one(user, Invoice.objects.all(), right="pay", pk=invoice.pk)
        change = Change.objects.filter(invoice=found).first()
        if change is not None:
            _wait_longer(change.pk, method_code, user)
    return start_checkout(user, invoice, method_code, save=save)


@transaction.atomic
def _wait_longer(change_id: int, method_code: str, user: User) -> None:
    """Nothing happens to a change that is not unpaid, or whose time is over already."""
    change = lock_change(change_id)
    now = clock.now()
    if change.status != states.AWAITING_PAYMENT or change.invoice is None:
        return
    invoice = (
        Invoice.objects.select_for_update(of=("self",), no_key=True)
        .select_related("service")
        .get(pk=change.invoice.pk)
    )
    until = deadline_by(invoice, method_code)
    if invoice.status != Invoice.Status.OPEN or now >= invoice.pay_until or until <= invoice.pay_until:
        return
    before = invoice.pay_until
    invoice.pay_until = change.deadline = until
    invoice.save(update_fields=["pay_until"])
    change.save(update_fields=["deadline"])
    prolong(change.origin, until + APPLY_WITHIN)
    note(
        "change.waits_longer", change, actor=f"user:{user.pk}", actor_name=user.email, customer_id=change.customer_id,
        changed={"deadline": (before.isoformat(), until.isoformat()), "method": (None, method_code)},
    )  # fmt: skip
