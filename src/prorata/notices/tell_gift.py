"""Mails to the customer about gifted credit: its end is near, or it has ended."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from prorata import clock
from prorata.changes.situation import seller
from prorata.credit.models import LogLine, Purse
from prorata.credit.words import change_of
from prorata.notices.outbox import write
from prorata.notices.plain import body, link, local, money
from prorata.notices.reader import told_to_customer


@told_to_customer(Purse)
@transaction.atomic
def ends_soon(purse_id: int) -> None:
    """A gift ends within days; nothing where it was spent, held or ended before this mail was written."""
    purse = Purse.objects.select_related("customer").get(pk=purse_id)
    if not purse.balance_minor or purse.expires_at is None or purse.expires_at <= clock.now():
        return
    amount, until = money(purse.balance_minor, purse.currency), local(purse.expires_at, seller().zone)
    text = body(
        "credit_ends_soon.txt", amount=amount, until=until, reason=told_reason(purse), page=link("/credit"),
        prolonged=purse.prolonged_from is not None,
    )  # fmt: skip
    write(
        key=f"credit.ends_soon:{purse.pk}", to=purse.customer.email, origin=f"purse:{purse.pk}",
        customer_id=purse.customer_id, body=text,
        subject=_("%(amount)s of gifted credit ends on %(until)s") % {"amount": amount, "until": until},
    )  # fmt: skip


@told_to_customer(LogLine, key="transfer")
@transaction.atomic
def expired(transfer_id: int) -> None:
    """What was left of a gift at its end is gone, and said so."""
    line = LogLine.objects.select_related("purse__customer").get(transfer=transfer_id)
    assert line.purse.expires_at is not None
    amount, ended = money(-line.amount_minor, line.currency), local(line.purse.expires_at, seller().zone)
    change = change_of(line.origin)
    text = body(
        "credit_expired.txt", amount=amount, ended=ended, reason=told_reason(line.purse), page=link("/credit"),
        change=change,
    )  # fmt: skip
    write(
        key=f"credit.expired:{transfer_id}", to=line.purse.customer.email, origin=line.origin,
        customer_id=line.customer_id, subject=_("%(amount)s of gifted credit has ended") % {"amount": amount}, body=text,
    )  # fmt: skip


def told_reason(purse: Purse) -> str:
    """The reason staff wrote; of a gift that came back from a change, which change."""
    if reference := change_of(purse.reason):
        return _("It came back from change %(reference)s.") % {"reference": reference}
    return purse.reason
