"""Stripe: its hosted Checkout, refunds, disputes, and saved cards charged while nobody is there.

Our attempt id is the idempotency key of what it makes and stands in its metadata. Stripe keeps a key for a day at least;
an answer that was lost is found by listing what is younger than our call, never by its search, which lags behind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import stripe

from prorata.payments.gateways import stripe_answers as answers
from prorata.payments.gateways import stripe_webhook
from prorata.payments.gateways.base import (
    Checkout,
    CheckoutRequest,
    GatewayPayment,
    GatewayRefund,
    GatewayRefused,
    GatewayUnreachable,
    Happening,
    RefundRequest,
    SavedCharge,
    WebhookEvent,
)
from prorata.payments.gateways.stripe_errors import calling, reading
from prorata.payments.gateways.stripe_money import to_stripe
from prorata.payments.gateways.values import text

KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{4,}")
REF = re.compile(r"(cs|pi)_[A-Za-z0-9_]{1,250}")
METHOD_REF = re.compile(r"(cus_[A-Za-z0-9]{1,100})\.(pm_[A-Za-z0-9]{1,100})")
# Our clock and Stripe's need not agree to the second.
CLOCKS_APART = timedelta(minutes=10)
ONE_DAY = timedelta(days=1)
# A list longer than this is a mistake of somebody's, and reading it would never end.
LONGEST_LIST = 20_000
PAGE = 100


class StripeGateway:
    """One Stripe account, in its test mode or live, by the key.

    secret_key   sk_test_..., sk_live_... or a restricted key; ValueError for anything else
    secrets      webhook signing secrets (whsec_...); all verify, two during a rotation
    site         the name of this installation among those that share the account; payments of others are not ours
    api_url      another address than Stripe's, for tests
    """

    code = "stripe"

    def __init__(
        self,
        secret_key: str,
        secrets: Sequence[str],
        site: str,
        *,
        api_url: str | None = None,
        timeouts: tuple[float, float] = (3.0, 12.0),
        http_client: stripe.HTTPClient | None = None,
    ) -> None:
        if not KEY.fullmatch(secret_key):
            raise ValueError("the Stripe key must begin with sk_test_, sk_live_, rk_test_ or rk_live_")
        if isinstance(secrets, str) or not secrets or not all(secret.strip() for secret in secrets):
            raise ValueError("Stripe needs webhook signing secrets, and none of them may be empty")
        if not site.strip():
            raise ValueError("the name of this installation at Stripe is empty")
        self.payee = site
        self.live = secret_key.split("_")[1] == "live"
        self._secrets = tuple(secrets)
        # One try a call: who asks again is the payments room, with the same key, and it knows for how long.
        self._api = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_url} if api_url else None,
            max_network_retries=0,
            http_client=http_client or stripe.RequestsClient(timeout=timeouts),
        ).v1

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        """See Gateway."""
        notes = self._notes(request.attempt_id)
        intent: dict[str, Any] = {"description": request.description, "metadata": notes}
        params: dict[str, Any] = {
            "mode": "payment",
            "client_reference_id": request.attempt_id,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": request.currency.lower(),
                        "unit_amount": to_stripe(request.amount_minor, request.currency),
                        "product_data": {"name": request.description},
                    },
                }
            ],
            "metadata": notes,
            "payment_intent_data": intent,
            "allowed_payment_method_types": ["card"],
            "success_url": request.return_url,
            "cancel_url": request.cancel_url,
        }
        if request.save_method:
            intent["setup_future_usage"] = "off_session"
            params["customer_creation"] = "always"
        with calling():
            session = self._api.checkout.sessions.create(params, {"idempotency_key": request.attempt_id})  # type: ignore[arg-type]
        with reading():
            if answers.note(session, answers.ATTEMPT) != request.attempt_id:
                raise GatewayUnreachable("Stripe answered about another attempt")
            return Checkout(ref=text(session.id), redirect_url=page_of(session))

    def fetch(self, ref: str) -> GatewayPayment:
        """See Gateway. `ref` is a Checkout Session, or a PaymentIntent: webhooks of money name that one. What others made
        who share the account is refused before it is read: it may be of kinds and in currencies that ours never are."""
        if not REF.fullmatch(ref):
            raise GatewayRefused("there is no payment of this reference")
        if ref.startswith("pi_"):
            with calling(), reading():
                intent = self._api.payment_intents.retrieve(ref)
                sessions = self._api.checkout.sessions.list({"payment_intent": ref, "limit": 1}).data
                session_ref = text(sessions[0].id) if sessions else ""
            if not session_ref:
                self._must_be_ours(intent)
                return self._read_intent(ref, intent)
            ref = session_ref
        expand = ["payment_intent", "payment_intent.payment_method"]
        with calling(), reading():
            session: Any = self._api.checkout.sessions.retrieve(ref, {"expand": expand})
        self._must_be_ours(session)
        with reading():
            intent_ref = text(session.payment_intent.id) if session.payment_intent is not None else ""
        after = self._after(intent_ref) if intent_ref else NOTHING_YET
        with reading():
            return only(ref, answers.read_session(session, **after))

    def find(self, attempt_id: str, *, since: datetime | None = None) -> GatewayPayment | None:
        """See Gateway. Stripe cannot look up our id at once, so what is younger than our call is listed."""
        start = int(((since or datetime.now(UTC) - ONE_DAY) - CLOCKS_APART).timestamp())
        window: Any = {"created": {"gte": start}, "limit": PAGE}
        api = self._api
        for listed in (lambda: api.checkout.sessions.list(window), lambda: api.payment_intents.list(window)):
            with calling(), reading():
                of_ours = (
                    found for found in every(listed()) if answers.note(found, answers.ATTEMPT) == attempt_id
                )
                ref = text(found.id) if (found := next(of_ours, None)) is not None else ""
            if ref:
                return self.fetch(ref)
        return None

    def expire(self, ref: str) -> GatewayPayment:
        """See Gateway. Stripe refuses to expire what is not open; what it is then, is looked at."""
        if not REF.fullmatch(ref):
            raise GatewayRefused("there is no payment of this reference")
        if ref.startswith("cs_"):
            try:
                with calling():
                    self._api.checkout.sessions.expire(ref)
            except GatewayRefused as refusal:
                payment = self.fetch(ref)
                if payment.state == "open":
                    raise GatewayUnreachable(refusal.reason) from refusal
                return payment
        return self.fetch(ref)

    def verify_webhook(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> WebhookEvent:
        """See Gateway. The message says itself whether it is about real money; the inbox keeps the wrong kind apart."""
        return stripe_webhook.verified(self._secrets, body=body, headers=headers, now=now)

    def refund(self, request: RefundRequest) -> GatewayRefund:
        """See Refunds."""
        params: Any = {
            "charge": request.capture_id,
            "amount": to_stripe(request.amount_minor, request.currency),
            "metadata": {answers.REFUND: request.key, answers.SITE: self.payee},
        }
        with calling():
            made = self._api.refunds.create(params, {"idempotency_key": request.key})
        with reading():
            refund = answers.read_refund(made)
        if (refund.key, refund.capture_id, refund.amount_minor) != (
            request.key, request.capture_id, request.amount_minor,
        ):  # fmt: skip
            raise GatewayUnreachable("Stripe answered about another refund")
        return refund

    def happened_since(self, since: datetime) -> tuple[Happening, ...]:
        """See Listing. Stripe keeps its events for thirty days."""
        params: Any = {
            "created": {"gte": int(since.timestamp())},
            "types": list(answers.KINDS),
            "limit": PAGE,
        }
        found: dict[tuple[str, str], Happening] = {}
        with calling(), reading():
            for event in every(self._api.events.list(params)):
                if (happening := answers.read_happening(event)) is not None:
                    found.setdefault((happening.kind, happening.id), happening)
        return tuple(reversed(found.values()))

    def charge_saved(self, request: SavedCharge) -> GatewayPayment:
        """See SavedMethods. A charge that fails is given up at Stripe too, so that nothing can come of it later."""
        customer, method = method_of(request.method_ref)
        params: Any = {
            "amount": to_stripe(request.amount_minor, request.currency),
            "currency": request.currency.lower(),
            "customer": customer,
            "payment_method": method,
            "allowed_payment_method_types": ["card"],
            "off_session": True,
            "confirm": True,
            "description": request.description,
            "metadata": self._notes(request.attempt_id),
        }
        try:
            with calling():
                intent = self._api.payment_intents.create(params, {"idempotency_key": request.attempt_id})
            with reading():
                made = text(intent.id)
            return self.fetch(made)
        except stripe.CardError as declined:
            with reading():
                ref = text(declined.error.payment_intent.id)  # type: ignore[union-attr]
            self._give_up(ref)
            return self.fetch(ref)

    def detach(self, method_ref: str) -> None:
        """See SavedMethods. Stripe refuses what is detached already; a no to a card that it still keeps is no end."""
        _, method = method_of(method_ref)
        try:
            with calling():
                self._api.payment_methods.detach(method)
        except GatewayRefused as refusal:
            with calling():
                kept = self._api.payment_methods.retrieve(method).customer is not None
            if kept:
                raise GatewayUnreachable(f"Stripe keeps the card: {refusal.reason}") from refusal

    def _notes(self, attempt_id: str) -> dict[str, str]:
        return {answers.ATTEMPT: attempt_id, answers.SITE: self.payee}

    def _must_be_ours(self, found: Any) -> None:
        with reading():
            site = answers.note(found, answers.SITE)
        if site != self.payee:
            raise GatewayRefused("this payment was made by another installation or another program")

    def _give_up(self, ref: str) -> None:
        """A declined charge is over for us already; at Stripe it is closed if that works at once."""
        try:
            with calling():
                self._api.payment_intents.cancel(ref)
        except (GatewayRefused, GatewayUnreachable, stripe.CardError):
            return

    def _read_intent(self, ref: str, intent: Any) -> GatewayPayment:
        after = self._after(ref)
        with reading():
            return only(ref, answers.read_intent(intent, **after))

    def _after(self, intent: str) -> dict[str, list[Any]]:
        """The charges of a PaymentIntent that took money, and what came after: refunds and disputes."""
        params: Any = {"payment_intent": intent, "limit": PAGE}
        with calling(), reading():
            charges = [
                charge for charge in every(self._api.charges.list(params)) if charge.paid and charge.captured
            ]
            refunds = every(self._api.refunds.list(params)) if charges else []
            # An inquiry does not mark the charge, so disputes are asked for wherever there is money.
            disputes = every(self._api.disputes.list(params)) if charges else []
        return {"charges": charges, "refunds": refunds, "disputes": disputes}


NOTHING_YET: dict[str, list[Any]] = {"charges": [], "refunds": [], "disputes": []}


def every(page: Any) -> list[Any]:
    """All pages of a list."""
    found = list(islice(page.auto_paging_iter(), LONGEST_LIST + 1))
    if len(found) > LONGEST_LIST:
        raise GatewayUnreachable("Stripe lists more than can be looked through")
    return found


def only(ref: str, payment: GatewayPayment) -> GatewayPayment:
    """The payment that was asked for, and no other."""
    if payment.ref != ref:
        raise GatewayUnreachable("Stripe answered about another payment")
    return payment


def method_of(ref: str) -> tuple[str, str]:
    """Customer and PaymentMethod of a saved card."""
    parts = METHOD_REF.fullmatch(ref)
    if parts is None:
        raise GatewayRefused("there is no saved card of this reference")
    return parts[1], parts[2]


def page_of(session: Any) -> str:
    """The hosted page; the customer is sent nowhere but to http(s)."""
    address = text(session.url)
    if urlsplit(address).scheme not in ("http", "https"):
        raise GatewayUnreachable("Stripe named no payment page")
    return address
