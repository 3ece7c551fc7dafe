"""Refusals in Stripe's shape: {"error": {"type", "code", "message", "param", ...}} with the status that goes with it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse

from prorata.sandbox.problem import Problem

# What the core refuses, as Stripe would say it: status, type, code.
SAID = {
    "key_conflict": (400, "idempotency_error", None),
    "unknown_payment": (404, "invalid_request_error", "resource_missing"),
    "unknown_capture": (404, "invalid_request_error", "resource_missing"),
    "unknown_refund": (404, "invalid_request_error", "resource_missing"),
    "unknown_dispute": (404, "invalid_request_error", "resource_missing"),
    "unknown_method": (404, "invalid_request_error", "resource_missing"),
    "currency_unknown": (400, "invalid_request_error", "parameter_invalid_currency"),
    "over_refund": (400, "invalid_request_error", "amount_too_large"),
    "unauthorized": (401, "invalid_request_error", None),
}


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> Problem:
    """A request that cannot be carried out; nothing happened."""
    facts = {"type": "invalid_request_error", "code": code, "param": param}
    return Problem(status, code or "invalid_request_error", message, facts)


def missing(kind: str, id: str) -> Problem:
    """There is no object of this id."""
    return invalid(f"No such {kind}: '{id[:100]}'", param="id", code="resource_missing", status=404)


def refuse(problem: Problem) -> HttpResponse:
    """A Problem as Stripe answers it."""
    status, kind, code = SAID.get(problem.code, (problem.status, "invalid_request_error", problem.code))
    error: dict[str, Any] = {"type": kind, "code": code, "message": problem.reason, **problem.facts}
    return JsonResponse(
        {"error": {name: value for name, value in error.items() if value is not None}}, status=status
    )
