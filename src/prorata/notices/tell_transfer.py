"""Mails to the customer about bank transfers that staff assigned, or took back."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from prorata.notices.outbox import write
from prorata.notices.plain import body, link, money
from prorata.payments.bank.models import Allocation, Unallocation


@transaction.atomic
def credited(allocation_id: int) -> None:
    """A transfer that named no invoice became account credit."""
    found = Allocation.objects.select_related("line", "customer").get(pk=allocation_id)
    assert found.customer is not None
    amount = money(found.amount_minor, found.line.currency)
    write(
        key=f"transfer.credited:{found}", to=found.customer.email, origin=f"bankline:{found.line_id}",
        customer_id=found.customer_id,
        subject=_("Your bank transfer of %(amount)s is account credit now") % {"amount": amount},
        body=body(
            "transfer_credited.txt", amount=amount, day=found.line.booked_on, text=found.line.text, reason=found.reason,
            page=link("/credit"),
        ),
    )  # fmt: skip


@transaction.atomic
def taken_back(unallocation_id: int) -> None:
    """Money was assigned to this customer by mistake: credit went down, or he owes what was used of it."""
    back = Unallocation.objects.select_related("allocation__line", "allocation__customer").get(
        pk=unallocation_id
    )
    found = back.allocation
    assert found.customer is not None
    code, amount = found.line.currency, money(found.amount_minor, found.line.currency)
    write(
        key=f"transfer.taken_back:{found}", to=found.customer.email, origin=f"bankline:{found.line_id}",
        customer_id=found.customer_id,
        subject=_("A bank transfer of %(amount)s was assigned to you by mistake") % {"amount": amount},
        body=body(
            "transfer_taken_back.txt", amount=amount, reason=back.reason, page=link("/credit"),
            credit=money(back.from_purse_minor, code) if back.from_purse_minor else "",
            debt=money(back.debt_minor, code) if back.debt_minor else "",
        ),
    )  # fmt: skip
