"""Send a quote to those of the customer's people who may submit it and pay."""

from __future__ import annotations

from django.db import transaction

from prorata import clock
from prorata.changes.models import Change, Quote
from prorata.changes.quote import over
from prorata.changes.refusals import Refused
from prorata.customers.models import Membership, User
from prorata.customers.scope import RIGHTS, my_one
from prorata.events.publish import publish
from prorata.trail.write import note


def who_may_pay(customer_id: int) -> list[Membership]:
    """Those who may submit a change of this customer's and pay for it, by name, each with its person."""
    roles = [role for role, rights in RIGHTS.items() if {"change", "pay"} <= rights]
    members = Membership.objects.filter(customer=customer_id, role__in=roles, user__is_active=True)
    return list(members.select_related("user").order_by("user__name", "pk"))


@transaction.atomic
def ask_to_pay(user: User, reference: str) -> list[Membership]:
    """Each of them is written to once about this quote, however often it is sent. Who they are; nobody where nothing is
    left to pay: it was submitted meanwhile, or costs nothing.

    Raises Refused where the quote's time is over, Http404 for a quote that somebody else made: the mail says who asks.
    """
    quote = my_one(user, Quote.objects.filter(made_by=user), right="change", reference=reference)
    if quote.gross_minor <= 0 or Change.objects.filter(quote=quote).exists():
        return []
    if late := over(quote, clock.now()):
        raise Refused(late)
    asked = who_may_pay(quote.customer_id)
    note(
        "quote.sent_to_pay", quote, actor=f"user:{user.pk}", actor_name=user.email, customer_id=quote.customer_id,
        changed={"asked": (None, [member.user.email for member in asked])},
    )  # fmt: skip
    publish("quote.sent_to_pay", id=quote.pk)
    return asked
