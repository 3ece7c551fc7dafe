"""Bring a machine to what is sold: a job with the ordinary journal, towards the absolute size, because staff said so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from prorata import clock
from prorata.changes.drift.decide import CannotDecide, checked, locked, machine_limit, write
from prorata.changes.drift.models import Decision, Difference
from prorata.changes.limits import Limit
from prorata.changes.refusals import Refusal, way_out, words
from prorata.customers.models import User
from prorata.provisioning.drivers.base import DriverError, Step, StepPlan
from prorata.provisioning.measure import measure
from prorata.provisioning.registry import driver
from prorata.provisioning.reserve import NoRoom, reserve
from prorata.provisioning.start import Wanted, start
from prorata.services.models import Reading, Service

# How long the machine is tried before what is not done is left as it is.
TRIED_FOR = timedelta(hours=4)


def bring(
    staff: User, difference_id: int, reason: str, *, shown_measured: Any, may_restart: bool
) -> Decision:
    """Start the job. The limits of a customer's change hold: nothing below what is used, nothing above the host's room.

    The machine is measured first; `shown_measured` is what the page said it has. Raises CannotDecide.
    """
    said = checked(staff, reason)
    service = service_of(difference_id)
    reading, plan = read_now(service), ask_plan(Difference.objects.get(pk=difference_id), service)
    try:
        with transaction.atomic():
            one, service = locked(difference_id, shown_measured)
            as_shown(one, reading)
            if why := why_not(one, service, reading, plan):
                raise CannotDecide(why)
            return _start(one, service, reading, staff, said, may_restart=may_restart)
    except NoRoom as full:
        raise CannotDecide(
            f"The host has no room for more {full.component} now: another change holds it."
        ) from full


def service_of(difference_id: int) -> Service:
    """The service of a difference. Raises CannotDecide where it has none."""
    one = Difference.objects.select_related("service").filter(pk=difference_id, service__isnull=False).first()
    if one is None or one.service is None:
        raise CannotDecide("There is no such difference of a service.")
    return one.service


def read_now(service: Service) -> Reading:
    """Measure the machine. Raises CannotDecide where it does not answer."""
    try:
        return measure(service)
    except (DriverError, LookupError) as silence:
        raise CannotDecide(f"The machine could not be measured now: {silence}") from silence


def ask_plan(one: Difference, service: Service) -> StepPlan:
    """How the machine would be brought to what is sold, asked there: the answer changes nothing."""
    step: Any = (one.component, one.measured, one.sold)
    try:
        return driver(service.driver).plan(service.external_id, Step(*step))
    except (DriverError, LookupError) as silence:
        return StepPlan("restart", possible=False, reason=str(silence))


def as_shown(one: Difference, reading: Reading) -> None:
    """What was decided about must be what the machine has at this moment."""
    there = reading.configuration.get(one.component)
    if there != one.measured:
        raise CannotDecide(f"The machine has {there} by now, not {one.measured}. Compare it again first.")


def why_not(one: Difference, service: Service, reading: Reading, plan: StepPlan) -> str:
    """Why the machine cannot be brought to what is sold, in one or two sentences; "" if nothing stands in the way."""
    if one.invoiced is not None and one.invoiced != one.sold:
        return (
            "The configuration says otherwise than the documents, so what was sold is not certain. `prorata verify` names "
            "it too: correct the configuration first."
        )
    if one.sold == one.measured:
        return "The machine has what is sold already."
    if refusals := _refusals(machine_limit(service, one, reading), one.sold):
        return " ".join(f"{words(refusal)} {way_out(refusal)}".strip() for refusal in refusals)
    return "" if plan.possible else f"The machine refuses it: {plan.reason}."


def _refusals(limit: Limit, sold: Any) -> tuple[Refusal, ...]:
    """A size that was sold once need not be one that is sold today; the machine's own bounds hold all the same."""
    if isinstance(sold, str) or isinstance(limit.current, str):
        return ()
    if sold < int(limit.floor):
        return limit.floor_reasons
    return limit.ceiling_reasons if sold > int(limit.ceiling) else ()


def _start(
    one: Difference, service: Service, reading: Reading, staff: User, reason: str, *, may_restart: bool
) -> Decision:
    now = clock.now()
    until, before, after = now + TRIED_FOR, _value(one.measured), _value(one.sold)
    made = write(
        one, Decision.What.BRING, staff=staff, reason=reason, at=now, version=service.version, may_restart=may_restart
    )  # fmt: skip
    growth = after - before if isinstance(after, int) and isinstance(before, int) else 0
    reserve(
        service=service,
        reading=reading,
        growth={one.component: growth},
        origin=made.origin,
        awaits_payment=False,
        until=until,
        now=now,
    )
    start(
        service=service, origin=made.origin, may_restart=may_restart, may_move=service.product.may_move,
        deadline=until, now=now,
        wanted=[Wanted(one.component, "reduce" if growth < 0 else "grow", before, after)],
    )  # fmt: skip
    return made


def _value(stored: Any) -> int | str:
    assert isinstance(stored, int | str), stored
    return stored
