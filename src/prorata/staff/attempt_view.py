"""Close a payment attempt whose end nobody could tell, once staff know that nothing was taken."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prorata.payments.gateways.base import GatewayRefused
from prorata.payments.look import look
from prorata.payments.models import PaymentAttempt
from prorata.payments.overdue import CannotClose, close_by_hand
from prorata.payments.record_capture import Mismatch
from prorata.payments.registry import UnknownGateway
from prorata.staff import fields
from prorata.staff.pages import page


class ReasonForm(fields.PlainForm):
    reason = fields.long_text(
        gettext_lazy("How you know that nothing was taken"), maximum=200,
        help_text=gettext_lazy("It stays in the audit trail. The customer does not read it."),
    )  # fmt: skip


def close(request: HttpRequest, attempt_id: str) -> HttpResponse:
    attempt = get_object_or_404(PaymentAttempt.objects.select_related("invoice"), pk=attempt_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            close_by_hand(
                attempt, reason=form.cleaned_data["reason"], actor=f"user:{request.user.pk}",
                actor_name=getattr(request.user, "email", ""),
            )  # fmt: skip
        except CannotClose as known_better:
            form.add_error(None, str(known_better))
        else:
            messages.success(request, _("The attempt is closed. The customer can pay again."))
            return redirect("admin:payments_paymentattempt_change", attempt.pk)
    return page(
        request, "form.html", title=_("Close the payment of %(invoice)s") % {"invoice": attempt.invoice},
        model=PaymentAttempt, form=form, variant="danger", button=_("Close it: nothing was taken"),
        lead=_(
            "Look it up at the payment service first. It is asked once more now; money that shows later becomes account "
            "credit by itself."
        ),
        back=("admin:payments_paymentattempt_change", attempt.pk),
    )  # fmt: skip


def ask(request: HttpRequest, attempt_id: str) -> HttpResponse:
    """Look at the gateway's truth now, and say what it is."""
    attempt = get_object_or_404(PaymentAttempt, pk=attempt_id)
    try:
        seen = look(attempt.pk)
    except (Mismatch, GatewayRefused, UnknownGateway) as problem:
        messages.error(request, str(problem))
    else:
        messages.info(
            request,
            _("Asked just now: the payment is %(state)s.") % {"state": seen.get_state_display().lower()},
        )
    return redirect("admin:payments_paymentattempt_change", attempt.pk)
