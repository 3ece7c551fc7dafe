"""Who acts for a customer: let a person in, give another role, let them go. One who may do everything always stays."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prorata.customers.lock import lock_customer
from prorata.customers.models import Customer, Membership, User
from prorata.events.publish import publish
from prorata.trail.write import note

MOST = 50  # people of one customer: an address book is not filled by invitations


class CannotChangePeople(ValueError):
    """One line that says why, and what to do."""


class AlreadyThere(CannotChangePeople):
    """The person acts for this customer already."""


class LastOwner(CannotChangePeople):
    """Nobody would be left who may do everything."""


class TooMany(CannotChangePeople):
    """So many people act for one customer already that another one must go first."""


@dataclass(frozen=True, kw_only=True)
class NewPerson:
    """`password` empty: an invitation is mailed, with a link to choose one."""

    name: str
    email: str
    role: str
    password: str = ""


@transaction.atomic
def let_act(customer: Customer, wanted: NewPerson, *, by: User) -> Membership:
    """Make the person if need be, and a member of `customer`. Raises AlreadyThere or TooMany."""
    lock_customer(customer.pk)
    email = wanted.email.lower()
    if Membership.objects.filter(customer=customer).count() >= MOST:
        raise TooMany(
            _("%(n)d people act for %(customer)s already. Let somebody go first.")
            % {"n": MOST, "customer": customer}
        )
    person = _known(wanted, email) or _new(wanted, email)
    membership, made = Membership.objects.get_or_create(
        customer=customer, user=person, defaults={"role": wanted.role, "let_in_at": timezone.now()}
    )
    if not made:
        raise AlreadyThere(
            _("%(email)s acts for %(customer)s already. Change the role in the list instead.")
            % {"email": email, "customer": customer}
        )
    note(
        "person.let_act", membership, actor=f"user:{by.pk}", actor_name=by.email, customer_id=customer.pk,
        changed={"role": (None, membership.role)},
    )  # fmt: skip
    publish("person.let_in", id=membership.pk)
    return membership


@transaction.atomic
def give_role(membership_id: int, role: str, *, by: User) -> Membership:
    """Another role from now on. Raises LastOwner."""
    member = _locked(membership_id)
    before, member.role = member.role, role
    if before == role:
        return member
    _somebody_stays(member, role)
    member.save(update_fields=["role"])
    note(
        "person.role_given", member, actor=f"user:{by.pk}", actor_name=by.email, customer_id=member.customer_id,
        changed={"role": (before, role)},
    )  # fmt: skip
    return member


@transaction.atomic
def let_go(membership_id: int, *, by: User) -> Membership:
    """The person sees nothing of the customer any more, from their next click on. Raises LastOwner."""
    member = _locked(membership_id)
    _somebody_stays(member, "")
    note(
        "person.let_go", member, actor=f"user:{by.pk}", actor_name=by.email, customer_id=member.customer_id,
        changed={"role": (member.role, None)},
    )  # fmt: skip
    member.delete()
    return member


def _locked(membership_id: int) -> Membership:
    """The customer's lock first: two owners who let each other go at once would leave nobody."""
    found = Membership.objects.values_list("customer_id", flat=True).get(pk=membership_id)
    lock_customer(found)
    return Membership.objects.select_related("customer", "user").get(pk=membership_id)


def _somebody_stays(member: Membership, role: str) -> None:
    owners = Membership.objects.filter(
        customer=member.customer_id, role=Membership.Role.OWNER, user__is_active=True
    )
    if role != Membership.Role.OWNER and not owners.exclude(pk=member.pk).exists():
        raise LastOwner(
            _(
                "%(person)s is the only one who may do everything for %(customer)s. Give somebody else that role first."
            )
            % {"person": member.shown_name, "customer": member.customer}
        )


def _known(wanted: NewPerson, email: str) -> User | None:
    """Somebody who has this address already. Whoever only signed up with it, without proving it and without ever getting in,
    may be anybody: the password they chose holds no more."""
    person = User.objects.filter(email__iexact=email).first()
    if person is not None and _only_signed_up(person):
        person.set_password(wanted.password or None)
        person.save(update_fields=["password"])
    return person


def _only_signed_up(person: User) -> bool:
    if person.last_login is not None or person.is_staff or not person.has_usable_password():
        return False
    proved = EmailAddress.objects.filter(user=person, verified=True).exists()
    return not proved and not person.memberships.exists()


def _new(wanted: NewPerson, email: str) -> User:
    person = User.objects.create_user(email, wanted.password or None, name=wanted.name)
    # Who comes by the mailed link has proved the address with it; a first password told by other means proves nothing.
    EmailAddress.objects.create(user=person, email=email, primary=True, verified=not wanted.password)
    return person
