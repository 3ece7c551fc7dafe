"""Who reads the desk in this request, and which of its pages they may open: what they may not is words, not a link."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

# Columns and fields of a list are not told whose request they are drawn for.
_request: ContextVar[HttpRequest | None] = ContextVar("desk_request", default=None)


class DeskReader:
    """Middleware, after the one that knows who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        before = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(before)


def may_see(model: type[Model]) -> bool:
    """Whether the reader may open the list and the pages of `model`: asked of the desk's own admin, as the page does."""
    request = _request.get()
    if request is None or not admin.site.is_registered(model):
        return False
    return bool(admin.site.get_model_admin(model).has_view_permission(request))


def link_to_page(model: type[Model], pk: Any, words: Any) -> Any:
    """`words` as a link to the page of one row; the words alone where the reader may not open it."""
    return _link(model, "change", [pk], "", words)


def link_to_list(model: type[Model], query: str, words: Any) -> Any:
    """`words` as a link to the rows of `model` that `query`, e.g. "?state=open", finds; or the words alone."""
    return _link(model, "changelist", [], query, words)


def _link(model: type[Model], page: str, args: list[Any], query: str, words: Any) -> Any:
    if not may_see(model):
        return words
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
    return format_html('<a class="desk-link" href="{}{}">{}</a>', address, query, words)
