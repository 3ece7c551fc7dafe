"""Products with their resource types: what is sold, in which steps, and what limits a reduction."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import StackedInline
from unfold.decorators import action

from prorata import clock
from prorata.catalog.models import PriceBook, Product, ResourceType
from prorata.staff.fields import percent_text
from prorata.staff.link_forms import LinkedLimits
from prorata.staff.price_book_forms import priced_things
from prorata.staff.product_forms import ProductForm, ResourceTypeForm, ResourceTypeFormSet
from prorata.staff.readonly import DeskAdmin
from prorata.staff.rule_words import RULES


class ResourceTypes(StackedInline):
    model = ResourceType
    form = ResourceTypeForm
    formset = ResourceTypeFormSet
    verbose_name_plural = _("Resource types")
    fields = [
        ("name", "code"), ("kind", "position"), ("unit", "unit_word"), ("minimum", "maximum", "step"), "steps",
        "options_text", ("usage", "reserve_percent", "peak_days"), ("may_shrink", "grow_restarts", "shrink_restarts"),
    ]  # fmt: skip

    def get_extra(self, request: HttpRequest, obj: Product | None = None, **kwargs: Any) -> int:
        # Blank blocks count without JavaScript; those left blank are not saved.
        return 3 if obj is None else 1


@admin.register(Product)
class ProductAdmin(DeskAdmin):
    form = ProductForm
    fieldsets = [
        (None, {"fields": ["name", "code", "tax_rate", "tax_label"]}),
        (_("The price of a change"), {"fields": ["rule", "credit_model"]}),
        (_("How often a service may be changed"), {
            "fields": ["changes_a_day", "cooldown_hours", "reductions_a_term"],
            "description": _(
                "Customers see what is left before they begin. What was cancelled, expired or reversed does not count."
            ),
        }),
        (_("When a host is full"), {"fields": ["may_move"]}),
    ]  # fmt: skip
    inlines = [ResourceTypes, LinkedLimits]
    list_display = ["name", "code", "tax", "counted_in"]
    search_fields = ["name", "code"]
    ordering = ["name"]
    actions_detail = ["new_price_book", "new_schedule"]

    def get_inline_instances(self, request: HttpRequest, obj: Product | None = None) -> list[Any]:
        """Rules between resources can be written once there are resources."""
        found = super().get_inline_instances(request, obj)
        return [one for one in found if obj is not None or not isinstance(one, LinkedLimits)]

    @admin.display(description=_("Tax"))
    def tax(self, product: Product) -> str:
        if not product.tax_rate:
            return "–"
        return f"{percent_text(product.tax_rate)} % {product.tax_label}".strip()

    @admin.display(description=_("Time left counted in"))
    def counted_in(self, product: Product) -> str:
        return str(RULES[product.rule].name)

    def get_fieldsets(self, request: HttpRequest, obj: Product | None = None) -> Any:
        """A product that has services says from when on another rule counts."""
        (main, price, *rest) = super().get_fieldsets(request, obj)
        if obj is None or not (services := obj.services.count()):
            return [main, price, *rest]
        said = ngettext(
            "%(n)s service is sold by this. Another choice prices its changes from now on; prices that were quoted before "
            "stay as they are.",
            "%(n)s services are sold by this. Another choice prices their changes from now on; prices that were quoted "
            "before stay as they are.",
            services,
        )
        return [main, (price[0], {**price[1], "description": said % {"n": services}}), *rest]

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        return ["code"] if obj and obj.services.exists() else []

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: Any, change: bool) -> None:
        formset.save()
        if formset.model is not ResourceType:
            return
        for row in formset.forms:
            if row.instance.pk and row.has_changed() and not row.cleaned_data.get("DELETE"):
                row.save_options()

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        self._tell_what_has_no_price(request, form.instance)

    def _tell_what_has_no_price(self, request: HttpRequest, product: Product) -> None:
        book = PriceBook.objects.public().filter(product=product, starts_at__lte=clock.now()).first()
        if book is None:
            messages.info(request, _("%(name)s cannot be sold yet: add a price book.") % {"name": product})
            return
        priced = set(book.rates.values_list("resource_type_id", "option_id"))
        missing = [thing.label for thing in priced_things(product) if thing.key not in priced]
        if missing:
            text = _("%(book)s has no price for %(missing)s. Make a new version of it.")
            messages.warning(request, text % {"book": book, "missing": ", ".join(missing)})

    @action(
        description=_("New price book"),
        url_path="price-book",
        icon="sell",
        permissions=["catalog.add_pricebook"],
    )
    def new_price_book(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect(f"{reverse('admin:catalog_pricebook_add')}?product={object_id}")

    @action(
        description=_("New discount schedule"), url_path="schedule", icon="percent",
        permissions=["catalog.add_discountschedule"],
    )  # fmt: skip
    def new_schedule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect(f"{reverse('admin:catalog_discountschedule_add')}?product={object_id}")
