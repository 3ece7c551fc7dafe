"""Pages of the desk that are no list and no form of a model: same frame, same rights, one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from prorata.staff.reader import may_see

View = Callable[..., HttpResponse]


def guarded(view: View, permission: str) -> View:
    """A page of the desk for staff who hold `permission` ("app.codename"); never cached, behind the desk's sign-in."""

    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    check.permission = permission  # type: ignore[attr-defined]  # for whoever lists the pages with their rights
    return admin.site.admin_view(check)


def page(
    request: HttpRequest, template: str, *, title: Any, model: type[models.Model], **context: Any
) -> HttpResponse:
    """One page in the desk's frame; `model` marks where it belongs in the sidebar.

    `back`, the page that a form came from, is one of `model`'s too, and shown to those who may open it.
    """
    request.current_app = admin.site.name
    if not may_see(model):
        context.pop("back", None)
    frame = {**admin.site.each_context(request), "title": title, "page_of": model._meta}
    return TemplateResponse(request, f"staff/{template}", {**frame, **context})
