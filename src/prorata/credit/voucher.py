"""Find a voucher, say why it cannot be used, and turn its row into the terms that the price works with."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db.models import Count, Q, QuerySet

from prorata.credit.models import Voucher, VoucherUse
from prorata.pricing.voucher import Voucher as Terms

WhyNot = Literal[
    "voucher_unknown", "voucher_withdrawn", "voucher_too_early", "voucher_over", "voucher_currency", "voucher_product",
    "voucher_used_up", "voucher_used_by_you",
]  # fmt: skip
COUNTED = (VoucherUse.State.HELD, VoucherUse.State.USED)


def normal(code: str) -> str:
    """A code as people type it, as it is stored: without blanks, in capital letters."""
    return "".join(code.split()).upper()


def find(code: str) -> Voucher | None:
    return Voucher.objects.filter(code=normal(code)).first()


def terms(voucher: Voucher) -> Terms:
    """What the voucher takes off, as a plain value."""
    return Terms(
        code=voucher.code, amount=voucher.amount_minor, off=voucher.off, at_most=voucher.at_most_minor,
        minimum_spend=voucher.minimum_spend_minor, scope=frozenset(voucher.components) if voucher.components else None,
    )  # fmt: skip


def why_not(
    voucher: Voucher | None, *, customer_id: int, product_id: int, currency: str, now: datetime
) -> WhyNot | None:
    """The first reason why this customer cannot use it for this product now, as a key; None if nothing speaks against it.

    Somebody else's voucher does not exist: its code must not be found by trying.
    """
    if voucher is None or voucher.customer_id not in (None, customer_id):
        return "voucher_unknown"
    if voucher.withdrawn_at is not None:
        return "voucher_withdrawn"
    if now < voucher.starts_at:
        return "voucher_too_early"
    if now >= voucher.expires_at:
        return "voucher_over"
    if voucher.currency not in ("", currency):
        return "voucher_currency"
    products = set(voucher.products.values_list("pk", flat=True))
    if products and product_id not in products:
        return "voucher_product"
    return _used_up(voucher, customer_id)


def _used_up(voucher: Voucher, customer_id: int) -> WhyNot | None:
    if voucher.max_uses is None and voucher.max_uses_per_customer is None:
        return None
    counted = VoucherUse.objects.filter(voucher=voucher, state__in=COUNTED).aggregate(
        all=Count("pk"), mine=Count("pk", filter=Q(customer_id=customer_id))
    )
    if voucher.max_uses_per_customer is not None and counted["mine"] >= voucher.max_uses_per_customer:
        return "voucher_used_by_you"
    if voucher.max_uses is not None and counted["all"] >= voucher.max_uses:
        return "voucher_used_up"
    return None


def usable_by(assigned: QuerySet[Voucher], now: datetime) -> list[Voucher]:
    """Those of the `assigned` vouchers that are in force and have a use left, the soonest to end first."""
    alive = assigned.filter(withdrawn_at=None, starts_at__lte=now, expires_at__gt=now)
    found = alive.prefetch_related("products").order_by("expires_at", "pk")
    return [one for one in found if one.customer_id and _used_up(one, one.customer_id) is None]


def offered(*, customer_id: int, product_id: int, currency: str, now: datetime) -> list[Voucher]:
    """The vouchers assigned to this customer that could be used for this product now, the soonest to end first."""
    assigned = Voucher.objects.filter(customer_id=customer_id, starts_at__lte=now, expires_at__gt=now)
    return [
        voucher
        for voucher in assigned.order_by("expires_at", "pk")
        if why_not(voucher, customer_id=customer_id, product_id=product_id, currency=currency, now=now)
        is None
    ]
