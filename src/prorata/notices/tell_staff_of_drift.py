"""The mail to staff when a comparison of sold, invoiced and measured sizes found something new."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import ngettext

from prorata.changes.drift.models import Comparison
from prorata.changes.drift.open_now import need_somebody
from prorata.changes.drift.say import line_of
from prorata.notices.outbox import write
from prorata.notices.plain import body, link
from prorata.notices.reader import told_to_staff

SHOWN = 20


@told_to_staff
@transaction.atomic
def found(run_id: int) -> None:
    """All that needs somebody now, the newest first; nothing if it was settled meanwhile."""
    run = Comparison.objects.get(pk=run_id)
    to = getattr(settings, "PRORATA_STAFF_EMAIL", "")
    waiting = list(need_somebody().order_by("-id"))
    if not to or not waiting:
        return
    text = body(
        "drift_found.txt", run=run, lines=list(map(line_of, waiting[:SHOWN])), more=max(len(waiting) - SHOWN, 0),
        page=link(reverse("admin:drift_difference_changelist")),
    )  # fmt: skip
    subject = ngettext(
        "Needs you: %(n)d difference between what is sold and what runs",
        "Needs you: %(n)d differences between what is sold and what runs",
        len(waiting),
    )
    write(
        key=f"drift.found:{run.pk}", to=to, body=text, origin=f"comparison:{run.pk}", customer_id=None,
        subject=subject % {"n": len(waiting)},
    )  # fmt: skip
