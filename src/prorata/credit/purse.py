"""Find or open the purse that money goes into."""

from __future__ import annotations

from datetime import datetime

from prorata.credit.models import Purse


def account_purse(customer_id: int, currency: str) -> Purse:
    """The customer's account credit in a currency; opened when first needed (under the customer's lock)."""
    purse, _ = Purse.objects.get_or_create(
        customer_id=customer_id, currency=currency, kind=Purse.Kind.ACCOUNT
    )
    return purse


def gifted_purse(customer_id: int, currency: str, expires_at: datetime, reason: str) -> Purse:
    """A purse for gifted credit that ends at `expires_at`."""
    return Purse.objects.create(
        customer_id=customer_id,
        currency=currency,
        kind=Purse.Kind.GIFTED,
        expires_at=expires_at,
        reason=reason,
    )


def prolonged_purse(ended: Purse, expires_at: datetime) -> Purse:
    """A purse in the place of one that ended while its credit was held: same gift, later end."""
    return Purse.objects.create(
        customer_id=ended.customer_id,
        currency=ended.currency,
        kind=Purse.Kind.GIFTED,
        expires_at=expires_at,
        reason=ended.reason,
        prolonged_from=ended.expires_at,
    )
