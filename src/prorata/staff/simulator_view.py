"""The simulator: what other prices or another rule would bring, before they are real. Reads, never writes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from prorata import clock
from prorata.catalog.models import PriceBook
from prorata.changes.simulate.outcome import Outcome
from prorata.changes.simulate.question import CannotSimulate
from prorata.changes.situation import NoSeller
from prorata.services.models import Service
from prorata.staff.pages import page
from prorata.staff.simulator_csv import as_csv
from prorata.staff.simulator_form import SimulatorForm
from prorata.staff.simulator_tables import tables

# What a page can answer while somebody waits: about two seconds of work.
MOST_SERVICES = 200_000


def simulator(request: HttpRequest) -> HttpResponse:
    """The form, and below it the answer. The answer is asked for with POST because a file may come with it."""
    form = SimulatorForm(request.POST or None, request.FILES or None)
    outcome = _outcome(form) if request.method == "POST" and form.is_valid() else None
    sees_customers = request.user.has_perm("customers.view_customer")
    if outcome is not None and "csv" in request.POST:
        return as_csv(outcome, with_customers=sees_customers)
    shown: dict[str, Any] = {}
    if outcome is not None:
        shown = {
            "outcome": outcome, "tables": [tables(one) for one in outcome.currencies], "kept": form.kept(),
            "sees_customers": sees_customers,
        }  # fmt: skip
    return page(
        request,
        "simulator.html",
        title=_("Simulator"),
        model=PriceBook,
        form=form,
        has_books=PriceBook.objects.exists(),
        **shown,
    )


def _outcome(form: SimulatorForm) -> Outcome | None:
    # Here, because numpy comes with it: every process of the portal would start later and larger for this one page.
    from prorata.changes.simulate.run import simulate

    if Service.objects.count() > MOST_SERVICES:
        form.add_error(
            None,
            _("More than %(most)s services are too many for a page. Type: prorata simulate --help")
            % {"most": f"{MOST_SERVICES:,}"},
        )
        return None
    try:
        return simulate(form.question, clock.now())
    except (CannotSimulate, NoSeller) as wrong:
        form.add_error(None, str(wrong))
        return None
