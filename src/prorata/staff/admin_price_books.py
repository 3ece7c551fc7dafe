"""Price books: monthly rates from a moment on, read-only once they have started."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from prorata.catalog.models import PriceBook, Product, Rate
from prorata.catalog.values import rate_of
from prorata.pricing.display import exact_text
from prorata.pricing.rates import UnitPrice
from prorata.staff.columns import money
from prorata.staff.pages import guarded
from prorata.staff.price_book_forms import form_for, initial_minimum, initial_rates, priced_things
from prorata.staff.rate_fields import rate_text
from prorata.staff.readonly import ReadOnlyRows
from prorata.staff.simulator_view import simulator
from prorata.staff.versions import VersionAdmin, has_started, state_of

BANDS = _(
    "One price, or one band a line: up to 4 = 10, and last above = 8. A fee for reaching a band stands after a plus: "
    "up to 8 = 9 + 5."
)
BREAK = mark_safe("<br>")


class Rates(ReadOnlyRows):
    model = Rate
    verbose_name_plural = _("Monthly prices")
    fields = ["what", "price", "hour"]
    readonly_fields = ["what", "price", "hour"]

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = (
            super().get_queryset(request).select_related("resource_type", "option").prefetch_related("bands")
        )
        return rows.order_by("resource_type__position", "resource_type_id", "option__position")

    @admin.display(description=_("What"))
    def what(self, rate: Rate) -> str:
        return f"{rate.resource_type.name}: {rate.option.name}" if rate.option else rate.resource_type.name

    @admin.display(description=_("Price a month"))
    def price(self, rate: Rate) -> Any:
        if rate.option:
            return exact_text(rate.monthly or Decimal(0))
        written = rate_of(rate)
        if isinstance(written, UnitPrice):
            return exact_text(written.unit)
        lines = [rate.get_form_display(), *rate_text(written).splitlines()]
        return format_html_join(BREAK, "{}", ((line,) for line in lines))

    @admin.display(description=_("An hour without a term"))
    def hour(self, rate: Rate) -> str:
        return "–" if rate.hourly is None else exact_text(rate.hourly)


@admin.register(PriceBook)
class PriceBookAdmin(VersionAdmin):
    add_title = _("New price book: for which product?")
    list_display = ["product", "currency", "version", "starts_at", "tax_included", "campaign", "state"]
    list_display_links = ["product", "version"]
    search_fields = ["product__name", "currency"]
    list_select_related = ["product"]
    ordering = ["product__name", "currency", "-starts_at"]

    def get_urls(self) -> list[URLPattern]:
        page = guarded(simulator, "catalog.view_pricebook")
        return [path("simulator/", page, name="catalog_pricebook_simulator"), *super().get_urls()]

    @admin.display(description=_("State"))
    def state(self, book: PriceBook) -> Any:
        return state_of(book)

    def get_fieldsets(self, request: HttpRequest, obj: PriceBook | None = None) -> list[Any]:
        if obj is not None and has_started(obj):
            ends = ["campaign", "ends_at"] if obj.campaign else []
            shown = ["product", "currency", "version", "starts_at", *ends, "tax_included", "least", "state"]
            return [(None, {"fields": shown})]
        product = self.product_of(request, obj)
        assert product is not None
        things = list(priced_things(product))
        hours = [thing.hourly_field for thing in things]
        rates = [name for thing in things for name in thing.fields() if name not in hours]
        return [
            (
                str(product),
                {
                    "fields": [
                        "currency",
                        "starts_at",
                        "tax_included",
                        "minimum_charge",
                        "campaign",
                        "ends_at",
                    ]
                },
            ),
            (_("Monthly prices"), {"fields": rates, "description": BANDS}),
            (_("By the hour, without a term"), {"fields": hours}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: PriceBook | None = None) -> list[str]:
        return ["least", "state"] if obj is not None and has_started(obj) else []

    @admin.display(description=_("Minimum charge"))
    def least(self, book: PriceBook) -> str:
        return money(book.minimum_charge_minor or None, book.currency)

    def get_inlines(self, request: HttpRequest, obj: PriceBook | None = None) -> list[Any]:
        return [Rates] if obj is not None and has_started(obj) else []

    def get_form(
        self, request: HttpRequest, obj: PriceBook | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        product = self.product_of(request, obj)
        if product is not None and (obj is None or not has_started(obj)):
            kwargs["form"] = form_for(product)
        return super().get_form(request, obj, change=change, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        before: PriceBook | None = self.source(request)
        if before is None:
            return super().get_changeform_initial_data(request)
        same = ("currency", "tax_included", "campaign")
        initial: dict[str, Any] = {name: getattr(before, name) for name in same}
        return initial | initial_rates(before) | initial_minimum(before)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.save_rates()

    def product_of(self, request: HttpRequest, obj: Any = None) -> Product | None:
        product = super().product_of(request, obj)
        return product if product is None or product.resource_types.exists() else None
