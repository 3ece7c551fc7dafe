"""The daily comparison of our books with each gateway's own list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from prorata.payments.models import Reconciliation
from prorata.pricing.display import amount_text
from prorata.staff.readonly import ReadOnlyAdmin

DIFFERENCE = '<li><strong>{} {}</strong><br>{}<br><span class="desk-muted">{}</span></li>'


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = ["until", "gateway", "result", "listed", "booked"]
    list_display_links = ["until"]
    list_filter = ["until"]
    ordering = ["-id"]
    fields = ["gateway", "since", "until", "outcome", "listed", "booked", "found"]
    readonly_fields = ["outcome", "found"]

    @display(description=gettext_lazy("Result"), label={True: "success", False: "danger"})
    def result(self, run: Reconciliation) -> Any:
        return not (run.differences or run.problem), self.outcome(run)

    @admin.display(description=gettext_lazy("Result"))
    def outcome(self, run: Reconciliation) -> str:
        if run.problem:
            return _("Not compared")
        if not run.differences:
            return _("Everything fits")
        count = len(run.differences)
        return ngettext("%(n)d difference", "%(n)d differences", count) % {"n": count}

    @admin.display(description=gettext_lazy("What does not fit"))
    def found(self, run: Reconciliation) -> Any:
        if run.problem:
            return run.problem
        if not run.differences:
            return _("Nothing: what the payment service lists is what our books have.")
        return format_html(
            '<ul class="desk-findings">{}</ul>',
            format_html_join("", DIFFERENCE, map(_parts, run.differences)),
        )


def _parts(one: dict[str, Any]) -> tuple[Any, ...]:
    amount = f"{amount_text(one['amount_minor'], one['currency'])}\u00a0{one['currency']}"
    return one["kind"], amount, one["what"], f"{one['id']} · {one['ref']}"
