"""Discount schedules: what the length of the time left earns, read-only once started."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, TextField
from django.db.models.functions import Cast, JSONObject
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from prorata import clock
from prorata.catalog.models import DiscountSchedule, DiscountTier
from prorata.pricing.errors import BadInput
from prorata.pricing.tiers import Schedule, Tier
from prorata.staff.fields import MomentField, PercentField, number, percent_text
from prorata.staff.readonly import ReadOnlyRows
from prorata.staff.versions import VersionAdmin, has_started, state_of


class ScheduleForm(forms.ModelForm):
    starts_at = MomentField(
        label=_("Starts"), required=False,
        help_text=_("when these discounts begin to count; empty: now. From then on they cannot be edited."),
    )  # fmt: skip

    class Meta:
        model = DiscountSchedule
        fields = ["starts_at"]

    def clean_starts_at(self) -> Any:
        now = clock.now()
        starts_at = self.cleaned_data["starts_at"] or now
        others = DiscountSchedule.objects.filter(product=self.instance.product_id).exclude(
            pk=self.instance.pk
        )
        # The first schedule may begin in the past, where none was in force; later ones must not rewrite it.
        if starts_at < now and others.exists() and "starts_at" in self.changed_data:
            raise ValidationError(
                _("The discounts of the past stand. Choose a start that is still to come, or empty it.")
            )
        if others.filter(starts_at=starts_at).exists():
            raise ValidationError(_("Another schedule starts at this very moment. Choose another."))
        return starts_at


class TierForm(forms.ModelForm):
    months = number(_("From whole months left"), help_text=_("e.g. 3"))
    off = PercentField(label=_("Off, %"), help_text=_("e.g. 20"))

    class Meta:
        model = DiscountTier
        fields = ["months", "off"]

    def has_changed(self) -> bool:
        # A tier copied from the version before counts although nobody touched it; one that was emptied does not.
        if self.instance.pk or not self.is_bound:
            return bool(super().has_changed())
        return any(self.data.get(self.add_prefix(name)) for name in ("months", "off"))


class TierFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        rows = [form.cleaned_data for form in self.forms if form.has_changed() or form.instance.pk]
        kept = [row for row in rows if row and not row.get("DELETE")]
        if not kept:
            raise ValidationError(_("Write at least one tier; 0 % from 0 months means no discount at all."))
        try:
            Schedule(tuple(Tier(months=row["months"], off=row["off"]) for row in kept))
        except BadInput as mistake:
            raise ValidationError(f"{str(mistake)[0].upper()}{str(mistake)[1:]}.") from mistake


class Tiers(TabularInline):
    model = DiscountTier
    form = TierForm
    formset = TierFormSet
    verbose_name_plural = _("Tiers")
    fields = ["months", "off"]

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 2 if obj else 4


class StartedTiers(ReadOnlyRows):
    model = DiscountTier
    verbose_name_plural = _("Tiers")
    fields = ["months", "percent"]
    readonly_fields = ["percent"]

    @admin.display(description=_("Off, %"))
    def percent(self, tier: DiscountTier) -> str:
        return percent_text(tier.off)


@admin.register(DiscountSchedule)
class DiscountScheduleAdmin(VersionAdmin):
    add_title = _("New discount schedule: for which product?")
    form = ScheduleForm
    list_display = ["product", "version", "starts_at", "tiers_in_short", "state"]
    list_display_links = ["product", "version"]
    search_fields = ["product__name"]
    list_select_related = ["product"]
    ordering = ["product__name", "-starts_at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        # A share as text: JSON numbers would come back as floats.
        tiers = DiscountTier.objects.filter(schedule=OuterRef("pk")).order_by("months")
        parts = tiers.values(part=JSONObject(months="months", off=Cast("off", TextField())))
        return super().get_queryset(request).annotate(tier_parts=ArraySubquery(parts))

    @admin.display(description=_("Tiers"))
    def tiers_in_short(self, schedule: Any) -> str:
        return ", ".join(
            f"{part['months']}+: {percent_text(Decimal(part['off']))} %" for part in schedule.tier_parts
        )

    @admin.display(description=_("State"))
    def state(self, schedule: DiscountSchedule) -> Any:
        return state_of(schedule)

    def get_fieldsets(self, request: HttpRequest, obj: DiscountSchedule | None = None) -> list[Any]:
        if obj is not None and has_started(obj):
            return [(None, {"fields": ["product", "version", "starts_at", "state"]})]
        return [(str(self.product_of(request, obj)), {"fields": ["starts_at"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: DiscountSchedule | None = None) -> list[str]:
        return ["state"] if obj is not None and has_started(obj) else []

    def get_inlines(self, request: HttpRequest, obj: DiscountSchedule | None = None) -> list[Any]:
        return [StartedTiers] if obj is not None and has_started(obj) else [Tiers]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        product = self.product_of(request, obj)
        return (
            type("ProductScheduleForm", (form,), {"__init__": _for_product(form, product)})
            if product
            else form
        )

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        before = self.source(request)
        if before is not None and not obj.pk:
            kwargs["initial"] = [{"months": tier.months, "off": tier.off} for tier in before.tiers.all()]
        return kwargs

    def save_model(self, request: HttpRequest, obj: DiscountSchedule, form: Any, change: Any) -> None:
        if not change:
            newest = DiscountSchedule.objects.filter(product=obj.product).order_by("-version").first()
            obj.version = newest.version + 1 if newest else 1
        super().save_model(request, obj, form, change)


def _for_product(form: type[ScheduleForm], product: Any) -> Any:
    def start(self: ScheduleForm, *args: Any, **kwargs: Any) -> None:
        form.__init__(self, *args, **kwargs)
        self.instance.product = product

    return start
