"""The customer's payments as a file: one row a receipt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from prorata.payments.models import Capture
from prorata.payments.receipts import Receipt, receipts
from prorata.portal.money import money
from prorata.pricing.money import decimal_of, minor_digits
from prorata.spreadsheet import Cell

AT_ONCE = 500


def went_to(receipt: Receipt) -> str:
    """Where the money went, in a few words."""
    currency = receipt.capture.currency
    if receipt.taken_back_at:
        return _("taken back: assigned by mistake")
    if receipt.held_minor:
        return _("held apart: another currency")
    if receipt.returned_line is not None:
        return _("account credit, because the invoice was closed")
    if not receipt.to_credit_minor:
        return _("the invoice")
    if not receipt.to_invoice_minor:
        return _("account credit")
    return _("the invoice, and %(amount)s account credit") % {
        "amount": money(receipt.to_credit_minor, currency)
    }


def as_rows(found: QuerySet[Capture], zone: ZoneInfo) -> Iterator[list[Cell]]:
    """A heading and one row a receipt, newest first; amounts in major units, times in the billing zone with their offset."""
    yield [
        _("Received"), _("Receipt"), _("Invoice"), _("Method"), _("Amount"), _("Currency"), _("To the invoice"),
        _("To account credit"), _("Held apart"), _("Where it went"), _("Payment reference"),
    ]  # fmt: skip
    for some in _in_parts(found):
        for one in receipts(some):
            yield _row(one, zone)


def _in_parts(found: QuerySet[Capture]) -> Iterator[Sequence[Capture]]:
    """So many at once, by their ids, so that a payment that comes meanwhile moves nothing."""
    last: int | None = None
    while some := list((found if last is None else found.filter(pk__lt=last))[:AT_ONCE]):
        yield some
        last = some[-1].pk


def _row(one: Receipt, zone: ZoneInfo) -> list[Cell]:
    capture = one.capture
    digits = minor_digits(capture.currency)
    parts = (one.to_invoice_minor, one.to_credit_minor, one.held_minor)
    return [
        capture.recorded_at.astimezone(zone).isoformat(timespec="seconds"), one.number, str(one.invoice), one.method_name,
        decimal_of(capture.amount_minor, digits), capture.currency, *(decimal_of(minor, digits) for minor in parts),
        went_to(one), capture.capture_id,
    ]  # fmt: skip
