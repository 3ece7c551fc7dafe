"""Writes the reduced descriptions beside this file: `python reduce.py <folder of openapi/*.json>`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

WANTED = {
    "checkout_orders_v2": {
        "/v2/checkout/orders": ["post"],
        "/v2/checkout/orders/{id}": ["get", "patch"],
        "/v2/checkout/orders/{id}/capture": ["post"],
    },
    "payments_payment_v2": {
        "/v2/payments/captures/{capture_id}": ["get"],
        "/v2/payments/captures/{capture_id}/refund": ["post"],
        "/v2/payments/refunds/{refund_id}": ["get"],
    },
    "notifications_webhooks_v1": {
        "/v1/notifications/webhooks-events": ["get"],
        "/v1/notifications/verify-webhook-signature": ["post"],
    },
    "customer_disputes_v1": {"/v1/customer/disputes": ["get"], "/v1/customer/disputes/{id}": ["get"]},
}
LEFT_OUT = {"example", "examples", "x-merge", "title", "deprecated"}


def bare(value: Any, *, names: bool = False) -> Any:
    """Without prose and examples; `names`: the keys are names of fields and not words of the schema language."""
    if isinstance(value, list):
        return [bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    prose = {key for key, inner in value.items() if key == "description" and isinstance(inner, str)}
    return {
        key: bare(inner, names=key in ("properties", "schemas", "parameters") and not names)
        for key, inner in value.items()
        if names or key not in LEFT_OUT | prose
    }


def mentioned(value: Any) -> set[str]:
    """The addresses ("#/components/...") in it."""
    if isinstance(value, list):
        return set().union(*map(mentioned, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return own.union(*map(mentioned, value.values()))


def reduced(whole: dict[str, Any], wanted: dict[str, list[str]]) -> dict[str, Any]:
    """The wanted calls and every component they lead to."""
    paths = {
        path: {verb: bare(whole["paths"][path][verb]) for verb in verbs} for path, verbs in wanted.items()
    }
    components: dict[str, dict[str, Any]] = {}
    todo = mentioned(paths)
    while todo:
        kind, name = todo.pop().split("/")[2:]
        if name not in components.setdefault(kind, {}):
            components[kind][name] = bare(whole["components"][kind][name])
            todo |= mentioned(components[kind][name])
    info = {key: whole["info"][key] for key in ("title", "version")}
    return {"openapi": whole["openapi"], "info": info, "paths": paths, "components": components}


if __name__ == "__main__":
    source, here = Path(sys.argv[1]), Path(__file__).parent
    for name, wanted in WANTED.items():
        whole = json.loads((source / f"{name}.json").read_text())
        text = json.dumps(reduced(whole, wanted), indent=1, sort_keys=True)
        (here / f"{name}.json").write_text(text + "\n")
