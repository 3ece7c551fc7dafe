"""Mails to a person who may act for a customer from now on."""

from __future__ import annotations

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from prorata.customers.models import Membership
from prorata.language import speaking
from prorata.notices.models import Mail
from prorata.notices.outbox import write
from prorata.notices.plain import body, link
from prorata.notices.reader import ENGLISH


@transaction.atomic
def let_in(membership_id: int) -> None:
    """To somebody who can sign in already, for whom they act now too; to anybody else, a link to choose a password."""
    member = Membership.objects.select_related("user", "customer").filter(pk=membership_id).first()
    if member is None or not member.user.is_active:
        return
    with speaking(member.user.language or ENGLISH, member.user.time_zone):
        if member.user.has_usable_password():
            _tell(member)
        else:
            _invite(member)


def _tell(member: Membership) -> None:
    write(
        key=f"person.let_in:{member.pk}", to=member.user.email,
        subject=_("You can act for %(customer)s now") % {"customer": member.customer},
        body=body("person_let_in.txt", person=member.user, customer=member.customer, page=link("/services")),
        origin=f"user:{member.user_id}", customer_id=member.customer_id, audience=Mail.Audience.PERSON,
    )  # fmt: skip


def _invite(member: Membership) -> None:
    """Once for each customer that lets the person in: the link of the last time may have run out, and they may not know."""
    person = member.user
    names = ", ".join(
        one.customer.name for one in person.memberships.select_related("customer").order_by("pk")
    )
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(person)
    place = {"uidb36": user_pk_to_url_str(person), "key": token}
    page = link(reverse("account_reset_password_from_key", kwargs=place))
    days = settings.PASSWORD_RESET_TIMEOUT // 86400
    again = link(reverse("account_reset_password"))
    write(
        key=f"person.invited:{member.pk}", to=person.email, subject=_("Your sign-in to the client portal"),
        body=body("person_invited.txt", person=person, names=names, page=page, days=days, again=again),
        origin=f"user:{person.pk}", customer_id=member.customer_id, audience=Mail.Audience.PERSON,
    )  # fmt: skip
