"""PayPal: Orders v2. The customer approves on PayPal's page, then we take the money.

Our attempt id is the order's `invoice_id` and the PayPal-Request-Id of its creation. PayPal cannot cancel an order and
cannot look one up by our id:

- expire() notes "closed" on the order. A customer may still approve it there, but no money moves without complete(), which
  leaves a closed order alone: "cancelled" is our word, and it holds because the money is ours to take.
- find() repeats the call's PayPal-Request-Id, which PayPal answers with the order it made for it, over a body that can
  make none. If an order should stay hidden this way, nothing is lost: nobody was sent to approve it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from prorata.payments.gateways import paypal_answers as answers
from prorata.payments.gateways import paypal_webhook
from prorata.payments.gateways.base import (
    Checkout,
    CheckoutRequest,
    GatewayDispute,
    GatewayPayment,
    GatewayRefund,
    GatewayRefused,
    GatewayUnreachable,
    Happening,
    RefundRequest,
    WebhookEvent,
)
from prorata.payments.gateways.paypal_answers import reading
from prorata.payments.gateways.paypal_api import NotPermitted, PayPalApi, Refused
from prorata.payments.gateways.paypal_certificates import Certificates
from prorata.payments.gateways.paypal_money import to_paypal
from prorata.payments.gateways.values import text

log = logging.getLogger(__name__)
LIVE, SANDBOX = "https://api-m.paypal.com", "https://api-m.sandbox.paypal.com"
# By environment: where certificates of webhooks come from, whom they name, and where customers approve.
HOSTS: dict[str, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    LIVE: (
        ("https://api.paypal.com", LIVE),
        "messageverificationcerts.paypal.com",
        ("https://www.paypal.com",),
    ),
    SANDBOX: (
        ("https://api.sandbox.paypal.com", SANDBOX),
        "messageverificationcerts.sandbox.paypal.com",
        ("https://www.sandbox.paypal.com",),
    ),
}
MERCHANT = re.compile(r"[2-9A-HJ-NP-Z]{13}")
LONGEST_KEY, LONGEST_NOTE = 100, 127
# The instrument, not the payment, was refused: the customer may choose another one.
CHOOSE_AGAIN = {
    "INSTRUMENT_DECLINED",
    "PAYER_ACTION_REQUIRED",
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
    "PAYER_CANNOT_PAY",
}
LONGEST_LIST, PAGE = 20_000, 100
# How far back the list of events goes; asking for more is refused.
KEPT = timedelta(days=30) - timedelta(minutes=5)


class PayPalGateway:
    """One merchant at PayPal: live, its sandbox, or a processor that speaks the same (tests).

    url            PayPal's API; ValueError for any other https address
    webhook_ids    the ids of the webhooks registered for us; two during a rotation
    merchant_id    the account that gets the money
    roots          PEM of the authorities that certify webhooks, where it is not the web's own
    """

    code = "paypal"

    def __init__(
        self,
        url: str,
        client_id: str,
        secret: str,
        webhook_ids: Sequence[str],
        merchant_id: str,
        *,
        roots: bytes | None = None,
        timeouts: tuple[float, float] = (3.0, 15.0),
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if url not in HOSTS and urlsplit(url).scheme != "http":
            raise ValueError(f"PayPal's address is {LIVE} or {SANDBOX}")
        if not client_id.strip() or not secret.strip():
            raise ValueError("PayPal needs the client id and the secret of its app, and neither may be empty")
        if isinstance(webhook_ids, str) or not webhook_ids or not all(id.strip() for id in webhook_ids):
            raise ValueError("PayPal needs the ids of its webhooks, and none of them may be empty")
        if not MERCHANT.fullmatch(merchant_id):
            raise ValueError("PayPal's merchant id has 13 capitals and digits, such as 2J6QB8YJQSJRJ")
        self.payee, self.live = merchant_id, url == LIVE
        self._webhook_ids = tuple(webhook_ids)
        timeout = httpx.Timeout(timeouts[1], connect=timeouts[0])
        origins, host, self._pages = HOSTS.get(url, ((url,), HOSTS[SANDBOX][1], (url,)))
        self._api = PayPalApi(url, client_id, secret, timeout=timeout, transport=transport)
        public = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False)
        self._certificates = Certificates(origins, host, roots, http=public)

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        """See Gateway."""
        fit(request.attempt_id, "attempt")
        amount = to_paypal(request.amount_minor, request.currency)
        unit = {
            "amount": amount,
            "payee": {"merchant_id": self.payee},
            "description": request.description[:LONGEST_NOTE],
            "custom_id": request.attempt_id,
            "invoice_id": request.attempt_id,
        }
        experience = {
            "shipping_preference": "NO_SHIPPING",
            "user_action": "PAY_NOW",
            "return_url": request.return_url,
            "cancel_url": request.cancel_url,
        }
        body = {
            "intent": "CAPTURE",
            "purchase_units": [unit],
            "payment_source": {"paypal": {"experience_context": experience}},
        }
        order = self._api.call("POST", "/v2/checkout/orders", body=body, key=request.attempt_id)
        with reading():
            made = answers.read_order(order, live=self.live)
            page = answers.page_of(order)
        if made.attempt_id != request.attempt_id:
            raise GatewayUnreachable("PayPal answered about another attempt")
        if (made.amount_minor, made.currency) != (request.amount_minor, request.currency):
            raise GatewayRefused("This payment was begun at PayPal before, with another amount.")
        if not any(page.startswith(f"{origin}/") for origin in self._pages):
            raise GatewayUnreachable("PayPal named a page that is not its own")
        return Checkout(ref=made.ref, redirect_url=page)

    def fetch(self, ref: str) -> GatewayPayment:
        """See Gateway. A capture ("capture-<id>") is another name of the order it belongs to."""
        return self._read(self._order(ref))

    def find(self, attempt_id: str, *, since: datetime | None = None) -> GatewayPayment | None:
        """See Gateway, and above. PayPal knows an id for six hours; `since` does not help."""
        fit(attempt_id, "attempt")
        try:
            order = self._api.call(
                "POST",
                "/v2/checkout/orders",
                body={"intent": "CAPTURE", "purchase_units": []},
                key=attempt_id,
            )
        except Refused:
            return None
        with reading():
            found = self.fetch(answers.an_id(order["id"]))
        return found if found.attempt_id == attempt_id else None

    def expire(self, ref: str) -> GatewayPayment:
        """See Gateway, and above."""
        payment = self._read(order := self._order(ref))
        if payment.state != "open":
            return payment
        try:
            self._note(order, answers.CLOSED)
        except Refused:  # it cannot be noted on now; what decides is that we shall not take its money
            payment = self.fetch(ref)
            return replace(payment, state="cancelled", approved=False) if payment.state == "open" else payment
        return self.fetch(ref)

    def complete(self, ref: str) -> GatewayPayment:
        """See Completion. An order can be captured once; a second call with the same id gets the first one's answer."""
        payment = self._read(order := self._order(ref))
        if not payment.approved:
            return payment
        with reading():
            tried = answers.declines(answers.only_unit(order))
        try:
            self._api.call(
                "POST", f"/v2/checkout/orders/{payment.ref}/capture", key=f"{payment.attempt_id}-{tried}"
            )
        except Refused as no:
            payment = self.fetch(ref)
            if not payment.approved and payment.state != "open":
                return payment
            if no.issue in CHOOSE_AGAIN:
                self._note_decline(order, tried + 1)
                return replace(payment, approved=False, reason=answers.DECLINED_WORDS)
            return replace(
                payment, approved=False, reason=f"PayPal refused: {no.reason}"[: answers.LONGEST_REASON]
            )
        return self.fetch(ref)

    def refund(self, request: RefundRequest) -> GatewayRefund:
        """See Refunds. PayPal answers a repeated id with the first refund, whatever is asked: so it is compared."""
        fit(request.key, "refund")
        if not answers.ID.fullmatch(request.capture_id):
            raise GatewayRefused("PayPal has no such payment to give back from.")
        body = {
            "amount": to_paypal(request.amount_minor, request.currency),
            "custom_id": f"{answers.REFUND_NOTE}{request.key}",
        }
        answer = self._api.call(
            "POST", f"/v2/payments/captures/{request.capture_id}/refund", body=body, key=request.key
        )
        with reading():
            made = answers.read_refund(answer)
        if (made.key, made.capture_id) != (request.key, request.capture_id):
            raise GatewayUnreachable("PayPal answered about another refund")
        if (made.amount_minor, made.currency) != (request.amount_minor, request.currency):
            raise GatewayRefused("This refund was made at PayPal before, with another amount.")
        return made

    def happened_since(self, since: datetime) -> tuple[Happening, ...]:
        """See Listing: out of PayPal's list of webhook events, delivered or not, of the last 30 days.

        Its transaction search would name every movement, but hours after it happened.
        """
        now = datetime.now(UTC)
        if since > now:
            return ()
        start = max(since, now - KEPT).replace(microsecond=0)
        query = {"start_time": start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "page_size": str(PAGE)}
        found: list[Happening] = []
        for _ in range(LONGEST_LIST // PAGE):
            page = self._api.call("GET", "/v1/notifications/webhooks-events", query=query)
            with reading():
                lines = [answers.read_happening(event) for event in page["events"]]
                found += [line for line in lines if line is not None and line.at >= start]
                onward = [link["href"] for link in page.get("links", []) if link["rel"] == "next"]
            if not onward or not lines:
                found.reverse()  # newest first, and whole seconds: sorting keeps the order within one
                return tuple(sorted(found, key=lambda line: line.at))
            query = dict(parse_qsl(urlsplit(onward[0]).query))
        raise GatewayUnreachable("PayPal's list of events does not end")

    def verify_webhook(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> WebhookEvent:
        """See Gateway. Contacts nobody but PayPal, once for each certificate that it signs with."""
        return paypal_webhook.verified(
            self._webhook_ids, self._certificates, body=body, headers=headers, now=now
        )

    def _order(self, ref: str) -> dict[str, Any]:
        """The order of a reference; a reference is data, never a path."""
        order_id = ref
        if named := answers.CAPTURE_REF.fullmatch(ref):
            capture = self._api.call("GET", f"/v2/payments/captures/{named[1]}")
            with reading():
                order_id = answers.an_id(capture["supplementary_data"]["related_ids"]["order_id"])
        if not answers.ID.fullmatch(order_id):
            raise GatewayRefused("PayPal has no payment of this reference.")
        order = self._api.call("GET", f"/v2/checkout/orders/{order_id}")
        if order.get("id") != order_id:
            raise GatewayUnreachable("PayPal answered about another payment")
        return order

    def _read(self, order: dict[str, Any]) -> GatewayPayment:
        """A payment with the disputes about its captures."""
        with reading():
            payment = answers.read_order(order, live=self.live)
        disputes = [dispute for capture in payment.captures for dispute in self._disputes(capture.id)]
        return replace(payment, disputes=tuple(disputes))

    def _disputes(self, capture_id: str) -> list[GatewayDispute]:
        """The disputes about a capture, oldest first. An app that may not see them still takes payments."""
        try:
            listed = self._api.call(
                "GET", "/v1/customer/disputes", query={"disputed_transaction_id": capture_id}
            )
        except NotPermitted as silence:
            log.warning("%s; its permission to see customer disputes is missing", silence.reason)
            return []
        except Refused as no:  # nobody asked about the payment itself
            raise GatewayUnreachable(f"PayPal told nothing about disputes: {no.reason}") from no
        with reading():
            ids = [text(line["dispute_id"]) for line in listed.get("items", [])]
            if not all(re.fullmatch(r"[A-Za-z0-9-]{1,100}", id) for id in ids):
                raise ValueError("not an id")
        whole = [self._api.call("GET", f"/v1/customer/disputes/{id}") for id in ids]
        with reading():
            found = [answers.read_dispute(dispute, capture_id) for dispute in whole]
        return sorted(found, key=lambda dispute: (dispute.opened_at, dispute.id))

    def _note(self, order: dict[str, Any], words: str) -> None:
        """Note something on an order, behind our attempt id. Repeating is harmless."""
        with reading():
            unit = answers.only_unit(order)
            path = f"/purchase_units/@reference_id=='{unit.get('reference_id', 'default')}'/custom_id"
            change = {"op": "replace", "path": path, "value": f"{unit['invoice_id']}{answers.BETWEEN}{words}"}
            id = answers.an_id(order["id"])
        self._api.call("PATCH", f"/v2/checkout/orders/{id}", body=[change])

    def _note_decline(self, order: dict[str, Any], count: int) -> None:
        """So that the next look knows of it, and the next approval is taken under an id of its own."""
        try:
            self._note(order, f"declined-{min(count, 99)}")
        except (Refused, GatewayUnreachable):
            return


def fit(key: str, what: str) -> None:
    """Our ids become header values and notes there. Raises GatewayRefused for one that cannot."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+", key) or len(key) > LONGEST_KEY:
        raise GatewayRefused(f"PayPal cannot take this {what} id.")
