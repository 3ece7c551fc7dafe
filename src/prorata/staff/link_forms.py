"""Linked limits on the product page: so much of one resource needs at least so much of another."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from prorata.catalog.links import never_possible
from prorata.catalog.models import LinkedLimit, Option, ResourceType


class LinkForm(forms.ModelForm):
    class Meta:
        model = LinkedLimit
        fields = ["resource_type", "at_least", "option", "needs", "minimum"]
        labels = {
            "resource_type": _("If this resource"), "at_least": _("is at least"), "option": _("or is the option"),
            "needs": _("then this one"), "minimum": _("must be at least"),
        }  # fmt: skip


class LinkFormSet(forms.BaseInlineFormSet):
    """All rules of one product: each by itself, then all together."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        rows = [
            form.instance for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        types = {kind.code: kind for kind in self.instance.resource_types.prefetch_related("options")}
        values = {code: _sold(kind) for code, kind in types.items()}
        if impossible := never_possible([row.link() for row in rows], values):
            code, value = impossible
            said = _(
                "%(of)s %(value)s could never be chosen under these rules together. Take one of them back."
            )
            raise ValidationError(said % {"of": types[code].name, "value": value})


def _sold(kind: ResourceType) -> list[int | str]:
    if kind.kind == ResourceType.Kind.OPTION:
        return [option.code for option in kind.options.all()]
    return list(kind.stops())


class LinkedLimits(TabularInline):
    model = LinkedLimit
    form = LinkForm
    formset = LinkFormSet
    verbose_name_plural = _("Linked limits")
    fields = ["resource_type", "at_least", "option", "needs", "minimum"]
    extra = 1
    hide_title = True

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        product = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        own: dict[str, Any] = {
            "resource_type": ResourceType.objects.filter(product=product),
            "option": Option.objects.filter(resource_type__product=product),
            "needs": ResourceType.objects.filter(product=product, kind=ResourceType.Kind.QUANTITY),
        }
        field = super().formfield_for_foreignkey(db_field, request, queryset=own[db_field.name], **kwargs)
        if db_field.name != "option":
            field.label_from_instance = lambda kind: kind.name
        for way in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
            setattr(field.widget, way, False)
        return field
