"""How much one person may write: enough for anybody in trouble, too little to fill the desk or the disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils.translation import gettext as _

from prorata.customers.models import User
from prorata.support.attach import MEGABYTE, Checked
from prorata.support.models import Attachment, Message, Ticket
from prorata.support.refused import TooMuch

TICKETS_AN_HOUR = 10
MESSAGES_AN_HOUR = 30
BYTES_A_DAY = 50 * MEGABYTE
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def refuse_too_many_tickets(person: User, now: datetime) -> None:
    """Raises TooMuch."""
    if Ticket.objects.filter(opened_by=person, created_at__gt=now - HOUR).count() >= TICKETS_AN_HOUR:
        raise TooMuch(
            _(
                "You opened %(most)s tickets in the last hour. Write to one of them, or open the next one later."
            )
            % {"most": TICKETS_AN_HOUR}
        )


def refuse_too_much(person: User, files: Sequence[Checked], now: datetime) -> None:
    """Raises TooMuch. Staff are not counted."""
    mine = Message.objects.filter(by=person, author=Message.Author.CUSTOMER)
    if mine.filter(at__gt=now - HOUR).count() >= MESSAGES_AN_HOUR:
        raise TooMuch(
            _("You wrote %(most)s messages in the last hour. Write the next one later.")
            % {"most": MESSAGES_AN_HOUR}
        )
    if not files:
        return
    kept = (
        Attachment.objects.filter(message__in=mine.filter(at__gt=now - DAY)).aggregate(all=Sum("size"))["all"]
        or 0
    )
    if kept + sum(len(file.data) for file in files) > BYTES_A_DAY:
        raise TooMuch(
            _("You sent %(most)s MB of files in the last day. Send the next ones tomorrow.")
            % {"most": BYTES_A_DAY // MEGABYTE},
            field="files",
        )
