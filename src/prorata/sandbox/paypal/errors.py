"""Refusals in PayPal's shape: name, message, details with an issue each, debug_id and links."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpResponse, JsonResponse

from prorata.sandbox.problem import Problem

NAMES = {
    400: ("INVALID_REQUEST", "Request is not well-formed, syntactically incorrect, or violates schema."),
    401: (
        "AUTHENTICATION_FAILURE",
        "Authentication failed due to missing authorization header, or invalid authentication credentials.",
    ),
    404: ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
    415: (
        "UNSUPPORTED_MEDIA_TYPE",
        "The server does not support the request payload's media type.",
    ),
    422: (
        "UNPROCESSABLE_ENTITY",
        "The requested action could not be performed, semantically incorrect, or failed business validation.",
    ),
}
# What the core refuses, as PayPal says it: status, issue, description.
SAID = {
    "unknown_payment": (
        404,
        "INVALID_RESOURCE_ID",
        "Specified resource ID does not exist. Please check the resource ID and try again.",
    ),
    "not_approved": (
        422,
        "ORDER_NOT_APPROVED",
        "Payer has not yet approved the Order for payment.",
    ),
    "already_taken": (
        422,
        "ORDER_ALREADY_CAPTURED",
        "Order already captured.If 'intent=CAPTURE' only one capture per order is allowed.",
    ),
}
SAID["unknown_capture"] = SAID["unknown_refund"] = SAID["unknown_dispute"] = SAID["unknown_payment"]


def invalid(field: str, issue: str, description: str = "", *, location: str = "body") -> Problem:
    """400: the request itself is wrong."""
    words = description or issue.replace("_", " ").capitalize() + "."
    detail = {"field": field, "location": location, "issue": issue, "description": words}
    return Problem(400, issue, words, {"details": [detail]})


def unprocessable(issue: str, description: str, *, field: str = "", pay_page: str = "") -> Problem:
    """422: well-formed, and not possible now. `pay_page` is where the payer is to be sent again."""
    detail = {"issue": issue, "description": description, **({"field": field} if field else {})}
    links = [link_to_help(issue)]
    if pay_page:
        links.append({"href": pay_page, "rel": "redirect", "method": "GET"})
    return Problem(422, issue, description, {"details": [detail], "links": links})


def missing() -> Problem:
    """404: there is nothing of this id."""
    return Problem(404, "unknown_payment", SAID["unknown_payment"][2])


def unauthorized() -> Problem:
    """401: no token of this processor, or one that is too old."""
    return Problem(401, "unauthorized", NAMES[401][1], {"details": []})


def link_to_help(issue: str) -> dict[str, str]:
    """The link every refusal carries."""
    href = f"https://developer.paypal.com/api/rest/reference/orders/v2/errors/#{issue}"
    return {"href": href, "rel": "information_link", "method": "GET"}


def body_of(problem: Problem) -> tuple[int, dict[str, Any]]:
    """Status and body of a refusal."""
    status, issue, words = SAID.get(problem.code, (problem.status, problem.code.upper(), problem.reason))
    name, message = NAMES.get(status, NAMES[400])
    body = {
        "name": name,
        "message": message,
        "debug_id": secrets.token_hex(7),
        "details": [{"issue": issue, "description": words}],
        "links": [link_to_help(issue)],
        **problem.facts,
    }
    return status, {key: value for key, value in body.items() if value != []}


def refuse(problem: Problem) -> HttpResponse:
    """A Problem as PayPal answers it."""
    status, body = body_of(problem)
    return JsonResponse(body, status=status)
