"""Every page is written in its reader's language, and its times in the reader's zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import get_language

from prorata.customers.models import User
from prorata.language import html_language, speaking

DESK = "en"


class ReadersLanguage:
    """Middleware, after the one that knows who is signed in.

    What a person chose goes before the browser's wish, which Django's own middleware has read already. The staff desk
    speaks English to everybody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language, zone = self._wanted(request)
        with speaking(language, zone):
            request.LANGUAGE_CODE = get_language() or DESK
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", html_language())
        if response.streaming:
            # It is written after this: in the same language.
            streamed = cast(StreamingHttpResponse, response)
            streamed.streaming_content = _spoken(
                cast(Iterator[bytes], streamed.streaming_content), language, zone
            )
        return response

    def _wanted(self, request: HttpRequest) -> tuple[str, str]:
        if request.path_info.startswith(reverse("admin:index")):
            return DESK, ""
        if isinstance(request.user, User):
            return request.user.language, request.user.time_zone
        return "", ""


def _spoken(parts: Iterator[bytes], language: str, zone: str) -> Iterator[bytes]:
    with speaking(language, zone):
        yield from parts
