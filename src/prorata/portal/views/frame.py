"""What every view of the portal stands on: who is signed in, what is theirs, and how a page is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from hashlib import blake2s
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from prorata.changes.situation import NoSeller
from prorata.customers.models import User

View = Callable[..., HttpResponseBase]
M = TypeVar("M", bound=Model)
# What was refused in a form: the page again, with the reasons.
REFUSED = 422
PER_PAGE = 30


class Asked(HttpRequest):
    """A request of somebody who is signed in, as the middlewares leave it."""

    user: User
    htmx: Any


def signed_in(view: View) -> View:
    """Only for people who are signed in; others sign in first and come back here."""

    @never_cache
    @wraps(view)
    def guarded(request: Asked, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _sign_in_first(request)
        try:
            return view(request, *args, **kwargs)
        except NoSeller:
            return render(request, "portal/not_ready.html", status=503)

    return guarded


def _sign_in_first(request: Asked) -> HttpResponse:
    return whole_page(request, f"{resolve_url(settings.LOGIN_URL)}?next={quote(back_to(request))}")


def whole_page(request: Asked, address: str) -> HttpResponse:
    """On to another page, also where a script asked for a part: the page would be put into the place of the part."""
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def back_to(request: Asked) -> str:
    """The page to come back to: this one, or the page whose part or form this was."""
    if request.method == "GET" and not request.htmx:
        return request.get_full_path()
    if request.htmx:
        return request.htmx.current_url_abs_path or "/"
    return page_before(request) or "/"


def page_before(request: HttpRequest) -> str:
    """The page of ours that a form was on, with what stood in its address; empty where the browser does not say."""
    said = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(said, allowed_hosts={request.get_host()}):
        return ""
    parts = urlsplit(said)
    if parts.path.startswith("//"):  # as an address of its own it would lead to another site
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def sent_from(page: str, *keeps: str) -> Callable[[View], View]:
    """Of an address that only takes the form of a `page`. It stands in the browser when the form was refused, so that a
    reload, a bookmark or the language switch ask for it: they get the page. `keeps` are what both addresses name."""

    def decorate(view: View) -> View:
        posted = require_POST(view)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in ("GET", "HEAD"):
                return posted(request, *args, **kwargs)
            query = request.GET.urlencode()
            address = reverse(page, kwargs={name: kwargs[name] for name in keeps})
            return redirect(address + (f"?{query}" if query else ""))

        return guarded

    return decorate


def safe_next(request: HttpRequest, otherwise: str = "/") -> str:
    """Where a form says to go on, if that is a page of ours."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure())
    return wanted if safe and wanted.startswith("/") else otherwise


def page_number(request: HttpRequest, name: str = "page") -> int:
    """?page=, at least 1; nonsense is the first page. A page with two lists has another `name` for the second."""
    typed = request.GET.get(name, "1")
    return max(int(typed), 1) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1


def fingerprint(template: str, context: dict[str, Any]) -> str:
    """Of what is seen, so that an unchanged part of a page is not drawn, and not read out, again."""
    # Without the request: the form's own token is another one every time.
    drawn = render_to_string(template, context | {"seen": ""})
    return blake2s(drawn.encode(), digest_size=8).hexdigest()


class Slice:
    """One page of a list without counting the whole: it reads one row more than it shows."""

    def __init__(self, rows: QuerySet[Any] | Sequence[Any], number: int, size: int = PER_PAGE) -> None:
        found = list(rows[(number - 1) * size : number * size + 1])
        self.number, self.rows = number, found[:size]
        self.next = number + 1 if len(found) > size else None
        self.previous = number - 1 if number > 1 else None
        if not found and number > 1:
            raise Http404("There is no such page of this list.")


__all__ = [
    "REFUSED", "Asked", "Slice", "back_to", "fingerprint", "page_before", "page_number", "safe_next", "sent_from",
    "signed_in", "whole_page",
]  # fmt: skip
