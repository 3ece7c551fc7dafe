"""To whom money without a usable reference may belong: proposals for staff, each with its reasons in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import SequenceMatcher

from django.db.models import Q
from django.utils.translation import gettext as _

from prorata import clock
from prorata.customers.models import Customer
from prorata.invoices.models import Invoice
from prorata.payments.bank import BANK
from prorata.payments.bank.debts import debts
from prorata.payments.bank.line_lock import left
from prorata.payments.bank.models import Allocation, StatementLine
from prorata.payments.bank.reference import found_in, nearest, shown, squeezed
from prorata.payments.models import PaymentAttempt
from prorata.pricing.display import amount_text

MOST = 8
# What is looked through: more open invoices or awaited transfers than this, and staff search by hand.
CANDIDATES = 2_000
RECENT = timedelta(days=200)
SAME_NAME = 0.85
SHORTEST_NAME = 4


@dataclass
class Proposal:
    """An invoice, or the account credit or the debt of a customer. The best comes first."""

    customer: Customer
    invoice: Invoice | None = None
    debt_minor: int = 0
    reasons: list[str] = field(default_factory=list)
    weight: int = 0

    @property
    def what(self) -> str:
        return "invoice" if self.invoice else "debt" if self.debt_minor else "credit"

    def add(self, weight: int, reason: str) -> None:
        self.weight += weight
        self.reasons.append(reason)


def proposals(line: StatementLine) -> list[Proposal]:
    """At most MOST, best first; empty for money that went out or is assigned."""
    there = left(line)
    if there <= 0:
        return []
    known = _customers_of_account(line)
    owed = {customer: minor for (customer, code), minor in debts().items() if code == line.currency}
    found = [*_invoices(line, there, known), *_customers(line, known, owed)]
    # From whom it was taken back, it does not belong to.
    not_theirs = set(line.allocations.exclude(taken_back=None).values_list("customer", flat=True))
    good = (one for one in found if one.weight and one.customer.pk not in not_theirs)
    return sorted(good, key=lambda one: -one.weight)[:MOST]


def _invoices(line: StatementLine, there: int, known: dict[int, str]) -> Iterator[Proposal]:
    """Open invoices in this currency, and closed ones whose transfer the text seems to name."""
    named, near = _references(line)
    wanted = Q(status=Invoice.Status.OPEN) | Q(pk__in=[*named, *near])
    rows = Invoice.objects.filter(wanted, currency=line.currency).select_related("customer", "service")
    text = squeezed(f"{line.text} {line.name}")
    for invoice in rows.order_by("-id")[:CANDIDATES]:
        proposal = Proposal(invoice.customer, invoice)
        if invoice.pk in named:
            proposal.add(100, _("its reference stands in the text"))
        elif invoice.pk in near:
            distance, reference = near[invoice.pk]
            proposal.add(90 - 25 * distance, _near_words(distance, reference))
        if any(squeezed(name) in text for name in (invoice.reference, invoice.number or invoice.reference)):
            proposal.add(80, _("%(invoice)s stands in the text") % {"invoice": invoice})
        if invoice.due_minor == there:
            proposal.add(40, _("exactly this amount is due"))
        _by_customer(proposal, line, known)
        if proposal.weight and invoice.due_minor > there:
            proposal.reasons.append(_("%(amount)s are due: it would be a part") % {"amount": _money(invoice)})
        yield proposal


def _customers(line: StatementLine, known: dict[int, str], owed: dict[int, int]) -> Iterator[Proposal]:
    """Account credit, or a debt, of customers who were named or paid from this account before."""
    text = squeezed(line.name)
    alike = [
        pk
        for pk, name in Customer.objects.order_by("-id").values_list("pk", "name")[:CANDIDATES]
        if _same_name(squeezed(name), text)
    ]
    for customer in Customer.objects.filter(pk__in={*alike, *known}):
        for debt in {0, owed.get(customer.pk, 0)}:
            proposal = Proposal(customer, debt_minor=debt)
            _by_customer(proposal, line, known)
            if debt:
                said = {"amount": f"{amount_text(debt, line.currency)} {line.currency}"}
                proposal.add(10, _("owes %(amount)s") % said)
            yield proposal


def _by_customer(proposal: Proposal, line: StatementLine, known: dict[int, str]) -> None:
    if proposal.customer.pk in known:
        proposal.add(
            30, _("paid from this account before, on %(day)s") % {"day": known[proposal.customer.pk]}
        )
    if _same_name(squeezed(proposal.customer.name), squeezed(line.name)):
        proposal.add(25, _("the sender's name is like %(name)s") % {"name": proposal.customer.name})


def _references(line: StatementLine) -> tuple[set[int], dict[int, tuple[int, str]]]:
    """Invoices whose reference stands in the text, and those for which it nearly does: invoice -> (mistakes, reference)."""
    attempts = PaymentAttempt.objects.filter(
        gateway=BANK, currency=line.currency, created_at__gte=clock.now() - RECENT
    )
    of_reference = dict(
        attempts.order_by("-created_at").values_list("gateway_ref", "invoice_id")[:CANDIDATES]
    )
    exact = {of_reference[one] for one in found_in(line.text) if one in of_reference}
    near = {of_reference[one]: (distance, one) for distance, one in nearest(line.text, of_reference)}
    return exact, {pk: said for pk, said in near.items() if pk not in exact}


def _near_words(distance: int, reference: str) -> str:
    said = {"reference": shown(reference)}
    if distance == 1:
        return _("one letter away from its reference %(reference)s") % said
    return _("two letters away from its reference %(reference)s") % said


def _customers_of_account(line: StatementLine) -> dict[int, str]:
    """Customers to whom money from the sender's account was assigned before, and on which day it was booked."""
    if not line.other_account:
        return {}
    rows = Allocation.objects.filter(
        line__other_account=line.other_account, customer__isnull=False, taken_back=None
    ).exclude(line=line)
    days = rows.order_by("line__booked_on").values_list("customer", "line__booked_on")[:200]
    return {customer: day.isoformat() for customer, day in days if customer is not None}


def _same_name(one: str, other: str) -> bool:
    if min(len(one), len(other)) < SHORTEST_NAME:
        return False
    return one in other or other in one or SequenceMatcher(None, one, other).ratio() >= SAME_NAME


def _money(invoice: Invoice) -> str:
    return f"{amount_text(invoice.due_minor, invoice.currency)} {invoice.currency}"
