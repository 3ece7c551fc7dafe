"""What a receipt says of one capture: when, how, how much, and where the money went. It is read from the books each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from prorata.credit.models import LogLine
from prorata.invoices.models import Invoice
from prorata.payments.bank import BANK
from prorata.payments.bank.models import Allocation, Unallocation
from prorata.payments.methods import method
from prorata.payments.models import Capture


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Minor units of the capture's own currency; the three parts add up to its amount.

    `credit_line` is the line of the credit log that a part of it, or all, became. `returned_line` is the line with which
    the part that went to the invoice came back, because the invoice was closed before it was covered. `taken_back_at` is
    when staff took back a bank transfer that they had assigned here by mistake.
    """

    capture: Capture
    to_invoice_minor: int
    to_credit_minor: int
    held_minor: int
    credit_line: LogLine | None
    returned_line: LogLine | None
    taken_back_at: datetime | None = None

    @property
    def number(self) -> str:
        """R-000012: no legal number, and no series without gaps."""
        return f"R-{self.capture.pk:06d}"

    @property
    def invoice(self) -> Invoice:
        return self.capture.attempt.invoice

    @property
    def method_name(self) -> str:
        """The name of the way it was paid, as it is offered; its code where it is offered no more."""
        known = method(self.capture.attempt.method)
        return known.name if known else self.capture.attempt.method


def captures() -> QuerySet[Capture]:
    """Captures with what their receipts need, newest first."""
    related = ("attempt__invoice__service", "attempt__invoice__seller", "attempt__invoice__customer")
    return Capture.objects.select_related(*related).order_by("-id")


def receipts(found: Sequence[Capture]) -> list[Receipt]:
    """The receipt of each capture, in the same order, in three queries however many there are."""
    became = {
        line.transfer_id: line
        for line in LogLine.objects.filter(
            transfer__in=[one.transfer_id for one in found], amount_minor__gt=0
        )
    }
    closed = {
        one.attempt.invoice.origin for one in found if one.attempt.invoice.status in ("cancelled", "expired")
    }
    lines = LogLine.objects.filter(
        customer__in={one.customer_id for one in found}, origin__in=closed, what="returned"
    )
    returned = {line.origin: line for line in lines}
    taken_back = _taken_back(found)
    return [
        _receipt(
            one,
            became.get(one.transfer_id),
            returned,
            taken_back.get(one.capture_id) if one.gateway == BANK else None,
        )
        for one in found
    ]


def receipt(capture: Capture) -> Receipt:
    return receipts([capture])[0]


def _taken_back(found: Sequence[Capture]) -> dict[str, datetime]:
    """When the assignments that brought these captures were taken back, by the captures' ids; only transfers can be."""
    places = [one.capture_id.split("-") for one in found if one.gateway == BANK]
    lines = {int(line) for line, _position in places}
    if not lines:
        return {}
    rows = Unallocation.objects.filter(allocation__line__in=lines, allocation__what=Allocation.What.INVOICE)
    return {str(one.allocation): one.at for one in rows.select_related("allocation")}


def _receipt(
    capture: Capture, line: LogLine | None, returned: dict[str, LogLine], taken_back_at: datetime | None
) -> Receipt:
    held = capture.amount_minor if capture.outcome == "suspense" else 0
    credited = line.amount_minor if line is not None else 0
    to_invoice = capture.amount_minor - held - credited
    return Receipt(
        capture=capture, to_invoice_minor=to_invoice, to_credit_minor=credited, held_minor=held, credit_line=line,
        returned_line=returned.get(capture.attempt.invoice.origin) if to_invoice else None, taken_back_at=taken_back_at,
    )  # fmt: skip
