"""In which language, and in which zone, a mail is written: those of the person who reads it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db.models import Model

from prorata.customers.models import Membership, User
from prorata.language import speaking

Tell = TypeVar("Tell", bound=Callable[..., Any])
# Whoever has not chosen a language gets mails in this one.
ENGLISH = "en"


def reader_of(customer_id: int) -> User | None:
    """Who reads what is mailed to a customer: the member with the customer's own address, else the first owner."""
    members = (
        Membership.objects.filter(customer=customer_id).select_related("user", "customer").order_by("pk")
    )
    found = list(members)
    own = [one.user for one in found if one.user.email.lower() == one.customer.email.lower()]
    owners = [one.user for one in found if one.role == Membership.Role.OWNER]
    return next(iter(own + owners), None)


def told_to_customer(
    of: type[Model], path: str = "customer_id", *, key: str = "pk"
) -> Callable[[Tell], Tell]:
    """Write the mail in the reader's language. Its only argument is the `key` of an `of`, whose customer is at `path`."""

    def in_language(tell: Tell) -> Tell:
        @wraps(tell)
        def told(subject: int) -> Any:
            customer = of._default_manager.filter(**{key: subject}).values_list(path, flat=True).first()
            person = reader_of(customer) if customer is not None else None
            with speaking((person.language if person else "") or ENGLISH, person.time_zone if person else ""):
                return tell(subject)

        return told  # type: ignore[return-value]

    return in_language


def told_to_staff(tell: Tell) -> Tell:
    """The desk speaks English, and so do mails to it."""

    @wraps(tell)
    def told(subject: int) -> Any:
        with speaking(ENGLISH):
            return tell(subject)

    return told  # type: ignore[return-value]
