"""What every payment gateway module offers to the payments room, and nothing else.

Amounts are integers in minor units of `currency` (ISO 4217, upper case). Instants are timezone-aware UTC.
An adapter holds no state of ours: it speaks to the processor, translates its answer and raises one of three errors.

The difference between the errors decides about money, so each adapter keeps it strictly:
    GatewayUnreachable  we do not know whether the call had an effect; ask again with the same attempt id, or fetch
    GatewayRefused      the processor said no and nothing happened
    BadSignature        a webhook that must be ignored; nothing in it may be believed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

PaymentState = Literal["open", "processing", "succeeded", "failed", "cancelled"]


class GatewayError(Exception):
    """Common parent of the gateway errors; `reason` is one line fit for staff and logs."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class GatewayUnreachable(GatewayError):
    """No usable answer came: the outcome is UNKNOWN. Never treat it as a failure of the payment."""


class GatewayRefused(GatewayError):
    """A certain no: the processor answered, and nothing was created, changed or taken."""


class BadSignature(GatewayError):
    """The webhook is unsigned, wrongly signed, too old, too new or malformed."""


@dataclass(frozen=True, kw_only=True)
class CheckoutRequest:
    """One payment attempt of ours. `attempt_id` is our own id and the idempotency key at the processor."""

    attempt_id: str
    amount_minor: int
    currency: str
    description: str
    return_url: str
    cancel_url: str
    customer_ref: str


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """Where to send the customer. `ref` is the processor's own id of the payment."""

    ref: str
    redirect_url: str


@dataclass(frozen=True, kw_only=True)
class GatewayCapture:
    """Money really taken. `id` is unique at the processor; the amount may differ from the one asked for."""

    id: str
    amount_minor: int
    currency: str
    captured_at: datetime


@dataclass(frozen=True, kw_only=True)
class GatewayPayment:
    """The processor's present truth about one payment.

    open        can still be paid (a declined card leaves it open, with `reason`)
    processing  handed in, not yet settled; may succeed or fail days later
    succeeded   settled; `captures` lists what was taken
    failed      ended without money          cancelled   closed by us; cannot be paid any more

    `payee` is the processor's account that gets the money, `live` tells real money from test money. The caller
    compares payee, live, attempt_id, amount and currency with its own row before it books anything.
    """

    ref: str
    attempt_id: str
    payee: str
    live: bool
    state: PaymentState
    amount_minor: int
    currency: str
    captures: tuple[GatewayCapture, ...]
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class WebhookEvent:
    """A verified message. It only says "look at `ref`": the truth is always fetched."""

    id: str
    kind: str
    ref: str


class Gateway(Protocol):
    """One configured account at one payment processor."""

    @property
    def code(self) -> str:
        """Short name of the processor, stored with each attempt ("sandbox")."""
        ...

    @property
    def payee(self) -> str:
        """The account at the processor that must stand in every payment of ours."""
        ...

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        """Open a hosted payment page.

        Idempotent by `attempt_id`: a repeat with the same content returns the same checkout and creates nothing.
        Raises GatewayRefused (nothing exists; also for the same attempt id with other content) or
        GatewayUnreachable (it may exist: repeat, or find()).
        """
        ...

    def fetch(self, ref: str) -> GatewayPayment:
        """The payment as it stands now. Changes nothing.

        Raises GatewayRefused (the processor knows no such payment) or GatewayUnreachable (nothing learned).
        """
        ...

    def find(self, attempt_id: str) -> GatewayPayment | None:
        """The payment made for our attempt, or None when the processor certainly has none. Changes nothing.

        Raises GatewayRefused or GatewayUnreachable (nothing learned; not the same as None).
        """
        ...

    def expire(self, ref: str) -> GatewayPayment:
        """Close the payment page and return the payment as it stands afterwards.

        "cancelled" means no money can come any more. "succeeded" or "processing" means the customer was faster:
        nothing was changed. Repeating is harmless. Raises GatewayRefused (no such payment) or
        GatewayUnreachable (it may or may not be closed: fetch).
        """
        ...

    def verify_webhook(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> WebhookEvent:
        """Check the signature over the raw body and its age (five minutes both ways) and return the message.

        `now` is the machine's clock, not the business clock. Header names match in any case. Contacts nobody.
        Raises BadSignature.
        """
        ...
