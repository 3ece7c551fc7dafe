"""The machine's job has ended: what was delivered counts, what was not comes back, and the credit is booked.

Credit only after the machine has really shrunk: this runs when every step was read back.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from prorata import clock
from prorata.catalog.values import book
from prorata.changes import states
from prorata.changes.inputs import replay
from prorata.changes.models import Change, ChangeLine
from prorata.changes.paper_lines import line_facts, line_text
from prorata.changes.situation import seller
from prorata.credit import voucher_use
from prorata.credit.models import LogLine
from prorata.events.publish import publish
from prorata.invoices.give_credit import NoteLine, give_credit
from prorata.invoices.layers import unwind_recorded
from prorata.invoices.models import Layer
from prorata.pricing.change import Price
from prorata.pricing.funding import Funding, Returned, fund
from prorata.pricing.terms import local_date
from prorata.provisioning.models import Job, JobStep
from prorata.provisioning.reserve import release
from prorata.services.readings import newest


def finish(change: Change, job: Job) -> None:
    """End a change whose job has ended. The customer, the service and the change must be locked."""
    now = clock.now()
    kept = delivered(job)
    lines = {line.component: line for line in change.lines.all()}
    price, paper = replay(change.quote.inputs)
    funding = fund(price, paper, gifted_minor=change.invoice.gifted_minor if change.invoice else 0)
    gifted_until = _gifted_until(change)
    if kept:
        _deliver(change, kept, price, funding, gifted_until, now)
    _give_back(change, set(lines) - kept, funding, gifted_until, now)
    if discounted(change) and not discounted(change) & kept:
        voucher_use.release(origin=change.origin, at=now)
    _mark(change, lines, kept, now)
    release(change.origin, now)
    _end(change, job, kept, set(lines), now)


def delivered(job: Job) -> set[str]:
    """The components that reached their target and stayed there."""
    done = (JobStep.State.DONE, JobStep.State.RESTART)
    steps = list(job.steps.all())
    undone = {step.component for step in steps if step.kind == JobStep.Kind.UNDO}
    return {s.component for s in steps if s.kind != JobStep.Kind.UNDO and s.state in done} - undone


def discounted(change: Change) -> set[str]:
    """The components from whose price a voucher took something off."""
    return {line["code"] for line in change.quote.figures["lines"] if line.get("discount_minor")}


def _deliver(
    change: Change,
    kept: set[str],
    price: Price,
    funding: Funding,
    gifted_until: datetime | None,
    now: datetime,
) -> None:
    """The service has its new configuration and carry; layers unwind and grow."""
    service, quote = change.service, change.quote
    service.configuration = service.configuration | {code: quote.to_configuration[code] for code in kept}
    service.version += 1
    service.carry = funding.carry_after({line.name for line in price.lines} - kept)
    service.save(update_fields=["configuration", "version", "carry"])
    for code, slices in quote.inputs["slices"].items():
        if code in kept:
            unwind_recorded(slices, origin=change.origin, at=now)
    values, day = book(quote.price_book_id), _day(change)
    Layer.objects.bulk_create(
        Layer(
            service=service, component=new.name, low=quote.from_configuration[new.name],
            high=quote.to_configuration[new.name], price_book_id=quote.price_book_id,
            low_price=values.monthly(new.name, quote.from_configuration[new.name]),
            high_price=values.monthly(new.name, quote.to_configuration[new.name]), starts=day,
            ends=max(local_date(service.term_ends_at, _zone(change)), day.fromordinal(day.toordinal() + 1)),
            amount=new.amount, tax=new.tax, gifted=new.gifted, gifted_expires_at=gifted_until if new.gifted else None,
            origin=change.origin, at=now,
        )
        for new in funding.layers
        if new.name in kept
    )  # fmt: skip


def _give_back(
    change: Change, lost: set[str], funding: Funding, gifted_until: datetime | None, now: datetime
) -> None:
    """A paid change gives back its undelivered lines whole; a reduction gives the credit of what was delivered."""
    returned = owed_back(change, lost, funding)
    if returned.cash_minor + returned.gifted_minor <= 0:
        return
    everything = {line["code"] for line in change.quote.figures["lines"]}
    shown = lost if change.invoice else everything - lost
    sign = 1 if change.invoice else -1
    figures = change.quote.figures
    give_credit(
        seller=seller(), buyer=change.customer, service=change.service, invoice=change.invoice, origin=change.origin,
        reason="reversed" if change.invoice else "reduced", lines=_note_lines(change, shown, sign, returned),
        layers={} if change.invoice else _taken_back(change, shown),
        tax_rate=Decimal(figures["tax_rate"]), tax_label=figures["tax_label"], returned=returned,
        gifted_expires_at=gifted_until, at=now, actor="system",
    )  # fmt: skip


def owed_back(change: Change, lost: set[str], funding: Funding) -> Returned:
    """What a finished change gives back in whole, when the components of `lost` were not delivered."""
    returned = funding.reversal(lost) if lost else Returned(0, 0)
    if change.invoice is None:
        if lost == {line["code"] for line in change.quote.figures["lines"]}:
            return Returned(0, 0)  # nothing was paid and nothing was given
        given = funding.returned
        returned = Returned(
            given.cash_minor + returned.cash_minor, given.gifted_minor + returned.gifted_minor
        )
    return returned if returned.total_minor > 0 else Returned(0, 0)


def _note_lines(change: Change, shown: set[str], sign: int, returned: Returned) -> list[NoteLine]:
    """The lines as they were priced; a unit that rounding printed too much stays with the last line."""
    lines = [line for line in change.quote.figures["lines"] if line["code"] in shown]
    short = sum(sign * line["gross_minor"] for line in lines) - returned.cash_minor - returned.gifted_minor
    return [_note_line(line, sign, short if line is lines[-1] else 0, change) for line in lines]


def _note_line(line: dict[str, Any], sign: int, short: int, change: Change) -> NoteLine:
    return NoteLine(
        component=line["code"], text=line_text(line), exact=sign * Decimal(line["exact"]),
        net_minor=sign * line["net_minor"] - short, tax_minor=sign * line["tax_minor"],
        **line_facts(line, change.quote.figures),
    )  # fmt: skip


def _taken_back(change: Change, kept: set[str]) -> dict[str, list[int]]:
    """The paid layers that the delivered reductions took back, per component."""
    return {
        code: [s["layer"] for s in rows]
        for code, rows in change.quote.inputs["slices"].items()
        if code in kept
    }


def _mark(change: Change, lines: dict[str, ChangeLine], kept: set[str], now: datetime) -> None:
    reading = newest(change.service_id)
    for code, line in lines.items():
        line.state = ChangeLine.State.APPLIED if code in kept else ChangeLine.State.REVERSED
        line.measured = reading.configuration.get(code) if reading else None
    ChangeLine.objects.bulk_update(lines.values(), ["state", "measured"])


def _end(change: Change, job: Job, kept: set[str], everything: set[str], now: datetime) -> None:
    status = states.APPLIED if kept == everything else states.PARTLY_APPLIED if kept else states.REVERSED
    if change.status != states.APPLYING and status == states.APPLIED:
        # It went on without anybody hearing of it in between; the graph knows no shorter way.
        change.status = states.APPLYING
        change.save(update_fields=["status"])
    failed = job.steps.filter(state=JobStep.State.FAILED).exclude(reason="").order_by("position").first()
    change.status, change.ended_at = status, now
    change.reason, change.detail = ("step_failed", failed.reason) if failed else ("", "")
    change.restart_pending = job.steps.filter(state=JobStep.State.RESTART).exists()
    change.save(update_fields=["status", "ended_at", "reason", "detail", "restart_pending"])
    publish(f"change.{status}", id=change.pk)


def _gifted_until(change: Change) -> datetime | None:
    """The latest end of the gifted credit in this change: what paid for it, and what its reduced layers were paid with."""
    used = LogLine.objects.filter(
        customer=change.customer_id, origin=change.origin, what__in=["spent", "pledged"],
        purse__expires_at__isnull=False,
    )  # fmt: skip
    ends = [*used.values_list("purse__expires_at", flat=True)]
    taken_back = [s["layer"] for slices in change.quote.inputs["slices"].values() for s in slices]
    layers = Layer.objects.filter(pk__in=taken_back, gifted_expires_at__isnull=False)
    ends += layers.values_list("gifted_expires_at", flat=True)
    return max((end for end in ends if end is not None), default=None)


def _zone(change: Change) -> ZoneInfo:
    return ZoneInfo(change.quote.figures["zone"])


def _day(change: Change) -> date:
    """The day of the quote: the price counts from it, whenever the money came."""
    return local_date(change.quote.made_at, _zone(change))
