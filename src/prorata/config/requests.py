"""What holds for every request and answer, whatever view it reaches."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

GetResponse = Callable[[HttpRequest], HttpResponse]
NUL = "\x00"


class WithoutNul:
    """Middleware: nobody types a NUL, and PostgreSQL keeps none; what holds one is refused before it is asked with."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = [
            value
            for form in (request.GET, request.POST)
            for _name, values in form.lists()
            for value in values
        ]
        if any(NUL in text for text in (request.path, *sent)):
            raise BadRequest("a NUL in what was sent")
        return self.get_response(request)


class KeptByNobody:
    """Middleware: what somebody who is signed in sees is kept neither by a proxy nor by the browser for who comes next."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response
