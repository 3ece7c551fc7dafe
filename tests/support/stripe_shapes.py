"""What Stripe publishes about its API, as JSON schema, and every call of a test held against it.

The official SDK is generated from Stripe's OpenAPI description and carries it as types: the parameters of each call and
the fields of each object, of the API version the SDK names. They are read here into JSON schemas, so that neither our
requests nor the strict processor's answers and events can hold a name, a type or a value that Stripe does not publish.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import pkgutil
import re
import sys
import types
import typing
from collections import Counter
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import stripe
import typing_extensions
from stripe import params as published
from stripe._request_options import RequestOptions

from prorata.sandbox.stripe import form

# Method and address -> the parameters, and the object that is answered ("list" of it where several are).
CALLS: list[tuple[str, str, Any, Any]] = [
    ("POST", r"/v1/checkout/sessions", published.checkout.SessionCreateParams, stripe.checkout.Session),
    ("GET", r"/v1/checkout/sessions", published.checkout.SessionListParams, [stripe.checkout.Session]),
    ("GET", r"/v1/checkout/sessions/\w+", published.checkout.SessionRetrieveParams, stripe.checkout.Session),
    (
        "POST",
        r"/v1/checkout/sessions/\w+/expire",
        published.checkout.SessionExpireParams,
        stripe.checkout.Session,
    ),
    ("POST", r"/v1/payment_intents", published.PaymentIntentCreateParams, stripe.PaymentIntent),
    ("GET", r"/v1/payment_intents", published.PaymentIntentListParams, [stripe.PaymentIntent]),
    ("GET", r"/v1/payment_intents/\w+", published.PaymentIntentRetrieveParams, stripe.PaymentIntent),
    ("POST", r"/v1/payment_intents/\w+/cancel", published.PaymentIntentCancelParams, stripe.PaymentIntent),
    ("GET", r"/v1/charges", published.ChargeListParams, [stripe.Charge]),
    ("POST", r"/v1/refunds", published.RefundCreateParams, stripe.Refund),
    ("GET", r"/v1/refunds", published.RefundListParams, [stripe.Refund]),
    ("GET", r"/v1/disputes", published.DisputeListParams, [stripe.Dispute]),
    ("GET", r"/v1/payment_methods/\w+", published.PaymentMethodRetrieveParams, stripe.PaymentMethod),
    ("POST", r"/v1/payment_methods/\w+/detach", published.PaymentMethodDetachParams, stripe.PaymentMethod),
    ("GET", r"/v1/events", published.EventListParams, [stripe.Event]),
]
OBJECTS = {
    "checkout.session": stripe.checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
}
OURS = {kind.__name__ for kind in (*OBJECTS.values(), stripe.Customer, stripe.PaymentMethod)}
# Answers of one kind are looked at so often; the hundredth is like the others, and looking takes time.
ENOUGH = 40
# Fields every SDK object has for itself, and options of the SDK that are no parameters.
NO_FIELDS = {"OBJECT_NAME"}
NO_PARAMETERS = set(RequestOptions.__annotations__)


class Watched(stripe.RequestsClient):
    """An HTTP client of the SDK that holds every call and every answer against what is published."""

    def __init__(self) -> None:
        super().__init__(timeout=(2, 12))
        self.seen: Counter[str] = Counter()

    def request(self, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        """As the SDK's; the call is checked before it goes out and the answer when it is back."""
        parts = urlsplit(url)
        call = f"{method.upper()} {parts.path}"
        for verb, path, params, answer in CALLS:
            if verb == method.upper() and re.fullmatch(path, parts.path):
                check_request(params, form.read(parts.query or post_data or ""))
                body, code, sent = super().request(method, url, headers, post_data)
                self.seen[f"{verb} {path}"] += 1
                if code != 200:
                    check_error(json.loads(body))
                elif self.seen[f"{verb} {path}"] <= ENOUGH:
                    check_answer(answer, json.loads(body))
                return body, code, sent
        raise AssertionError(f"{call} is no call of ours")


def check_request(params: Any, given: dict[str, Any]) -> None:
    """Raises jsonschema.ValidationError for a parameter that is unknown, missing or of another type."""
    schema = top(params)
    judge(params).validate(typed(given, schema, schema["$defs"]))


def check_answer(answer: Any, body: dict[str, Any]) -> None:
    """Raises jsonschema.ValidationError for a field that is unknown, missing or of another type."""
    if isinstance(answer, list):
        assert {"object", "data", "has_more", "url"} == set(body)
        for item in body["data"]:
            check_answer(answer[0], item)
        return
    judge(answer).validate(body)
    if answer is stripe.Event:
        check_event(body)


def check_event(event: dict[str, Any]) -> None:
    """An event and the object in it."""
    judge(stripe.Event).validate(event)
    found = event["data"]["object"]
    judge(OBJECTS[found["object"]]).validate(found)


def check_error(body: dict[str, Any]) -> None:
    """An error has the fields the SDK reads, and its PaymentIntent is one."""
    error = body["error"]
    known = set(hints(stripe.ErrorObject))
    assert set(error) <= known, set(error) - known
    assert error["type"] in ("card_error", "idempotency_error", "invalid_request_error", "api_error")
    if "payment_intent" in error:
        judge(stripe.PaymentIntent).validate(error["payment_intent"])


def typed(given: Any, schema: dict[str, Any], defs: dict[str, Any]) -> Any:
    """A form knows texts only: whole numbers and truths are read where the schema wants them."""
    if "$ref" in schema:
        return typed(given, defs[schema["$ref"].rpartition("/")[2]], defs)
    for choice in schema.get("anyOf", []):
        read = typed(given, choice, defs)
        if jsonschema.Draft202012Validator({**choice, "$defs": defs}).is_valid(read):
            return read
    if isinstance(given, dict):
        inner = schema.get("properties", {})
        other = schema.get("additionalProperties") or {}
        return {name: typed(value, inner.get(name, other), defs) for name, value in given.items()}
    if isinstance(given, list):
        return [typed(value, schema.get("items", {}), defs) for value in given]
    if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]+", given):
        return int(given)
    if schema.get("type") == "boolean" and given in ("true", "false"):
        return given == "true"
    return given


@functools.cache
def top(kind: Any) -> dict[str, Any]:
    """The schema of one published type with all it refers to."""
    defs: dict[str, Any] = {}
    return {**schema_of(kind, defs), "$defs": defs}


@functools.cache
def judge(kind: Any) -> jsonschema.Draft202012Validator:
    """What holds data against a published type."""
    jsonschema.Draft202012Validator.check_schema(top(kind))
    return jsonschema.Draft202012Validator(top(kind))


def schema_of(kind: Any, defs: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of a type; classes are put into `defs` once."""
    simple = {
        int: "integer",
        str: "string",
        bool: "boolean",
        float: "number",
        Decimal: "string",
        type(None): "null",
    }
    if kind in simple:
        return {"type": simple[kind]}
    origin, inner = typing_extensions.get_origin(kind), typing_extensions.get_args(kind)
    if origin in (typing_extensions.Required, typing_extensions.NotRequired):
        return schema_of(inner[0], defs)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [schema_of(choice, defs) for choice in inner]}
    if origin in (typing.Literal, typing_extensions.Literal):
        return {"enum": list(inner)}
    if origin is list or (origin and getattr(origin, "__name__", "") == "List"):
        return {"type": "array", "items": schema_of(inner[0], defs)}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(inner[1], defs)}
    if origin is stripe.ListObject:
        return {"type": "object"}
    if origin is not None and origin.__name__ == "UntypedStripeObject":
        return {"type": "object", "additionalProperties": schema_of(inner[0], defs)}
    if (
        not inspect.isclass(kind)
        or kind in (object, dict, typing.Any)
        or kind.__name__ == "UntypedStripeObject"
    ):
        return {}
    return by_reference(kind, defs)


def by_reference(kind: Any, defs: dict[str, Any]) -> dict[str, Any]:
    """A class of the SDK: a TypedDict of parameters, or an object with its fields."""
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name not in defs:
        defs[name] = {}
        fields = hints(kind)
        needed = [
            field for field, what in fields.items()
            if (field in kind.__required_keys__ if is_parameters(kind) else not may_be_missing(what))
        ]  # fmt: skip
        defs[name] = {
            "type": "object",
            "properties": {field: schema_of(what, defs) for field, what in fields.items()},
            "required": needed,
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}


def is_parameters(kind: Any) -> bool:
    return typing_extensions.is_typeddict(kind)


def may_be_missing(what: Any) -> bool:
    """Stripe leaves out some of what may be null, so null and missing are one."""
    return type(None) in typing_extensions.get_args(what)


def hints(kind: Any) -> dict[str, Any]:
    """The annotated fields of a class, its names looked up where the SDK has them."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("stripe.") and base is not stripe.StripeObject:
            found |= vars(base).get("__annotations__", {})
    found = found or dict(kind.__annotations__)  # a TypedDict holds those of its bases
    place = {**classes(), **vars(sys.modules[kind.__module__]), **vars(kind)}
    fields = {
        name: resolved(what, place)
        for name, what in found.items()
        if name not in (NO_PARAMETERS if is_parameters(kind) else NO_FIELDS) and not name.startswith("_")
    }
    return {name: what for name, what in fields.items() if not is_class_var(what)}


@functools.cache
def classes() -> dict[str, Any]:
    """Every class of the SDK by its name: its modules name each other in quotes."""
    found: dict[str, Any] = {}
    rooms = [room.name for room in pkgutil.iter_modules(stripe.__path__, "stripe.") if room.ispkg]
    shared = [importlib.import_module(room) for room in rooms if room not in ("stripe.events", "stripe.v2")]
    for place in (*shared, stripe, stripe.checkout):  # the last one that has a name gives it
        for module in pkgutil.iter_modules(place.__path__, f"{place.__name__}."):
            if module.name.rpartition(".")[2].startswith("_"):
                inside = vars(importlib.import_module(module.name))
                found |= {
                    called: kind
                    for called, kind in inside.items()
                    if getattr(kind, "__module__", "") == module.name
                }
    # Where a name stands for a field's own class too, the SDK calls the object "...Resource".
    return {
        **{f"{name}Resource": kind for name, kind in found.items()},
        **found,
        "Session": stripe.checkout.Session,
    }


def is_class_var(what: Any) -> bool:
    return typing_extensions.get_origin(what) is typing.ClassVar or what is typing.ClassVar


def resolved(what: Any, place: dict[str, Any]) -> Any:
    """An annotation with every name in it looked up.

    What only an import for type checkers knows under a name of its own (Issuing, Identity) may be anything: none of it
    is an object of ours.
    """
    holder = type("holder", (), {"__annotations__": {"it": what}, "__module__": "builtins"})
    known = {**vars(typing), **vars(typing_extensions), **place}
    while True:
        try:
            return typing_extensions.get_type_hints(holder, globalns=known, include_extras=True)["it"]
        except NameError as missing:
            if missing.name in OURS:
                raise
            known[missing.name] = typing.Any
