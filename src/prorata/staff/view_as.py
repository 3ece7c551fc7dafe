"""View as customer: staff see the portal as a customer's owner sees it, in their own language, and can change nothing.

    ViewAsCustomer     every request to the portal while a view is open; the only place that knows of it
    begin, finish      the desk's form with the reason, and the button of the banner

Two walls stand behind each other. What is not a plain look is refused before any view of the portal runs. What runs, runs
in a transaction that PostgreSQL keeps read only and that is rolled back at its end: a page that would write is refused too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.contrib import messages
from django.contrib.auth.signals import user_logged_out
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from psycopg.errors import ReadOnlySqlTransaction

from prorata.customers import staff_view
from prorata.customers.models import Customer, StaffView, StaffViewEnd, User
from prorata.staff import fields, once
from prorata.staff.local_time import sellers_zone
from prorata.staff.pages import page
from prorata.staff.second_factor import DEVICES, is_required

GetResponse = Callable[[HttpRequest], HttpResponse]
Why = StaffViewEnd.Why
# Where the session keeps the number of the view.
KEY = "staff_view"
# The desk, and whoever is signed in: sign-out, password, second factor. Nobody's portal is seen there.
OWN = ("/staff/", "/accounts/")
LOOKS = ("GET", "HEAD", "OPTIONS")
# Forms that ask and change nothing: the live price.
ASKS = ("portal:estimate",)


@dataclass(frozen=True, kw_only=True)
class Viewed:
    """What the banner says."""

    customer: str
    reason: str
    until: datetime
    zone: ZoneInfo


class ViewAsCustomer:
    """Middleware, the innermost: what stands around it, such as the session, is the staff member's own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if KEY not in request.session or request.path_info.startswith(OWN):
            return self.get_response(request)
        view = _open_view(request)
        if view is None:
            return _over(request)
        by = cast(User, request.user)
        request.user = staff_view.as_seen_by(by, view)
        request.viewed = Viewed(  # type: ignore[attr-defined]
            customer=str(view.customer), reason=view.reason, until=view.until, zone=sellers_zone()
        )
        if not _only_looks(request):
            return _looking(_refused, request)
        answer = _looking(self.get_response, request)
        return _looking(_refused, request) if hasattr(request, "would_write") else answer

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not hasattr(request, "viewed") or not isinstance(error.__cause__, ReadOnlySqlTransaction):
            return None
        request.would_write = True  # type: ignore[attr-defined]
        return HttpResponse(status=403)


def _looking(answer: GetResponse, request: HttpRequest) -> HttpResponse:
    """Answered to its last byte with nothing written: PostgreSQL refuses it, and what else there was is taken back."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        response = answer(request)
        if response.streaming:
            streamed = cast(StreamingHttpResponse, response)
            streamed.streaming_content = list(cast(Any, streamed.streaming_content))
        transaction.set_rollback(True)
    response["Cache-Control"] = "private, no-store"
    return response


def _only_looks(request: HttpRequest) -> bool:
    if request.method in LOOKS:
        return True
    try:
        return request.method == "POST" and resolve(request.path_info).view_name in ASKS
    except Resolver404:
        return False


def _refused(request: HttpRequest) -> HttpResponse:
    """One sentence: as a page, or as plain text where a script asked."""
    part = "portal/parts/view_refused.txt" if request.htmx else "portal/view_refused.html"  # type: ignore[attr-defined]
    kind = "text/plain; charset=utf-8" if request.htmx else None  # type: ignore[attr-defined]
    return render(request, part, {"viewed": request.viewed}, content_type=kind, status=403)  # type: ignore[attr-defined]


# --- whether it still holds -----------------------------------------------------------------------------------


def _open_view(request: HttpRequest) -> StaffView | None:
    """The view of this session while everything it began with still holds; asked anew with every request."""
    view = staff_view.view_of(request.session[KEY])
    if view is None or not staff_view.is_open(view):
        return None
    by = request.user
    if not isinstance(by, User) or by.pk != view.staff_id or not _may(by):
        staff_view.end(view, Why.NOT_ALLOWED)
        return None
    return view


def _may(by: User) -> bool:
    return staff_view.may_view(by) and (not is_required() or is_mfa_enabled(by, DEVICES))


def _over(request: HttpRequest) -> HttpResponse:
    """What was asked of the customer's portal is not answered from one's own."""
    del request.session[KEY]
    address = "/"
    if request.user.is_staff:
        address = reverse("admin:index")
        messages.warning(request, _("The view of the customer's portal is over."))
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def _end_of_session(sender: Any, request: HttpRequest, **told: Any) -> None:
    view = staff_view.view_of(request.session.get(KEY))
    if view is not None:
        staff_view.end(view, Why.SIGNED_OUT)


user_logged_out.connect(_end_of_session, dispatch_uid="staff_view")


# --- the desk -------------------------------------------------------------------------------------------------


class ReasonForm(fields.PlainForm):
    reason = fields.long_text(
        gettext_lazy("Reason"), maximum=200, help_text=gettext_lazy("The customer will read this.")
    )
    ticket = forms.CharField(widget=forms.HiddenInput)


def begin(request: HttpRequest, customer_id: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=customer_id)
    fresh = once.ticket(request) if request.method == "GET" else ""
    form = ReasonForm(request.POST or None, initial={"ticket": fresh})
    if request.method == "POST" and form.is_valid() and _begin(request, form, customer):
        return redirect("portal:services")
    return page(
        request, "form.html", title=_("View the portal as %(name)s") % {"name": customer}, model=Customer, form=form,
        lead=_(
            "You see what the people of this customer see, for 30 minutes at most, and can change nothing. They read your"
            " reason under Notifications and in the timeline of each service, and get a mail unless they turned it off."
        ),
        button=_("View as customer"), back=("admin:customers_customer_change", customer.pk),
    )  # fmt: skip


def _begin(request: HttpRequest, form: ReasonForm, customer: Customer) -> bool:
    with transaction.atomic():
        if not once.use(request, form.cleaned_data["ticket"]):
            form.add_error(None, _("This form was sent before. Open it again to begin another view."))
            return False
        _end(request, Why.ANOTHER)
        view = staff_view.begin(cast(User, request.user), customer, form.cleaned_data["reason"])
    request.session[KEY] = view.pk
    return True


@require_POST
def finish(request: HttpRequest) -> HttpResponse:
    """The button of the banner: back to the customer's page of the desk."""
    view = _end(request, Why.PRESSED)
    if view is None:
        return redirect("admin:index")
    messages.success(request, _("The view of the portal of %(name)s is over.") % {"name": view.customer})
    return redirect("admin:customers_customer_change", view.customer_id)


def _end(request: HttpRequest, why: str) -> StaffView | None:
    """The view of this session, where it is one's own."""
    view = staff_view.view_of(request.session.pop(KEY, None))
    if view is None or view.staff_id != request.user.pk:
        return None
    staff_view.end(view, why)
    return view
