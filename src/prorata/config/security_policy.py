"""What a page may load. The portal loads from itself alone; the staff desk's components need more."""

from __future__ import annotations

from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase

STAFF = "/staff/"


def portal_policy(*, payment_pages: list[str], https: bool) -> dict[str, Any]:
    """The Content-Security-Policy of every page; `payment_pages` are origins a form may lead to after our redirect."""
    directives: dict[str, Any] = {
        "default-src": [SELF],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF, *payment_pages],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
    }
    if https:
        directives["upgrade-insecure-requests"] = True
    return {"DIRECTIVES": directives}


class PolicyMiddleware(CSPMiddleware):
    """The portal's policy everywhere, with the staff desk's exceptions under /staff/ only."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path_info.startswith(STAFF):
            # The desk is built on Alpine, which evaluates the expressions in its own templates.
            parts.replace = {
                **(parts.replace or {}),
                "script-src": [SELF, UNSAFE_EVAL, UNSAFE_INLINE],
                "style-src": [SELF, UNSAFE_INLINE],
            }
        return parts
