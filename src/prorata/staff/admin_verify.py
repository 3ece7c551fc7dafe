"""What the nightly walk over the books found, night by night, with links to the rows."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from prorata.staff.places import linked
from prorata.staff.readonly import ReadOnlyAdmin
from prorata.verify.models import Run

FINDING = '<li><strong>{}</strong>{}<br>{}<br><span class="desk-muted">{}</span></li>'


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ["at", "result", "walked", "took", "promises"]
    list_filter = ["at"]
    ordering = ["-id"]
    fields = ["at", "outcome", "walked", "took", "promises", "seal", "found"]
    readonly_fields = ["outcome", "walked", "took", "seal", "found"]

    @display(description=gettext_lazy("Result"), label={True: "success", False: "danger"})
    def result(self, run: Run) -> Any:
        return not run.broken, self.outcome(run)

    @admin.display(description=gettext_lazy("Result"))
    def outcome(self, run: Run) -> str:
        if not run.broken:
            return _("Everything holds")
        words = ngettext("%(n)d row breaks a promise", "%(n)d rows break a promise", run.broken)
        return words % {"n": run.broken}

    @admin.display(description=gettext_lazy("Rows walked"))
    def walked(self, run: Run) -> str:
        return f"{run.rows:,}"

    @admin.display(description=gettext_lazy("Took"))
    def took(self, run: Run) -> str:
        return _("%(seconds).1f s") % {"seconds": run.seconds}

    @admin.display(description=gettext_lazy("Newest seal"))
    def seal(self, run: Run) -> Any:
        if run.last_seal is None:
            return _("Nothing was sealed yet")
        return format_html('{} <span class="desk-code desk-break">{}</span>', run.last_seal, run.last_hash)

    @admin.display(description=gettext_lazy("What was found"))
    def found(self, run: Run) -> Any:
        if not run.findings:
            return _("Nothing: every promise of the books held.")
        rows = format_html_join("", FINDING, map(_parts, run.findings))
        more = run.broken - len(run.findings)
        left_out = _("%(n)d more: `prorata verify` prints them all.") % {"n": more} if more else ""
        return format_html('<ul class="desk-findings">{}</ul><p>{}</p>', rows, left_out)


def _parts(finding: dict[str, str]) -> tuple[Any, ...]:
    """The row, what people call it, what is wrong, and what must be true."""
    called = f" ({finding['reference']})" if finding["reference"] else ""
    return linked(finding["place"]), called, linked(finding["what"]), finding["says"]
