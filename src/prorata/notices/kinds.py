"""The kinds of mails to customers: a closed list. Some a customer may turn off; the others say why they are always sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

# Where a customer chooses; each mail that can be turned off names it.
PAGE = "/notifications/mails"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`keys` are what stands before the first colon of its mails' keys. `why` is empty where it can be turned off."""

    code: str
    name: Any
    tells: Any
    keys: tuple[str, ...]
    why: Any = ""

    @property
    def optional(self) -> bool:
        return not self.why


KINDS = (
    Kind(
        code="change_done",
        name=_("A change is done"),
        tells=_("What was changed, what it cost, and whether a restart is still wanted."),
        # The money it repeats has mails of its own: the payment that came, the credit note.
        keys=("change.applied",),
    ),
    Kind(
        code="restart",
        name=_("A change waits for your restart"),
        tells=_("Which machine to restart, and until when. What is not done by then comes back as credit."),
        keys=("change.parked",),
    ),
    Kind(
        code="gift_ends",
        name=_("Gifted credit ends soon"),
        tells=_("How much of a gift is left, some days before it ends."),
        keys=("credit.ends_soon",),
    ),
    Kind(
        code="staff_view",
        name=_("Our staff looked at your portal"),
        tells=_("When, and the reason they gave. They can change nothing that way."),
        keys=("customer.viewed",),
    ),
    Kind(
        code="to_pay",
        name=_("Something is to be paid"),
        tells=_(
            "Invoices, what to type for a bank transfer, reminders, and changes that a colleague asks you to pay."
        ),
        why=_("Each of them has a time after which it is too late."),
        keys=("term.awaiting_payment", "transfer.awaited", "invoice.rest", "quote.sent_to_pay"),
    ),
    Kind(
        code="money",
        name=_("Payments and credit notes"),
        tells=_(
            "Money that came, failed or was taken back, credit notes, and credit that was booked or has ended."
        ),
        why=_("They say where your money is, and your books need them."),
        keys=(
            "payment.received", "payment.failed", "payment.late", "transfer.credited", "transfer.taken_back", "term.paid",
            "credit.booked", "credit.expired",
        ),
    ),
    Kind(
        code="came_to_nothing",
        name=_("An order that came to nothing"),
        tells=_(
            "A change that was not possible, or only in part; a change or term that was cancelled or not paid in time."
        ),
        why=_("Money may have come back with it."),
        keys=(
            "change.partly_applied", "change.reversed", "change.cancelled", "change.expired", "term.cancelled",
            "term.expired",
        ),
    ),
    Kind(
        code="access",
        name=_("Who may sign in"),
        tells=_("Invitations, for which customer somebody may act, and links to set a password."),
        why=_("Nobody could sign in without them."),
        keys=("person.invited", "person.let_in"),
    ),
    Kind(
        code="tickets",
        name=_("Answers to your tickets"),
        tells=_("What our staff wrote, and that a ticket closes soon or is closed."),
        why=_("You or a colleague asked for it."),
        keys=("ticket.answered", "ticket.closes_soon", "ticket.closed"),
    ),
)  # fmt: skip
OPTIONAL = tuple(kind for kind in KINDS if kind.optional)
FIXED = tuple(kind for kind in KINDS if not kind.optional)
_OF_KEY = {key: kind for kind in KINDS for key in kind.keys}


def kind_of(key: str) -> Kind:
    """Of a mail to customers, by its key: "change.applied:C-20931". Raises LookupError for one that nobody has sorted in."""
    name = key.partition(":")[0]
    if name not in _OF_KEY:
        raise LookupError(f"{name}: say in notices/kinds.py which kind of mail this is")
    return _OF_KEY[name]
