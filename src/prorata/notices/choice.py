"""Which mails a customer wants: everything, until an owner turns a kind off."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from prorata.customers.lock import lock_customer
from prorata.customers.models import Customer, User
from prorata.customers.scope import my_one
from prorata.notices.kinds import OPTIONAL, Kind
from prorata.notices.models import TurnedOff
from prorata.trail.write import note


def turned_off(customer_id: int) -> set[str]:
    """The codes of the kinds that are not mailed to this customer."""
    return set(TurnedOff.objects.filter(customer=customer_id).values_list("kind", flat=True))


def is_mailed(kind: Kind, customer_id: int | None) -> bool:
    """Whether mails of this kind are sent. What is always sent is not looked up."""
    return not (kind.optional and TurnedOff.objects.filter(customer=customer_id, kind=kind.code).exists())


@transaction.atomic
def choose(user: User, customer_id: int, wanted: Collection[str]) -> None:
    """Send what is `wanted` of what can be turned off, and no more of the rest. Raises Http404 for who is no owner."""
    my_one(user, Customer.objects.all(), right="people", path="pk", pk=customer_id)
    customer = lock_customer(customer_id)
    before, after = turned_off(customer_id), {kind.code for kind in OPTIONAL} - set(wanted)
    if before == after:
        return
    TurnedOff.objects.filter(customer=customer, kind__in=before - after).delete()
    TurnedOff.objects.bulk_create(TurnedOff(customer=customer, kind=code) for code in sorted(after - before))
    note(
        "mails.chosen", customer, actor=f"user:{user.pk}", actor_name=user.email, customer_id=customer.pk,
        changed={"turned_off": (sorted(before), sorted(after))},
    )  # fmt: skip
