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
from typing import Literal, Protocol, runtime_checkable

PaymentState = Literal["open", "processing", "succeeded", "failed", "cancelled"]
RefundState = Literal["pending", "succeeded", "failed"]
DisputeState = Literal["inquiry", "open", "won", "lost"]
HappeningKind = Literal["capture", "refund", "dispute"]


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
    """One payment attempt of ours. `attempt_id` is our own id and the idempotency key at the processor.

    `save_method` asks to keep the means of payment for later; the customer has agreed to it on our page.
    """

    attempt_id: str
    amount_minor: int
    currency: str
    description: str
    return_url: str
    cancel_url: str
    customer_ref: str
    save_method: bool = False


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
class GatewayRefund:
    """Money given back of one capture. `key` is ours, or "" where it was refunded by hand at the processor.

    pending    on its way      succeeded  gone from our account      failed  it came back to us, also after "succeeded"
    """

    id: str
    key: str
    capture_id: str
    amount_minor: int
    currency: str
    state: RefundState
    created_at: datetime
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class GatewayDispute:
    """The customer's bank takes a capture back.

    inquiry    it only asks; nothing was taken       open  the amount was taken from us and may return
    won        it is with us again, or never left    lost  it is gone for good

    `kept_minor`: of one that is lost, so much of the amount is gone and the rest is with us again; None for all of it.
    """

    id: str
    capture_id: str
    amount_minor: int
    currency: str
    state: DisputeState
    opened_at: datetime
    reason: str = ""
    kept_minor: int | None = None


@dataclass(frozen=True, kw_only=True)
class GatewayMethod:
    """A means of payment the processor keeps for us. `ref` means something to the same gateway only.

    `label` is fit for customers ("Visa ···· 4242"); `expires` is (year, month), or None where it does not expire.
    """

    ref: str
    label: str
    expires: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class GatewayPayment:
    """The processor's present truth about one payment.

    open        can still be paid (a declined card leaves it open, with `reason`)
    processing  handed in, not yet settled; may succeed or fail days later
    succeeded   settled; `captures` lists what was taken
    failed      ended without money          cancelled   closed by us; cannot be paid any more

    `saved` is the means of payment kept at this payment, once it succeeded. `wants_customer`: a charge to a saved one
    failed only because the bank wants the customer to confirm it; a checkout would let him. `approved`: it is open, the
    customer has agreed, and Completion.complete() would take the money.

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
    refunds: tuple[GatewayRefund, ...] = ()
    disputes: tuple[GatewayDispute, ...] = ()
    saved: GatewayMethod | None = None
    wants_customer: bool = False
    approved: bool = False


@dataclass(frozen=True, kw_only=True)
class WebhookEvent:
    """A verified message. It only says "look at `ref`": the truth is always fetched.

    `ref` may be another name of the payment than the one its checkout gave, if fetch() knows it. `live` is what the
    message says about itself; None where the processor does not say.
    """

    id: str
    kind: str
    ref: str
    live: bool | None = None


@dataclass(frozen=True, kw_only=True)
class RefundRequest:
    """Give back `amount_minor` of one capture. `key` is our own id of this refund and its idempotency key."""

    key: str
    ref: str
    capture_id: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class SavedCharge:
    """Charge a saved means of payment while the customer is not there. `attempt_id` as in CheckoutRequest."""

    attempt_id: str
    amount_minor: int
    currency: str
    description: str
    customer_ref: str
    method_ref: str


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something that happened to money at the processor. `ref` is a name of the payment that fetch() knows."""

    kind: HappeningKind
    id: str
    ref: str
    capture_id: str
    amount_minor: int
    currency: str
    at: datetime


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

    def find(self, attempt_id: str, *, since: datetime | None = None) -> GatewayPayment | None:
        """The payment made for our attempt, or None when the processor certainly has none. Changes nothing.

        `since`: our call was not made before this instant of the machine's clock, so a processor that cannot look up
        our id looks through what is younger. Without it a day is looked through.

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


@runtime_checkable
class Completion(Protocol):
    """A gateway whose customers only approve: no money moves until we take it. Told by GatewayPayment.approved.

    A payment that is open may vanish there when nobody pays it: fetch() refuses then, and nothing can come of it.
    """

    def complete(self, ref: str) -> GatewayPayment:
        """Take the money of a payment that the customer approved, and return the payment as it stands then.

        Money is taken once, however often and by how many callers at once it is asked. A declined instrument leaves
        the payment "open" with `reason`. A payment that is not approved, is closed or is over is returned as it is.

        Raises GatewayRefused (no such payment) or GatewayUnreachable (it may have been taken: ask again, or fetch).
        """
        ...


@runtime_checkable
class Refunds(Protocol):
    """A gateway that can give money back."""

    def refund(self, request: RefundRequest) -> GatewayRefund:
        """Give back all or a part of a capture.

        Idempotent by `key`: a repeat with the same content returns the same refund and gives nothing more. How it
        ends may be learned later, from GatewayPayment.refunds.

        Raises GatewayRefused (nothing was given back; also for more than is left of the capture, and for the same key
        with other content) or GatewayUnreachable (it may have been: repeat within a day, or fetch the payment).
        """
        ...


@runtime_checkable
class Listing(Protocol):
    """A gateway that can say what happened, so that nothing stays unknown when webhooks are lost."""

    def happened_since(self, since: datetime) -> tuple[Happening, ...]:
        """Every capture, refund and dispute that came or changed at or after `since`, oldest first. Changes nothing.

        Raises GatewayRefused or GatewayUnreachable (nothing learned).
        """
        ...


@runtime_checkable
class SavedMethods(Protocol):
    """A gateway that keeps means of payment: asked for with CheckoutRequest.save_method, told by GatewayPayment.saved."""

    def charge_saved(self, request: SavedCharge) -> GatewayPayment:
        """Charge a saved means of payment, nobody being there; returns the payment as it stands then.

        Idempotent by `attempt_id`. "succeeded" or "processing", or "failed" with `reason`: nothing was taken and
        nothing can come of it any more (`wants_customer` when a checkout may help).

        Raises GatewayRefused (nothing exists; also for a method that is not kept any more) or GatewayUnreachable
        (it may have been charged: repeat, or find()).
        """
        ...

    def detach(self, method_ref: str) -> None:
        """Forget a saved means of payment; it can never be charged again. Repeating is harmless.

        Raises GatewayRefused (there is none) or GatewayUnreachable (it may or may not be forgotten: repeat).
        """
        ...
