"""The payment method that is chosen for a customer from the start: used last, or set by somebody who may pay."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from prorata.customers.lock import lock_customer
from prorata.customers.models import Customer, User
from prorata.customers.scope import my_one
from prorata.payments.methods import method
from prorata.trail.write import note


class NotOffered(Exception):
    """One line: there is no such method to remember. Nothing was changed."""


def remember(user: User, customer_id: int, code: str) -> None:
    """Let `code` be chosen from the start. Raises NotOffered, or Http404 for a customer this person may not pay for."""
    if method(code) is None:
        raise NotOffered(_("This payment method is not offered. Choose one of those shown."))
    _set(user, customer_id, code)


def forget(user: User, customer_id: int) -> None:
    """Let nothing be chosen from the start, until something is used again. Raises Http404."""
    _set(user, customer_id, "")


@transaction.atomic
def _set(user: User, customer_id: int, code: str) -> None:
    my_one(user, Customer.objects.all(), right="pay", path="pk", pk=customer_id)
    customer = lock_customer(customer_id)
    before = customer.preferred_method
    if before == code:
        return
    customer.preferred_method = code
    customer.save(update_fields=["preferred_method"])
    note(
        "payment.remembered" if code else "payment.forgotten", customer, actor=f"user:{user.pk}", actor_name=user.email,
        customer_id=customer.pk, changed={"preferred_method": (before, code)},
    )  # fmt: skip
