"""What PayPal publishes about its API, and every call of a test held against it.

PayPal's machine-readable description (contract/vendor) says which fields, types, patterns and error texts there are. It
says nothing of fields it does not name, so those are looked for here: neither our requests nor the strict processor's
answers and webhooks may hold one.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

FOLDER = Path(__file__).parent.parent / "contract" / "vendor" / "paypal-rest-api-specifications"
FILES = (
    "checkout_orders_v2", "payments_payment_v2", "notifications_webhooks_v1", "customer_disputes_v1",
)  # fmt: skip
# What a webhook's resource is, by the beginning of its event's type: description and schema.
RESOURCES = {
    "CHECKOUT.ORDER.": ("checkout_orders_v2", "order"),
    "PAYMENT.CAPTURE.REFUNDED": ("payments_payment_v2", "refund"),
    "PAYMENT.REFUND.": ("payments_payment_v2", "refund"),
    "PAYMENT.CAPTURE.": ("payments_payment_v2", "capture-2"),
    "CUSTOMER.DISPUTE.": ("customer_disputes_v1", "dispute"),
}
LOOKS_UP = {"intent": "CAPTURE", "purchase_units": []}
# Not part of the descriptions: OAuth 2.0 itself.
APART = {"/v1/oauth2/token"}


class Watched(httpx.BaseTransport):
    """The way of all calls; each is checked before it goes out, and its answer when it is back."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()
        self.seen: Counter[str] = Counter()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As the usual transport's. Raises AssertionError or jsonschema.ValidationError."""
        path = request.url.path
        if path in APART:
            return self._inner.handle_request(request)
        name, template, call = call_of(request.method, path)
        check_query(name, call, request)
        if "requestBody" in call and request.content:
            check_body(name, body_schema(name, call["requestBody"]), json.loads(request.content))
        response = self._inner.handle_request(request)
        response.read()
        self.seen[f"{request.method} {template} {response.status_code}"] += 1
        if response.status_code != 500:
            check_answer(name, call, response)
        return response


def call_of(method: str, path: str) -> tuple[str, str, dict[str, Any]]:
    """Description, address and call."""
    for name in FILES:
        for template, verbs in description(name)["paths"].items():
            if method.lower() in verbs and re.fullmatch(re.sub(r"\{\w+\}", r"[^/]+", template), path):
                return name, template, verbs[method.lower()]
    raise AssertionError(f"{method} {path} is no call that PayPal publishes")


def check_query(name: str, call: dict[str, Any], request: httpx.Request) -> None:
    """Query and headers that are published, of the published form."""
    known: dict[tuple[str, str], Any] = {}
    for parameter in call.get("parameters", []):
        one = resolved(name, parameter)
        known[one["in"], one["name"].lower()] = one["schema"]
    given = [("query", key, value) for key, value in request.url.params.items()]
    # An unpublished part of a published address: how the next page is asked for stands in the links alone.
    given = [one for one in given if one[1] != "start_id"]
    given += [("header", key, value) for key, value in request.headers.items() if key.startswith("paypal-")]
    given += [
        ("header", key, value)
        for key, value in request.headers.items()
        if key == "prefer" and ("header", "prefer") in known
    ]
    for place, key, value in given:
        assert (place, key) in known, f"{place} {key} is not published for {request.url.path}"
        schema = resolved(name, known[place, key])
        check(name, schema, int(value) if schema.get("type") == "integer" else value, strict=True)


def check_answer(name: str, call: dict[str, Any], response: httpx.Response) -> None:
    """An answer of a published status, in its published shape."""
    published = call["responses"]
    status = str(response.status_code)
    assert status in published or "default" in published, f"{status} is not published"
    content = resolved(name, published.get(status, published.get("default"))).get("content")
    if status == "204":
        assert not response.content
    elif content is not None:
        schema = content["application/json"]["schema"]
        check(name, schema, response.json(), strict=True)
    else:
        assert response.json()["name"]


def check_event(event: dict[str, Any]) -> None:
    """A webhook's body and the resource in it."""
    check("notifications_webhooks_v1", {"$ref": "#/components/schemas/event"}, event)
    kind = event["event_type"]
    name, schema = next(found for start, found in RESOURCES.items() if kind.startswith(start))
    check(name, {"$ref": f"#/components/schemas/{schema}"}, event["resource"], strict=True)


def check_body(name: str, schema: dict[str, Any], body: Any) -> None:
    """A request is as published; the one that only looks an order up is such that it can never make one."""
    if body == LOOKS_UP:
        with pytest.raises(jsonschema.ValidationError):
            check(name, schema, body)
        return
    check(name, schema, body, strict=True)


def body_schema(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """The schema of a JSON body."""
    found: dict[str, Any] = resolved(name, body)["content"]["application/json"]["schema"]
    return found


def check(name: str, schema: dict[str, Any], value: Any, *, strict: bool = False) -> None:
    """Raises ValidationError, or AssertionError for a field that is not published."""
    jsonschema.Draft4Validator({**schema, "components": description(name)["components"]}).validate(value)
    unknown = list(strangers(name, schema, value)) if strict else []
    assert not unknown, f"not published: {unknown}"


def strangers(name: str, schema: dict[str, Any], value: Any, at: str = "") -> Iterator[str]:
    """The fields of a value that its schema does not name."""
    if isinstance(value, list):
        each = {"allOf": [part["items"] for part in parts(name, schema) if "items" in part]}
        for item in value:
            yield from strangers(name, each, item, f"{at}[]")
    if not isinstance(value, dict):
        return
    fields: dict[str, list[Any]] = {}
    for part in parts(name, schema):
        if part.get("additionalProperties"):
            return
        for field, inner in part.get("properties", {}).items():
            fields.setdefault(field, []).append(inner)
    for field, inner in value.items() if fields else ():
        if field not in fields:
            yield f"{at}.{field}"
        else:
            yield from strangers(name, {"allOf": fields[field]}, inner, f"{at}.{field}")


def parts(name: str, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """A schema and all it is made of."""
    found = resolved(name, schema)
    inner = [one for word in ("allOf", "anyOf", "oneOf") for one in found.get(word, [])]
    return [found, *(part for one in inner for part in parts(name, one))]


def resolved(name: str, schema: Any) -> Any:
    """What a reference leads to."""
    while "$ref" in schema:
        kind, called = schema["$ref"].split("/")[2:]
        schema = description(name)["components"][kind][called]
    return schema


@functools.cache
def description(name: str) -> dict[str, Any]:
    """One published description."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found
