"""Let a person act for a customer: a new one with a way to sign in, or one who is known already."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.db import transaction

from prorata.customers.models import Customer, Membership, User
from prorata.events.publish import publish
from prorata.trail.write import note


class AlreadyThere(ValueError):
    """The person acts for this customer already."""


@dataclass(frozen=True, kw_only=True)
class NewPerson:
    """`password` empty: an invitation is mailed, with a link to choose one."""

    name: str
    email: str
    role: str
    password: str = ""


@transaction.atomic
def let_act(customer: Customer, wanted: NewPerson, *, by: User) -> Membership:
    """Make the person if need be, and a member of `customer`. Raises AlreadyThere, one line."""
    email = wanted.email.lower()
    person = User.objects.filter(email__iexact=email).first() or _new(wanted, email)
    membership, made = Membership.objects.get_or_create(
        customer=customer, user=person, defaults={"role": wanted.role}
    )
    if not made:
        raise AlreadyThere(f"{email} acts for {customer} already. Change the role in the list instead.")
    note(
        "person.let_act", membership, actor=f"user:{by.pk}", actor_name=by.email, customer_id=customer.pk,
        changed={"role": (None, membership.role)},
    )  # fmt: skip
    return membership


def _new(wanted: NewPerson, email: str) -> User:
    person = User.objects.create_user(email, wanted.password or None, name=wanted.name)
    # Who comes by the mailed link has proved the address with it; a first password told by other means proves nothing.
    EmailAddress.objects.create(user=person, email=email, primary=True, verified=not wanted.password)
    if not wanted.password:
        publish("person.invited", id=person.pk)
    return person
