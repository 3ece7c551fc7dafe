"""What refused people, in a few words for staff: which kind of blocker, and which of that kind."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FLOOR, CEILING, LINKED = _("Floor"), _("Ceiling"), _("Linked limit")
VALUE, SERVICE, PRICE, VOUCHER = _("What was typed"), _("Service"), _("Price and payment"), _("Voucher")

KINDS: dict[str, tuple[Promise, Promise]] = {
    "below_minimum": (FLOOR, _("less is not sold")),
    "in_use": (FLOOR, _("in use")),
    "in_use_reserve": (FLOOR, _("in use, with the reserve")),
    "in_use_peak": (FLOOR, _("used within the window of the product")),
    "in_use_peak_reserve": (FLOOR, _("used within the window of the product, with the reserve")),
    "objects_exist": (FLOOR, _("things that are stored")),
    "no_shrink": (FLOOR, _("never shrinks")),
    "machine_keeps": (FLOOR, _("the machine never makes it smaller")),
    "usage_unknown": (FLOOR, _("use is not known")),
    "no_reductions_left": (FLOOR, _("no reduction left in the term")),
    "above_maximum": (CEILING, _("more is not sold")),
    "host_full": (CEILING, _("the host has no room")),
    "no_room": (CEILING, _("another change took the room of the host")),
    "unpaid_hold_room": (CEILING, _("unpaid changes hold the room of the host")),
    "unpaid_hold_too_much": (CEILING, _("unpaid changes would hold too much of the host")),
    "needs_more": (LINKED, _("needs more of another resource")),
    "option_needs_more": (LINKED, _("the option needs more of another resource")),
    "not_a_number": (VALUE, _("not a whole number")),
    "unknown_option": (VALUE, _("no such option")),
    "off_step_between": (VALUE, _("between two steps")),
    "nothing_to_change": (VALUE, _("nothing was changed")),
    "differs": (SERVICE, _("differs from what was sold")),
    "not_active": (SERVICE, _("not active")),
    "term_over": (SERVICE, _("its term is over")),
    "term_to_come": (SERVICE, _("its term has not begun")),
    "unpaid_purchase": (SERVICE, _("not paid yet")),
    "unpaid_renewal": (SERVICE, _("its renewal waits for payment")),
    "open_change": (SERVICE, _("another change is open")),
    "changes_used_up": (SERVICE, _("no change left that day")),
    "cooling_down": (SERVICE, _("too soon after the last change")),
    "no_price": (PRICE, _("it has no price")),
    "quote_expired": (PRICE, _("the quote had expired")),
    "service_changed": (PRICE, _("the service had changed since the quote")),
    "tampered": (PRICE, _("another amount was sent than quoted")),
    "credit_changed": (PRICE, _("the credit had changed since the review")),
    "choose_method": (PRICE, _("no way to pay was chosen")),
    "may_not_pay": (PRICE, _("may choose, but not pay")),
    "voucher_unknown": (VOUCHER, _("no such code")),
    "voucher_guesses": (VOUCHER, _("too many guesses")),
    "voucher_withdrawn": (VOUCHER, _("withdrawn")),
    "voucher_too_early": (VOUCHER, _("not valid yet")),
    "voucher_over": (VOUCHER, _("expired")),
    "voucher_currency": (VOUCHER, _("for another currency")),
    "voucher_product": (VOUCHER, _("for other services")),
    "voucher_used_up": (VOUCHER, _("used up")),
    "voucher_used_by_you": (VOUCHER, _("used by this customer already")),
    "voucher_nothing_to_pay": (VOUCHER, _("nothing was to be paid")),
    "voucher_out_of_scope": (VOUCHER, _("for other resources")),
    "voucher_minimum_spend": (VOUCHER, _("below its minimum spend")),
    "voucher_too_small": (VOUCHER, _("takes off less than the smallest coin")),
}


def refusal_words(code: str) -> str:
    """E.g. "Floor: in use". A code of an older version stands as it is."""
    if code not in KINDS:
        return code
    kind, words = KINDS[code]
    return f"{kind}: {words}"
