"""Staff issue a voucher, and withdraw one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from prorata import clock
from prorata.catalog.models import Product
from prorata.credit.models import Voucher
from prorata.credit.voucher import normal, terms
from prorata.customers.models import Customer
from prorata.pricing.money import minor_digits
from prorata.readable_code import readable_code
from prorata.trail.write import note


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The terms of a voucher to be issued. Amounts in minor units of `currency`; `off` is a share."""

    name: str
    starts_at: datetime
    expires_at: datetime
    code: str = ""
    customer: Customer | None = None
    currency: str = ""
    amount_minor: int | None = None
    off: Decimal | None = None
    at_most_minor: int | None = None
    minimum_spend_minor: int = 0
    products: Sequence[Product] = ()
    components: Sequence[str] = field(default_factory=list)
    max_uses: int | None = None
    max_uses_per_customer: int | None = 1
    note: str = ""


def issue_voucher(draft: Draft, *, actor: str) -> Voucher:
    """Write the voucher; an empty code becomes one that cannot be guessed. Raises ValueError with one clear line."""
    _check(draft)
    voucher = Voucher(
        code=normal(draft.code) or readable_code(3), name=draft.name.strip(),
        customer=draft.customer, currency=draft.currency,
        amount_minor=draft.amount_minor, off=draft.off, at_most_minor=draft.at_most_minor,
        minimum_spend_minor=draft.minimum_spend_minor, components=sorted(set(draft.components)),
        starts_at=draft.starts_at, expires_at=draft.expires_at, max_uses=draft.max_uses,
        max_uses_per_customer=draft.max_uses_per_customer, note=draft.note.strip(), issued_by=actor, issued_at=clock.now(),
    )  # fmt: skip
    terms(voucher)  # refuses what makes no sense, in the words of the price
    try:
        with transaction.atomic():
            voucher.save(force_insert=True)
            voucher.products.set(draft.products)
            note("voucher.issued", voucher, actor=actor, customer_id=voucher.customer_id, reason=voucher.note)
    except IntegrityError as refused:
        if "voucher_code_is_plain" in str(refused):
            raise ValueError(
                "A code has 3 to 40 letters, digits and hyphens, such as SUMMER-2026."
            ) from refused
        if "code" in str(refused):
            raise ValueError(f"There is a voucher {voucher.code} already. Choose another code.") from refused
        raise
    return voucher


@transaction.atomic
def withdraw(voucher: Voucher, *, at: datetime, actor: str) -> None:
    """Nobody may use it from now on; changes that hold or used it keep their price."""
    if Voucher.objects.filter(pk=voucher.pk, withdrawn_at=None).update(withdrawn_at=at):
        note(
            "voucher.withdrawn", voucher, actor=actor, customer_id=voucher.customer_id,
            changed={"withdrawn_at": (None, at.isoformat())},
        )  # fmt: skip


def _check(draft: Draft) -> None:
    if not draft.name.strip():
        raise ValueError("Give the voucher a name: the customer reads it.")
    if draft.starts_at >= draft.expires_at:
        raise ValueError("The voucher must start before it ends.")
    if draft.expires_at <= clock.now():
        raise ValueError("The voucher must end in the future.")
    if draft.currency:
        minor_digits(draft.currency)
    elif draft.amount_minor or draft.at_most_minor or draft.minimum_spend_minor:
        raise ValueError("Choose the currency of the amounts.")
    if 0 in (draft.max_uses, draft.max_uses_per_customer):
        raise ValueError(
            "A voucher that may be used 0 times is of no use. Leave the field empty for no limit."
        )
