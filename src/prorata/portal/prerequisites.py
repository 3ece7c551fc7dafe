"""What a guide asks for beforehand, as it stands for the person who reads it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.translation import gettext as _

from prorata.customers.models import User
from prorata.customers.scope import mine
from prorata.payments.methods import methods
from prorata.services.models import Service


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`met` is None where it cannot be known, because nobody is signed in. `address` leads to what helps."""

    words: str
    met: bool | None
    address: str = ""
    link: str = ""


def prerequisites(asks: tuple[str, ...], reader: User | AnonymousUser) -> list[Asked]:
    """In the order in which the guide names them."""
    known = {"signed_in": _signed_in, "active": _active, "method": _method}
    return [known[one](reader) for one in asks]


def first_active(reader: User | AnonymousUser) -> Service | None:
    """The service a guide leads to: one of mine that can be changed, else none."""
    if not isinstance(reader, User):
        return None
    rows = mine(reader, Service.objects.filter(status=Service.Status.ACTIVE), right="change")
    return rows.order_by("name", "pk").first()


def _signed_in(reader: User | AnonymousUser) -> Asked:
    if isinstance(reader, User):
        return Asked(words=_("You are signed in."), met=True)
    return Asked(
        words=_("You are signed in."), met=False, address=reverse("account_login"), link=_("Sign in")
    )


def _active(reader: User | AnonymousUser) -> Asked:
    if not isinstance(reader, User):
        return Asked(words=_("Your service is Active."), met=None)
    found = first_active(reader)
    if found is not None:
        return Asked(
            words=_("%(service)s is Active, and you may change it.") % {"service": found.name}, met=True
        )
    return Asked(
        words=_("None of your services is Active and may be changed by you."), met=False,
        address=reverse("portal:services"), link=_("See your services"),
    )  # fmt: skip


def _method(reader: User | AnonymousUser) -> Asked:
    """There is always a way to pay where the provider offers one; what was chosen before is remembered."""
    names = _(", ").join(one.name for one in methods())
    if not names:
        return Asked(words=_("The provider offers no way to pay at the moment."), met=False)
    said = _("If something is to be paid: %(methods)s.") % {"methods": names}
    if not isinstance(reader, User):
        return Asked(words=said, met=None)
    return Asked(words=said, met=True, address=reverse("portal:payment_methods"), link=_("Payment methods"))
