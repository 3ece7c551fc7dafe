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


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ["at", "result", "walked", "took", "promises"]
    list_filter = ["at"]
    ordering = ["-id"]
    fields = ["at", "result", "walked", "took", "promises", "last_hash", "found"]
    readonly_fields = ["result", "walked", "took", "found"]

    @display(description=gettext_lazy("Result"), label={True: "success", False: "danger"})
    def result(self, run: Run) -> Any:
        if not run.broken:
            return True, _("Everything holds")
        words = ngettext("%(n)d row breaks a promise", "%(n)d rows break a promise", run.broken)
        return False, words % {"n": run.broken}

    @admin.display(description=gettext_lazy("Rows walked"))
    def walked(self, run: Run) -> str:
        return f"{run.rows:,}"

    @admin.display(description=gettext_lazy("Took"))
    def took(self, run: Run) -> str:
        return _("%(seconds).1f s") % {"seconds": run.seconds}

    @admin.display(description=gettext_lazy("What was found"))
    def found(self, run: Run) -> Any:
        if not run.findings:
            return _("Nothing: every promise of the books held.")
        rows = (
            (linked(one["place"]), one["reference"], one["says"], linked(one["what"])) for one in run.findings
        )
        more = run.broken - len(run.findings)
        left_out = _("%(n)d more: `prorata verify` prints them all.") % {"n": more} if more else ""
        head = (_("Row"), _("Called"), _("What must be true"), _("What is"))
        return format_html(
            '<div class="desk-scroll"><table class="desk-table"><thead>{}</thead><tbody>{}</tbody></table></div><p>{}</p>',
            format_html("<tr>{}</tr>", format_html_join("", "<th>{}</th>", ((name,) for name in head))),
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows),
            left_out,
        )
