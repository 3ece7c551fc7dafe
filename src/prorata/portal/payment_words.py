"""The state of a payment in the customer's words: what is so, what comes next, what to do. The same on every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.translation import gettext as _

from prorata.invoices.models import Invoice
from prorata.payments.methods import method
from prorata.payments.models import PaymentAttempt
from prorata.payments.payment_state import Key, PaymentState, payment_state
from prorata.payments.reasons import in_readers_words
from prorata.portal import when
from prorata.portal.money import data

# What an invoice is for.
Bought = Literal["change", "purchase", "renewal"]
# The sign before the short words, the colour of the note and its drawing.
LOOKS: dict[Key, tuple[str, str, str]] = {
    "not_begun": ("need", "", "file-text"), "page": ("need", "", "clock"), "declined": ("need", "bad", "circle-alert"),
    "processing": ("busy", "", "hourglass"), "checking": ("busy", "", "hourglass"),
    "failed": ("need", "bad", "circle-alert"), "stopped": ("need", "", "info"),
    "transfer": ("busy", "", "hourglass"), "part": ("need", "warn", "hourglass"),
    "over": ("need", "warn", "clock"), "paid": ("ok", "ok", "circle-check"), "covered": ("ok", "ok", "circle-check"),
    "cancelled": ("off", "", "info"), "expired": ("off", "", "clock"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PaymentTold:
    """A state in words: `short` beside its sign, `title` and `sentences` for the note."""

    state: PaymentState
    short: str
    title: str
    sentences: tuple[str, ...]

    @property
    def sign(self) -> str:
        return LOOKS[self.state.key][0]

    @property
    def tone(self) -> str:
        return LOOKS[self.state.key][1]

    @property
    def icon(self) -> str:
        return LOOKS[self.state.key][2]


def told(invoice: Invoice, now: datetime, what: Bought = "change") -> PaymentTold:
    """The state at `now`. The invoice comes with its seller and its attempts, newest first."""
    state = payment_state(invoice, now)
    zone = ZoneInfo(invoice.seller.zone)
    until = when.element(invoice.pay_until, when.moment(invoice.pay_until, zone))
    sentences = [*_sentences(state, invoice, zone, until, what), *_part(state.key, invoice, until)]
    return PaymentTold(
        state=state, short=short(state, invoice), title=_title(state), sentences=tuple(sentences)
    )


def short(state: PaymentState, invoice: Invoice) -> str:
    """For lists: a few words."""
    if state.key == "expired":
        return _("Expired") if brought_money(invoice) else _("Expired, nothing was taken")
    if state.key == "transfer":
        return (
            _("Part received, waiting for the rest")
            if invoice.received_minor
            else _("Waiting for your transfer")
        )
    if state.key in ("not_begun", "page", "declined", "stopped", "over") and invoice.received_minor:
        return _("Partly paid")
    return {
        "not_begun": _("Unpaid"), "page": _("Unpaid"), "declined": _("Unpaid"), "stopped": _("Unpaid"), "over": _("Unpaid"),
        "processing": _("Your bank is working on it"), "checking": _("Being checked"),
        "failed": _("Unpaid: the last payment failed, nothing was taken"), "part": _("Partly paid"),
        "paid": _("Paid"), "covered": _("Paid"), "cancelled": _("Cancelled"),
    }[state.key]  # fmt: skip


def brought_money(invoice: Invoice) -> bool:
    """Whether any payment for it came, in time or not."""
    return any(one.state == PaymentAttempt.State.SUCCEEDED for one in invoice.attempts.all()) or bool(
        invoice.received_minor
    )


def nothing_taken(reason: str, otherwise: str) -> str:
    """The reason a payment service gave, or `otherwise`, as a sentence, and that nothing was taken, once."""
    said = in_readers_words(reason) or otherwise
    if not said.endswith((".", "。")):
        said += "."
    return (
        said if "nothing was taken" in said.lower() else _("%(reason)s Nothing was taken.") % {"reason": said}
    )


def _title(state: PaymentState) -> str:
    return {
        "not_begun": _("Waiting for your payment"),
        "page": _("Your payment waits on the payment page"),
        "transfer": _("We are waiting for your transfer"),
        "declined": _("The payment page refused it"),
        "processing": _("Your bank is working on it"),
        "checking": _("Your payment is being checked"),
        "failed": _("Your last payment failed"),
        "stopped": _("Your last payment was not made"),
        "part": _("A part of it was received"),
        "over": _("The time to pay is over"),
        "paid": _("Paid"),
        "covered": _("Paid with credit"),
        "cancelled": _("Cancelled: nothing is to be paid"),
        "expired": _("Expired: nothing is to be paid any more"),
    }[state.key]


def _sentences(state: PaymentState, invoice: Invoice, zone: ZoneInfo, until: str, what: Bought) -> list[str]:
    tried = state.attempt
    named = _named(tried) if tried is not None else ""
    twice = _("A second payment is not possible meanwhile, so that you are not charged twice.")
    again = format_html(_("Pay again, in the same way or another, until {}."), until)
    late = format_html(_("Money that arrives after {} becomes account credit."), until)
    begun = (
        format_html(_("You began to pay with {} on {}."), named, _at(tried, zone))
        if tried is not None
        else ""
    )
    reason = tried.reason if tried is not None else ""
    said: dict[Key, list[str]] = {
        "not_begun": [_after_payment(what), format_html(_("Pay until {}."), until)],
        "transfer": [
            format_html(_("{} must be with us by {}."), data(invoice.due_minor, invoice.currency), until),
            _("What it is for begins by itself when the money has arrived. Money that comes later becomes account credit."),
        ],
        "page": [begun, format_html(_("Nothing was taken yet. You can go on there until {}."), until)],
        "declined": [
            nothing_taken(reason, _("The payment was declined.")),
            format_html(_("The payment page is still open: use another card there until {}."), until),
        ],
        "processing": [
            begun,
            _("It was handed in. The answer may take minutes or, with some banks, days; we write to you when it is known."),
            twice, late,
        ],
        "checking": [
            begun,
            _(
                "The payment service has not answered. We ask again until it does; then it is paid, or you can pay again."
            ),
            twice,
        ],
        "failed": [nothing_taken(reason, _("The payment was declined.")), again],
        "stopped": [_("Nothing was taken."), again],
        "part": [],
        "over": [_too_late(what, received=invoice.received_minor > 0)],
        "paid": [], "covered": [_("Credit paid all of it. No payment was needed.")], "cancelled": [], "expired": [],
    }  # fmt: skip
    return said[state.key]


def _after_payment(what: Bought) -> str:
    return {
        "change": _("Resources change after payment. Nothing changes if you leave now."),
        "purchase": _("The service starts when this is paid. Nothing is owed if you do not pay."),
        "renewal": _(
            "The next term counts when this is paid; until then the service cannot be changed."
            " Nothing is owed if you do not pay: the present term goes on to its end."
        ),
    }[what]


def _too_late(what: Bought, *, received: bool) -> str:
    if what == "change":
        return _("Make the change again.") if received else _("Nothing was taken; make the change again.")
    return _("Ask us for a new invoice.") if received else _("Nothing was taken; ask us for a new one.")


def _part(key: Key, invoice: Invoice, until: str) -> list[str]:
    """Where some of it came and the rest is awaited: how much, how much is left, and what happens to it otherwise."""
    if not invoice.received_minor or not invoice.due_minor:
        return []
    received, rest = data(invoice.received_minor, invoice.currency), data(invoice.due_minor, invoice.currency)
    if key == "over":
        return [
            format_html(
                _("{} was received; it becomes account credit now, because {} is missing."), received, rest
            )
        ]
    return [
        format_html(_("{} was received, {} is still to be paid until {}."), received, rest, until),
        _("If the rest does not come by then, what was received becomes account credit."),
    ]


def _named(attempt: PaymentAttempt) -> str:
    known = method(attempt.method)
    return known.name if known else attempt.method


def _at(attempt: PaymentAttempt | None, zone: ZoneInfo) -> str:
    assert attempt is not None
    return when.element(attempt.created_at, when.moment(attempt.created_at, zone))
