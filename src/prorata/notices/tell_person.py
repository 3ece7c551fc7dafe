"""Mails to a person who may act for a customer from now on."""

from __future__ import annotations

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from prorata.customers.models import Membership, User
from prorata.language import speaking
from prorata.notices.models import Mail
from prorata.notices.outbox import write
from prorata.notices.plain import body, link
from prorata.notices.reader import ENGLISH


@transaction.atomic
def invited(user_id: int) -> None:
    """Mail a link to choose a password; nothing to somebody who has one already."""
    person = User.objects.prefetch_related("memberships__customer").get(pk=user_id)
    if person.has_usable_password() or not person.is_active:
        return
    with speaking(person.language or ENGLISH, person.time_zone):
        _invite(person)


def _invite(person: User) -> None:
    memberships = list(person.memberships.all())
    names = ", ".join(membership.customer.name for membership in memberships)
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(person)
    place = {"uidb36": user_pk_to_url_str(person), "key": token}
    page = link(reverse("account_reset_password_from_key", kwargs=place))
    days = settings.PASSWORD_RESET_TIMEOUT // 86400
    again = link(reverse("account_reset_password"))
    write(
        key=f"person.invited:{person.pk}", to=person.email, subject=_("Your sign-in to the client portal"),
        body=body("person_invited.txt", person=person, names=names, page=page, days=days, again=again),
        origin=f"user:{person.pk}", customer_id=memberships[0].customer_id if memberships else None,
        audience=Mail.Audience.PERSON,
    )  # fmt: skip


@transaction.atomic
def let_in(membership_id: int) -> None:
    """Somebody who can sign in already acts for one more customer now; a new person gets the invitation instead."""
    member = Membership.objects.select_related("user", "customer").filter(pk=membership_id).first()
    if member is None or not member.user.has_usable_password() or not member.user.is_active:
        return
    with speaking(member.user.language or ENGLISH, member.user.time_zone):
        write(
            key=f"person.let_in:{member.pk}", to=member.user.email,
            subject=_("You can act for %(customer)s now") % {"customer": member.customer},
            body=body("person_let_in.txt", person=member.user, customer=member.customer, page=link("/services")),
            origin=f"user:{member.user_id}", customer_id=member.customer_id, audience=Mail.Audience.PERSON,
        )  # fmt: skip
