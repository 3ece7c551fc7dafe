"""The credit log as a CSV file: the rows of the list as it is filtered, all pages of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _

from prorata import clock
from prorata.credit.models import LogLine
from prorata.credit.words import change_of, movement_words
from prorata.pricing.money import decimal_of, minor_digits
from prorata.spreadsheet import CONTENT_TYPE, Cell, csv_lines


def export(lines: QuerySet[LogLine], actor: Callable[[Any], str]) -> StreamingHttpResponse:
    """`lines` come with the names of the desk's list; `actor` says who did one."""
    name = f"credit-log-{localtime(clock.now()):%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        csv_lines(_rows(lines, actor, get_current_timezone())), content_type=CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )  # fmt: skip


def _rows(lines: QuerySet[LogLine], actor: Callable[[Any], str], zone: tzinfo) -> Iterator[list[Cell]]:
    yield [
        _("Line"), _("When"), _("Customer"), _("Purse number"), _("Purse"), _("Usable until"), _("What happened"),
        _("Amount"), _("Balance after"), _("Currency"), _("Change"), _("Origin"), _("Reason"), _("By"), _("Transfer"),
    ]  # fmt: skip
    for line in lines.iterator(chunk_size=1000):
        purse, digits = line.purse, minor_digits(line.currency)
        yield [
            line.pk, _instant(line.at, zone), line.customer.name, purse.pk, purse.get_kind_display(),
            _instant(purse.expires_at, zone) if purse.expires_at else "",
            movement_words(line.what, line.reason, origin=line.origin),
            decimal_of(line.amount_minor, digits), decimal_of(line.balance_after_minor, digits), line.currency,
            change_of(line.origin), line.origin, line.reason, actor(line), line.transfer_id,
        ]  # fmt: skip


def _instant(at: datetime, zone: tzinfo) -> str:
    """With its offset, as programs read it. The file is sent after the desk's own time is over, so the zone is given."""
    return at.astimezone(zone).isoformat(timespec="seconds")
