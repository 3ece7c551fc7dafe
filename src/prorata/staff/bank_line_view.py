"""Money that waits: the list, one line with proposals, assigning it, and taking an assignment back."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from prorata.customers.models import Customer, User
from prorata.payments.bank.allocate import CannotAssign, set_aside, to_credit, to_debt, to_invoice
from prorata.payments.bank.debts import debts
from prorata.payments.bank.line_lock import left
from prorata.payments.bank.models import Allocation, StatementLine, Unallocation
from prorata.payments.bank.propose import Proposal, proposals
from prorata.payments.bank.take_back import CannotTakeBack, Way, take_back, way_back
from prorata.payments.bank.waiting_lines import waiting_lines
from prorata.pricing.display import amount_text
from prorata.staff.bank_forms import AssignForm, TakeBackForm
from prorata.staff.columns import link_to, money
from prorata.staff.pages import page

What = Allocation.What
MOST_SHOWN = 100


def waiting(request: HttpRequest) -> HttpResponse:
    lines = list(waiting_lines()[: MOST_SHOWN + 1])
    rows = [
        {
            "line": line, "amount": money(line.amount_minor, line.currency),
            "left": money(getattr(line, "left_minor", 0), line.currency), "best": next(iter(proposals(line)), None),
        }
        for line in lines[:MOST_SHOWN]
    ]  # fmt: skip
    names = {one.pk: one for one in Customer.objects.filter(pk__in=[pk for pk, _code in debts()])}
    owed = [
        {"customer": names[pk], "amount": money(minor, code)} for (pk, code), minor in sorted(debts().items())
    ]
    return page(
        request, "bank_waiting.html", title=_("Money that waits to be assigned"), model=StatementLine, rows=rows,
        more=len(lines) > MOST_SHOWN, owed=owed, may_import=request.user.has_perm("bank.add_statement"),
    )  # fmt: skip


def one_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """One movement: what the bank says, where its money went, and, while some waits, to whom it may belong."""
    line = get_object_or_404(StatementLine.objects.select_related("account__seller", "statement"), pk=line_id)
    there = left(line)
    may = request.user.has_perm("bank.add_allocation")
    form = AssignForm(line, there, request.POST or None)
    if request.method == "POST" and may:
        if form.is_valid():
            try:
                said = _assign(line, form, cast(User, request.user))
            except CannotAssign as wrong:
                form.add_error(None, str(wrong))
            else:
                messages.success(request, said)
                return redirect("admin:bank_waiting")
        there = left(line)
    standing = Allocation.objects.filter(line=line).select_related(
        "customer", "invoice", "taken_back", "line"
    )
    return page(
        request, "bank_line.html", title=_("Movement of %(day)s") % {"day": line.booked_on}, model=StatementLine, line=line,
        amount=money(line.amount_minor, line.currency), there=there, left=money(there, line.currency),
        account=link_to(line.account), statement=link_to(line.statement), form=form if there > 0 and may else None,
        button=_("Assign it"), proposals=[_shown(one, line, there) for one in proposals(line)] if may else [],
        allocations=[_told(one, request) for one in standing.order_by("position")],
    )  # fmt: skip


def _shown(one: Proposal, line: StatementLine, there: int) -> dict[str, Any]:
    part = min(there, one.debt_minor) if one.debt_minor else there
    words = {
        "invoice": _("Invoice %(invoice)s of %(name)s"), "credit": _("Account credit of %(name)s"),
        "debt": _("Debt of %(name)s"),
    }[one.what] % {"invoice": one.invoice or "", "name": one.customer}  # fmt: skip
    return {
        "one": one, "words": words, "amount": amount_text(part, line.currency), "money": money(part, line.currency),
        "link": link_to(one.invoice or one.customer, words),
    }  # fmt: skip


def _told(one: Allocation, request: HttpRequest) -> dict[str, Any]:
    undone = Unallocation.objects.filter(allocation=one).first()
    to = link_to(one.invoice or one.customer) if one.customer_id else ""
    return {
        "one": one, "amount": money(one.amount_minor, one.line.currency), "to": to, "undone": undone,
        "may_take_back": undone is None and request.user.has_perm("bank.add_unallocation"),
    }  # fmt: skip


def _assign(line: StatementLine, form: AssignForm, by: User) -> str:
    """Do what a valid form says, and say what was done. Raises CannotAssign."""
    values = form.cleaned_data
    who = {"actor": f"user:{by.pk}", "actor_name": by.email, "reason": values["reason"]}
    amount = values["amount_minor"]
    told = {"amount": money(amount, line.currency), "name": values["customer"], "invoice": form.invoice_found}
    if values["what"] == What.INVOICE:
        assert form.invoice_found is not None
        to_invoice(line, form.invoice_found.pk, amount_minor=amount, **who)
        return _("%(amount)s were assigned to invoice %(invoice)s.") % told
    if values["what"] == What.CREDIT:
        to_credit(line, values["customer"], amount_minor=amount, **who)
        return _("%(amount)s are account credit of %(name)s now; a mail tells it.") % told
    if values["what"] == What.DEBT:
        to_debt(line, values["customer"], amount_minor=amount, **who)
        return _("%(amount)s were paid of the debt of %(name)s.") % told
    if values["what"] == What.RETURNED:
        set_aside(line, "returned", amount_minor=amount, **who)
        return _("%(amount)s are to go back to the sender: make the transfer at your bank.") % told
    set_aside(line, "not_ours", amount_minor=amount, **who)
    return _("%(amount)s were set aside as not ours.") % told


def undo(request: HttpRequest, allocation_id: int) -> HttpResponse:
    """Say what would happen, ask for the reason, and take it back exactly so."""
    found = get_object_or_404(
        Allocation.objects.select_related("line", "customer", "invoice"), pk=allocation_id
    )
    if Unallocation.objects.filter(allocation=found).exists():
        messages.warning(request, _("This was taken back already."))
        return redirect("admin:bank_line", found.line_id)
    way = way_back(found)
    form = TakeBackForm(request.POST or None, initial={"shown_debt_minor": way.debt_minor})
    by = cast(User, request.user)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            take_back(
                found.pk, shown_debt_minor=values["shown_debt_minor"], reason=values["reason"], actor=f"user:{by.pk}",
                actor_name=by.email,
            )  # fmt: skip
        except CannotTakeBack as wrong:
            way = way_back(found)
            form = TakeBackForm(initial={"shown_debt_minor": way.debt_minor, "reason": values["reason"]})
            messages.error(request, str(wrong))
        else:
            messages.success(request, _("It was taken back. The money waits to be assigned again."))
            return redirect("admin:bank_line", found.line_id)
    return page(
        request, "bank_take_back.html", model=StatementLine, form=form, allocation=found, sentences=_sentences(found, way),
        title=_("Take back %(amount)s") % {"amount": money(found.amount_minor, found.line.currency)},
        button=_("Take it back"), variant="danger", back=("admin:bank_line", found.line_id),
    )  # fmt: skip


def _sentences(found: Allocation, way: Way) -> list[str]:
    """What taking back does, in words, before it is done."""
    code, told = found.line.currency, {"name": found.customer, "invoice": found.invoice}
    said = []
    if way.from_invoice_minor:
        words = _("%(invoice)s is open: %(amount)s of it are unpaid again, until its deadline.")
        said.append(words % {**told, "amount": money(way.from_invoice_minor, code)})
    if way.from_purse_minor:
        words = _("%(amount)s are taken from the account credit of %(name)s.")
        said.append(words % {**told, "amount": money(way.from_purse_minor, code)})
    if way.debt_minor and found.what == What.INVOICE and found.invoice and found.invoice.settled_at:
        said.append(
            _("%(invoice)s is paid, and what it bought was or will be done: both stay as they are.") % told
        )
    if way.debt_minor:
        words = _(
            "%(amount)s were used already and become a debt of %(name)s. A later transfer can be assigned to it."
        )
        said.append(words % {**told, "amount": money(way.debt_minor, code)})
    if found.what in Allocation.ASIDE:
        said.append(_("It was set aside, so no customer is touched."))
    return [*said, _("A reversing transfer is written, linked to the first; both stay in the ledger.")]
