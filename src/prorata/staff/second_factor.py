"""Staff sign in with a second factor: whoever has none is sent to set one up before any page of the desk opens."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

# Recovery codes alone are no second factor: they are what is left when the device is lost.
DEVICES = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def is_required() -> bool:
    """Whether staff need a second factor here; unless somebody says otherwise, only a demo or a test does without."""
    default = "optional" if settings.PRORATA_SANDBOXES_ALLOWED else "required"
    return bool(getattr(settings, "PRORATA_STAFF_MFA", default) == "required")


class StaffSecondFactor:
    """Middleware: no page of the desk for staff without a second factor, where one is required."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_required() and _opens_the_desk(request) and not is_mfa_enabled(request.user, DEVICES):
            messages.warning(request, _("Staff sign in with a second factor. Set one up to open the desk."))
            return redirect("mfa_index")
        return self.get_response(request)


def _opens_the_desk(request: HttpRequest) -> bool:
    desk = reverse("admin:index")
    leaving = reverse("admin:logout")
    return bool(
        request.path_info.startswith(desk)
        and request.path_info != leaving
        and request.user.is_authenticated
        and request.user.is_staff
    )
