"""Which payment method is chosen from the start, so that what was chosen once is not asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prorata.invoices.models import Invoice
from prorata.payments.bank.accounts import offered_methods
from prorata.payments.methods import Method
from prorata.payments.payment_state import PaymentState
from prorata.payments.saved_methods import can_keep

# Where the session keeps the method chosen in the review, with the invoice it was chosen for.
CHOSEN_METHOD = "chosen_method"


@dataclass(frozen=True, kw_only=True)
class PayChoice:
    """`chosen` is None where nothing is known and several methods are on offer."""

    offered: tuple[Method, ...]
    chosen: Method | None
    remembered: str

    @property
    def others(self) -> bool:
        """Whether Checkout has more to choose: another way, or to have the card kept."""
        return len(self.offered) > 1 or any(can_keep(one.gateway) for one in self.offered)


def keep(session: Any, invoice: Invoice, code: str) -> None:
    """What was chosen in the review counts for this invoice."""
    session[CHOSEN_METHOD] = {"invoice": invoice.reference, "method": code}


def pay_choice(session: Mapping[str, Any], invoice: Invoice, state: PaymentState) -> PayChoice:
    """Of the payment that was begun, else chosen in the review, else remembered, else the only one."""
    offered = offered_methods(invoice.seller_id, invoice.currency)
    remembered = invoice.customer.preferred_method
    kept = session.get(CHOSEN_METHOD)
    wishes = [
        state.attempt.method if state.attempt is not None else "",
        kept.get("method", "") if isinstance(kept, dict) and kept.get("invoice") == invoice.reference else "",
        remembered,
        offered[0].code if len(offered) == 1 else "",
    ]
    known = {one.code: one for one in offered}
    chosen = next((known[code] for code in wishes if code in known), None)
    return PayChoice(offered=tuple(offered), chosen=chosen, remembered=remembered)
