"""A voucher's use by a change: held at submit, used when it is paid, released when it is given up."""

from __future__ import annotations

from datetime import datetime

from prorata.credit.models import Voucher, VoucherUse
from prorata.credit.voucher import WhyNot, why_not
from prorata.customers.lock import assert_locked


class VoucherGone(Exception):
    """It cannot be used any more; `why` is the key of the reason. Nothing was written."""

    def __init__(self, why: WhyNot) -> None:
        super().__init__(why)
        self.why: WhyNot = why


def hold(
    voucher_id: int,
    *,
    customer_id: int,
    product_id: int,
    origin: str,
    amount_minor: int,
    currency: str,
    at: datetime,
    paid: bool,
) -> None:
    """Take one use of a voucher for `origin`; with `paid` it is used at once. Raises VoucherGone.

    The customer must be locked. The voucher's row is locked too, because its uses are counted over all customers.
    """
    assert_locked(customer_id)
    voucher = Voucher.objects.select_for_update(no_key=True).get(pk=voucher_id)
    found = why_not(voucher, customer_id=customer_id, product_id=product_id, currency=currency, now=at)
    if found is not None:
        raise VoucherGone(found)
    VoucherUse.objects.create(
        voucher=voucher, customer_id=customer_id, origin=origin, amount_minor=amount_minor, currency=currency, held_at=at,
        state=VoucherUse.State.USED if paid else VoucherUse.State.HELD, used_at=at if paid else None,
    )  # fmt: skip


def use(*, origin: str, at: datetime) -> None:
    """What was held for `origin` is used: it is paid."""
    VoucherUse.objects.filter(origin=origin, state=VoucherUse.State.HELD).update(
        state=VoucherUse.State.USED, used_at=at
    )


def release(*, origin: str, at: datetime) -> bool:
    """Give the use of `origin` back, if there is one; whether it did."""
    open_uses = VoucherUse.objects.filter(origin=origin).exclude(state=VoucherUse.State.RELEASED)
    return bool(open_uses.update(state=VoucherUse.State.RELEASED, released_at=at))
