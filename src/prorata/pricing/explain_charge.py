"""The steps of a minimum charge and of a voucher; the keys are listed in `explain`."""

from __future__ import annotations

from collections.abc import Iterator

from .figures import money_text, per_cent
from .money import minor_digits
from .step import Step, step
from .tax import Document


def charge_steps(document: Document) -> Iterator[Step]:
    """How the rounded total became what is charged: nothing where both are the same."""
    charged = document.charge
    digits, currency = minor_digits(charged.price.currency), charged.price.currency
    before = charged.price.total
    if charged.raise_minor:
        total = before + charged.raise_minor
        figures: dict[str, object] = {
            "amount": money_text(before, digits),
            "total": money_text(total, digits),
        }
        yield step("charge.minimum", {**figures, "currency": currency})
    if charged.voucher is None:
        return
    voucher, off = charged.voucher, charged.discount_minor
    figures = {"code": voucher.code, "amount": money_text(-off, digits), "currency": currency}
    if voucher.amount is not None:
        yield step("voucher.amount", figures)
        if rest := voucher.amount - off:
            yield step(
                "voucher.rest", {"code": voucher.code, "rest": money_text(rest, digits), "currency": currency}
            )
    elif voucher.off is not None:
        yield step("voucher.part", {**figures, "off": per_cent(voucher.off)})
        if voucher.at_most == off:
            yield step(
                "voucher.at_most",
                {"code": voucher.code, "amount": money_text(off, digits), "currency": currency},
            )
    yield step("charge.total", {"total": money_text(charged.total, digits), "currency": currency})
