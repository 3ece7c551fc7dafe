"""One call to PayPal: its token, and what an answer says about the call's effect."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import httpx

from prorata.payments.gateways.base import GatewayRefused, GatewayUnreachable

# Only these answers are a certain no. A wrong token, a rate limit or a conflict says nothing about the payment.
CERTAIN_NO = {400: "INVALID_REQUEST", 404: "RESOURCE_NOT_FOUND", 422: "UNPROCESSABLE_ENTITY"}
# ... and these are none: the first of two calls with the same id is still at work.
AT_WORK = {"ORDER_COMPLETION_IN_PROGRESS", "PREVIOUS_REQUEST_IN_PROGRESS"}
# A token is renewed so long before its end, so that it does not run out under way.
MARGIN_SECONDS = 60


class Refused(GatewayRefused):
    """A certain no; `issue` is PayPal's word for it, such as INSTRUMENT_DECLINED."""

    def __init__(self, issue: str, reason: str) -> None:
        super().__init__(reason)
        self.issue = issue


class NotPermitted(GatewayUnreachable):
    """The app may not ask this; it says nothing about the payment."""


class PayPalApi:
    """The merchant's app at one PayPal environment; threads may share it."""

    def __init__(
        self,
        url: str,
        client_id: str,
        secret: str,
        *,
        timeout: httpx.Timeout,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._client = (client_id, secret)
        self._http = httpx.Client(
            base_url=url, timeout=timeout, follow_redirects=False, trust_env=False, transport=transport
        )
        self._lock = threading.Lock()
        self._token, self._good_until = "", 0.0

    def call(
        self, method: str, path: str, *, body: Any = None, query: dict[str, str] | None = None, key: str = ""
    ) -> dict[str, Any]:
        """The answer as JSON, {} where there is none. `key` is the PayPal-Request-Id.

        Raises Refused, NotPermitted or GatewayUnreachable.
        """
        headers = {"Prefer": "return=representation", **({"PayPal-Request-Id": key} if key else {})}
        response = self._send(method, path, body, query, headers, self._bearer())
        if response.status_code == 401:  # taken back before its time: nothing was done
            response = self._send(method, path, body, query, headers, self._bearer(new=True))
        answer = read_json(response)
        if response.status_code in (200, 201) and isinstance(answer, dict):
            return answer
        if response.status_code == 204:
            return {}
        raise refusal(response.status_code, answer)

    def _send(
        self, method: str, path: str, body: Any, query: Any, headers: dict[str, str], bearer: str
    ) -> httpx.Response:
        """One request; every doubt about its effect is GatewayUnreachable."""
        sent = {**headers, "Authorization": f"Bearer {bearer}"}
        more: dict[str, Any] = {} if body is None else {"json": body}
        if body is None and method == "POST":
            more = {"content": b"", "headers": {"Content-Type": "application/json"}}
        sent |= more.pop("headers", {})
        try:
            return self._http.request(method, path, params=query, headers=sent, **more)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise GatewayUnreachable(f"no answer from PayPal ({type(error).__name__})") from error

    def _bearer(self, *, new: bool = False) -> str:
        """The token, renewed in time."""
        with self._lock:
            if new or time.monotonic() >= self._good_until:
                self._token, lasts = self._new_token()
                self._good_until = time.monotonic() + max(lasts - MARGIN_SECONDS, lasts // 2)
            return self._token

    def _new_token(self) -> tuple[str, int]:
        """A token, and how many seconds it is good for. A wrong key is no answer about any payment."""
        try:
            response = self._http.post(
                "/v1/oauth2/token", auth=self._client, data={"grant_type": "client_credentials"}
            )
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise GatewayUnreachable(f"no token from PayPal ({type(error).__name__})") from error
        answer = read_json(response)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        lasts = answer.get("expires_in") if isinstance(answer, dict) else None
        if response.status_code != 200 or not isinstance(token, str) or type(lasts) is not int:
            raise GatewayUnreachable(f"PayPal gave no token ({response.status_code}); are its keys right?")
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise GatewayUnreachable("PayPal gave a token that cannot be sent")
        return token, lasts


def read_json(response: httpx.Response) -> Any:
    """The body, or None when it is no JSON."""
    try:
        return response.json()
    except ValueError:
        return None


def refusal(status: int, answer: Any) -> Exception:
    """What an answer that is no success means."""
    name = answer.get("name") if isinstance(answer, dict) else None
    issue, words = first_detail(answer)
    if status == 403 and isinstance(name, str):
        return NotPermitted(f"PayPal does not let this app do that ({name}, {issue or 'no detail'})")
    if status in CERTAIN_NO and CERTAIN_NO[status] == name and issue not in AT_WORK:
        return Refused(issue or str(name), words or "PayPal refused without a reason.")
    return GatewayUnreachable(f"PayPal answered {status} without an outcome")


def first_detail(answer: Any) -> tuple[str, str]:
    """Issue and words of the first detail of an error."""
    details = answer.get("details") if isinstance(answer, dict) else None
    first = details[0] if isinstance(details, list) and details else None
    if not isinstance(first, dict):
        return "", str(answer.get("message", ""))[:300] if isinstance(answer, dict) else ""
    return str(first.get("issue", "")), str(first.get("description", ""))[:300]
