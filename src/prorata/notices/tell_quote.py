"""Mails about a quote: somebody who may not pay sends it to those who may."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from prorata.changes.ask_to_pay import who_may_pay
from prorata.changes.models import Change, ChangeLine, Quote
from prorata.customers.models import User
from prorata.language import speaking
from prorata.notices import change_facts as facts
from prorata.notices.models import Mail
from prorata.notices.outbox import write
from prorata.notices.plain import body, link, local, money
from prorata.notices.reader import ENGLISH


@transaction.atomic
def sent_to_pay(quote_id: int) -> None:
    """One mail to each; nothing once the quote is a change."""
    quote = Quote.objects.select_related("service", "customer", "made_by").get(pk=quote_id)
    if Change.objects.filter(quote=quote).exists():
        return
    for member in who_may_pay(quote.customer_id):
        with speaking(member.user.language or ENGLISH, member.user.time_zone):
            _tell(quote, member.user)


def _tell(quote: Quote, person: User) -> None:
    amount, asks = money(quote.gross_minor, quote.currency), quote.made_by.name or quote.made_by.email
    lines = [
        ChangeLine(
            name=one["name"], unit=one["unit"], from_name=one["before_name"], to_name=one["after_name"]
        )
        for one in quote.figures["lines"]
    ]
    write(
        key=f"quote.sent_to_pay:{quote.reference}:{person.pk}", to=person.email, origin=f"quote:{quote.reference}",
        subject=_("%(person)s asks you to pay %(amount)s for a change of %(service)s")
        % {"person": asks, "amount": amount, "service": quote.service.name},
        body=body(
            "quote_sent_to_pay.txt", asks=asks, amount=amount, quote=quote, lines=facts.lines_table(lines),
            until=local(quote.expires_at, quote.figures["zone"]), page=link(f"/quotes/{quote.reference}"),
        ),
        customer_id=quote.customer_id, audience=Mail.Audience.PERSON,
    )  # fmt: skip
