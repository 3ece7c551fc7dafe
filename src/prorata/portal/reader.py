"""Every page is written in its reader's language, and its times in the reader's zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header

from prorata.customers.models import User
from prorata.language import html_language, speaking, spoken

DESK = "en"


class ReadersLanguage:
    """Middleware, after the one that knows who is signed in.

    What a person chose goes before the browser's wish, which Django's own middleware has read already. Who has not chosen
    keeps the language of the first page that was read, because mails and PDFs follow it. The staff desk speaks English to
    everybody.
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
            person = request.user
            return person.language or _remembered(request, person), person.time_zone
        return "", ""


def _remembered(request: HttpRequest, person: User) -> str:
    """Nothing where no language of ours was asked for: English is then shown, not chosen."""
    asked = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    found = asked if asked in spoken() else _of_browser(request.headers.get("Accept-Language", ""))
    if found:
        User.objects.filter(pk=person.pk, language="").update(language=found)
        person.language = found
    return found


def _of_browser(header: str) -> str:
    """The first it asks for that we speak."""
    for code, _weight in parse_accept_lang_header(header):
        try:
            if (ours := get_supported_language_variant(code)) in spoken():
                return ours
        except LookupError:
            continue
    return ""


def _spoken(parts: Iterator[bytes], language: str, zone: str) -> Iterator[bytes]:
    with speaking(language, zone):
        yield from parts
