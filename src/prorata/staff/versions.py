"""What price books and discount schedules share: they belong to a product, start once, and are never edited after."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from prorata import clock
from prorata.catalog.models import Product
from prorata.staff.pages import page
from prorata.staff.readonly import DeskAdmin


class VersionAdmin(DeskAdmin):
    """A dated, versioned list of one product. `?product=` or `?from=` says what a new one is made for or from."""

    add_title: ClassVar[Any]
    actions_detail = ["new_version"]

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or not has_started(obj))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if self.has_add_permission(request) and self.product_of(request) is None:
            return self._choose_product(request)
        return super().add_view(request, form_url, extra_context)

    def _choose_product(self, request: HttpRequest) -> HttpResponse:
        products = Product.objects.order_by("name")
        return page(
            request,
            "choose_product.html",
            title=self.add_title,
            model=self.model,
            products=products,
            add_url=request.path,
        )

    def product_of(self, request: HttpRequest, obj: Any = None) -> Product | None:
        """The product this page is about: of the row itself, of the one it is made from, or as chosen."""
        if obj is not None:
            return obj.product
        if before := self.source(request):
            return before.product
        return Product.objects.filter(pk=_number(request.GET.get("product"))).first()

    def source(self, request: HttpRequest) -> Any:
        """The version a new one is copied from, if any."""
        return self.model._default_manager.filter(pk=_number(request.GET.get("from"))).first()

    @action(
        description=_("New version from this one"),
        url_path="new-version",
        icon="content_copy",
        permissions=["add"],
    )
    def new_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        add = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_add")
        return redirect(f"{add}?from={object_id}")

    def has_add_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return super().has_add_permission(request)


def has_started(version: Any) -> bool:
    return bool(version.starts_at <= clock.now())


def state_of(version: Any) -> Any:
    return _("Started: cannot be edited") if has_started(version) else _("Still to come")


def _number(value: str | None) -> int:
    """The id in an address; 0, which is nobody's, for anything else."""
    return int(value) if value and value.isascii() and value.isdecimal() and len(value) < 19 else 0
