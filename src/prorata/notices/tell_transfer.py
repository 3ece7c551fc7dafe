"""Mails to the customer about bank transfers: what to type at the bank, and what staff assigned or took back."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from prorata.invoices.models import Invoice
from prorata.notices.outbox import write
from prorata.notices.plain import body, link, local, money, table
from prorata.notices.reader import told_to_customer
from prorata.payments.bank.instructions import instructions
from prorata.payments.bank.models import Allocation, Unallocation
from prorata.payments.bank.wait import transfer_page


@told_to_customer(Invoice)
@transaction.atomic
def awaited(invoice_id: int) -> None:
    """A transfer was chosen: what to type at the bank. Nothing where it is not awaited any more."""
    invoice = Invoice.objects.select_related("seller", "customer", "service").get(pk=invoice_id)
    found = instructions(invoice)
    if found is None:
        return
    amount, account = money(found.amount_minor, invoice.currency), found.account
    typed = [
        (_("Pay to"), account.holder), (_("Account"), account.shown_number), (_("BIC"), account.bic),
        (_("Bank"), account.bank_name), (_("Amount"), amount), (_("Reference"), found.reference),
    ]  # fmt: skip
    name = f"{invoice.service.name}: " if invoice.service else ""
    write(
        key=f"transfer.awaited:{found.attempt.gateway_ref}", to=invoice.customer.email, origin=invoice.origin,
        customer_id=invoice.customer_id,
        subject=_("%(name)splease transfer %(amount)s (%(invoice)s)")
        % {"name": name, "amount": amount, "invoice": invoice},
        body=body(
            "transfer_awaited.txt", table=table([row for row in typed if row[1]]), invoice=invoice,
            until=local(invoice.pay_until, invoice.seller.zone), page=link(transfer_page(invoice)),
        ),
    )  # fmt: skip


@told_to_customer(Allocation)
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


@told_to_customer(Unallocation, "allocation__customer_id")
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
