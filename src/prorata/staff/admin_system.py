"""The seller and its number series, machine jobs, the queue, and who asked for what is not theirs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from procrastinate.contrib.django.models import ProcrastinateJob
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from prorata.changes.models import SecurityEvent
from prorata.invoices.models import NumberSeries, Seller
from prorata.invoices.numbers import has_given
from prorata.provisioning.models import Job, JobEvent, JobStep
from prorata.staff.columns import pretty_json
from prorata.staff.origins import origin_link
from prorata.staff.readonly import DeskAdmin, ReadOnlyAdmin, ReadOnlyRows
from prorata.staff.tax_identity import TaxIdentity

SELLER_FIELDS = ["name", "code", "address", "country", "tax_number", "tax_rounding", "zone"]
USUAL_SERIES = [{"kind": "invoice", "prefix": "INV-"}, {"kind": "credit_note", "prefix": "CN-"}]


class SellerForm(TaxIdentity):
    class Meta:
        model = Seller
        fields = SELLER_FIELDS
        widgets = {"address": UnfoldAdminTextareaWidget(attrs={"rows": 3})}


class SeriesForm(forms.ModelForm):
    class Meta:
        model = NumberSeries
        fields = ["kind", "prefix", "next_number"]
        help_texts = {
            "prefix": gettext_lazy("stays once a document has its number"),
            "next_number": gettext_lazy("goes on by itself from the first document on"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and has_given(self.instance):
            # What a browser sends of them counts for nothing: documents go on being numbered while the page stands open.
            for field in self.fields.values():
                field.disabled = True

    def has_changed(self) -> bool:
        # The two usual series stand there ready made: they count although nobody touched them.
        if self.instance.pk or not self.is_bound:
            return bool(super().has_changed())
        return bool(self.data.get(self.add_prefix("prefix")))

    def clean_next_number(self) -> int:
        number: int = self.cleaned_data["next_number"]
        used = (
            NumberSeries.objects.filter(pk=self.instance.pk).values_list("next_number", flat=True).first()
            or 1
        )
        if number < max(used, 1):
            raise ValidationError(
                _("Numbers are given once: the next one is %(used)s or later.") % {"used": max(used, 1)}
            )
        return number


class SeriesFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kinds = {form.cleaned_data.get("kind") for form in self.forms if form.cleaned_data}
        if not {"invoice", "credit_note"} <= kinds:
            raise ValidationError(_("A seller needs two series: one for invoices, one for credit notes."))


class Series(TabularInline):
    model = NumberSeries
    form = SeriesForm
    formset = SeriesFormSet
    verbose_name_plural = gettext_lazy("Number series")
    fields = ["kind", "prefix", "next_number"]
    can_delete = False
    max_num = 2

    def get_extra(self, request: HttpRequest, obj: Seller | None = None, **kwargs: Any) -> int:
        return 2


@admin.register(Seller)
class SellerAdmin(DeskAdmin):
    inlines = [Series]
    list_display = ["name", "code", "zone", "tax_rounding"]
    form = SellerForm
    fields = SELLER_FIELDS
    ordering = ["id"]

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        there = set(obj.series.values_list("kind", flat=True)) if obj.pk else set()
        return {**kwargs, "initial": [series for series in USUAL_SERIES if series["kind"] not in there]}


class Steps(ReadOnlyRows):
    model = JobStep
    verbose_name_plural = gettext_lazy("Steps")
    fields = [
        "position",
        "kind",
        "component",
        "from_value",
        "to_value",
        "state",
        "attempts",
        "reason",
        "started_at",
        "ended_at",
    ]


class Events(ReadOnlyRows):
    model = JobEvent
    verbose_name_plural = gettext_lazy("Journal")
    fields = ["at", "fence", "step", "what", "detail"]


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    inlines = [Steps, Events]
    list_display = [
        "created_at",
        "origin",
        "service",
        "state_label",
        "reason",
        "attempts",
        "deadline",
        "ended_at",
    ]
    list_display_links = ["created_at", "origin"]
    list_select_related = ["service"]
    list_filter = ["state", "created_at"]
    search_fields = ["origin", "service__name"]
    ordering = ["-id"]
    fields = [
        "for_what",
        "service",
        "state",
        "reason",
        "detail",
        "may_restart",
        "giving_up",
        "attempts",
        "deadline",
        "fence",
        "lease_until",
        "created_at",
        "ended_at",
    ]
    readonly_fields = ["for_what"]

    @display(
        description=gettext_lazy("State"),
        label={"attention": "danger", "parked": "warning", "running": "info"},
    )
    def state_label(self, job: Job) -> tuple[str, Any]:
        return job.state, job.get_state_display()

    @admin.display(description=gettext_lazy("For"))
    def for_what(self, job: Job) -> str:
        return origin_link(job.origin)


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "kind", "user", "about"]
    list_select_related = ["user"]
    list_filter = ["at"]
    search_fields = ["kind", "about", "user__email"]
    ordering = ["-id"]
    fields = ["at", "kind", "user", "about"]


admin.site.unregister(ProcrastinateJob)


@admin.register(ProcrastinateJob)
class QueueAdmin(ReadOnlyAdmin):
    list_display = ["id", "task_name", "args_in_short", "state_label", "attempts", "scheduled_at", "lock"]
    list_filter = ["status"]
    search_fields = ["task_name"]
    ordering = ["-id"]
    fields = [
        "id",
        "task_name",
        "args_text",
        "status",
        "attempts",
        "queue_name",
        "lock",
        "queueing_lock",
        "scheduled_at",
        "priority",
    ]
    readonly_fields = ["id", "args_text"]

    @display(
        description=gettext_lazy("State"), label={"failed": "danger", "doing": "info", "succeeded": "success"}
    )
    def state_label(self, job: ProcrastinateJob) -> tuple[str, Any]:
        return job.status, job.status

    @admin.display(description=gettext_lazy("Arguments"))
    def args_in_short(self, job: ProcrastinateJob) -> str:
        return ", ".join(f"{name} {value}" for name, value in job.args.items())[:80]

    @admin.display(description=gettext_lazy("Arguments"))
    def args_text(self, job: ProcrastinateJob) -> str:
        return pretty_json(job.args)
