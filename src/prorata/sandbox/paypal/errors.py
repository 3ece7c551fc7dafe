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
# What PayPal publishes to each issue.
WORDS = {
    "CANNOT_BE_ZERO_OR_NEGATIVE": "Must be greater than zero. If the currency supports decimals, only two decimal place"
    " precision is supported.",
    "CAPTURE_FULLY_REFUNDED": "The capture has already been fully refunded",
    "DECIMAL_PRECISION": "If the currency supports decimals, only two decimal place precision is supported.",
    "DECIMALS_NOT_SUPPORTED": "Currency does not support decimals.",
    "INSTRUMENT_DECLINED": "The instrument presented  was either declined by the processor or bank, or it can't be used for"
    " this payment.",
    "INVALID_ARRAY_MAX_ITEMS": "The number of items in an array parameter is too large.",
    "INVALID_ARRAY_MIN_ITEMS": "The number of items in an array parameter is too small.",
    "INVALID_CURRENCY_CODE": "Currency code is invalid or is not currently supported. Please refer"
    " https://developer.paypal.com/api/rest/reference/currency-codes/ for list of supported currency codes.",
    "INVALID_PARAMETER_SYNTAX": "The value of a field does not conform to the expected format.",
    "INVALID_PARAMETER_VALUE": "A parameter value is not valid.",
    "INVALID_RESOURCE_ID": "Specified resource ID does not exist. Please check the resource ID and try again.",
    "INVALID_STRING_LENGTH": "The value of a field is either too short or too long",
    "MALFORMED_REQUEST_JSON": "The request JSON is not well formed.",
    "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED": "You have exceeded the maximum number of payment attempts.",
    "MISSING_REQUIRED_PARAMETER": "A required parameter is missing.",
    "NOT_PATCHABLE": "Cannot be patched.",
    "ORDER_ALREADY_CAPTURED": "Order already captured.If 'intent=CAPTURE' only one capture per order is allowed.",
    "ORDER_ALREADY_COMPLETED": "The order cannot be patched after it is completed.",
    "ORDER_NOT_APPROVED": "Payer has not yet approved the Order for payment. Please redirect the payer to the"
    " 'rel':'approve' url returned as part of the HATEOAS links within the Create Order call or provide a valid"
    " `payment_source` in the request.",
    "PATCH_VALUE_REQUIRED": "Please specify a 'value' to for the field that is being patched.",
    "PAYEE_ACCOUNT_INVALID": "Payee account specified is invalid. Please check the `payee.email_address` or"
    " `payee.merchant_id` specified and try again. Ensure that either  `payee.merchant_id` or `payee.email_address` is"
    " specified.",
    "PAYPAL_REQUEST_ID_REQUIRED": "A PayPal-Request-Id is required if you are trying to process payment for an Order. Please"
    " specify a PayPal-Request-Id or Create the Order without a 'payment_source' specified.",
    "PENDING_CAPTURE": "Cannot initiate a refund as the capture is pending. Capture is typically pending when the payer has"
    " funded the transaction using e-check/bank funded.",
    "REFUND_AMOUNT_EXCEEDED": "The refund amount must be less than or equal to the capture amount that has not yet been"
    " refunded.",
    "REFUND_CAPTURE_CURRENCY_MISMATCH": "Refund must be in the same currency as the capture",
}
# What the core refuses, as PayPal's status and issue.
SAID = {
    "unknown_payment": (404, "INVALID_RESOURCE_ID"),
    "unknown_capture": (404, "INVALID_RESOURCE_ID"),
    "unknown_refund": (404, "INVALID_RESOURCE_ID"),
    "unknown_dispute": (404, "INVALID_RESOURCE_ID"),
    "not_approved": (422, "ORDER_NOT_APPROVED"),
    "already_taken": (422, "ORDER_ALREADY_CAPTURED"),
    "over_refund": (422, "REFUND_AMOUNT_EXCEEDED"),
}


def invalid(field: str, issue: str, *, location: str = "body") -> Problem:
    """400: the request itself is wrong."""
    detail = {"field": field, "location": location, "issue": issue, "description": WORDS[issue]}
    return Problem(400, issue, WORDS[issue], {"details": [detail]})


def unprocessable(issue: str, *, field: str = "", pay_page: str = "") -> Problem:
    """422: well-formed, and not possible now. `pay_page` is where the payer is to be sent again."""
    detail = {"issue": issue, "description": WORDS[issue], **({"field": field} if field else {})}
    links = [link_to_help(issue)]
    if pay_page:
        links.append({"href": pay_page, "rel": "redirect", "method": "GET"})
    return Problem(422, issue, WORDS[issue], {"details": [detail], "links": links})


def missing() -> Problem:
    """404: there is nothing of this id."""
    return Problem(404, "unknown_payment", WORDS["INVALID_RESOURCE_ID"])


def unauthorized() -> Problem:
    """401: no token of this processor, or one that is too old."""
    return Problem(401, "unauthorized", NAMES[401][1], {"details": []})


def link_to_help(issue: str) -> dict[str, str]:
    """The link every refusal carries."""
    href = f"https://developer.paypal.com/api/rest/reference/orders/v2/errors/#{issue}"
    return {"href": href, "rel": "information_link", "method": "GET"}


def body_of(problem: Problem) -> tuple[int, dict[str, Any]]:
    """Status and body of a refusal."""
    status, issue = SAID.get(problem.code, (problem.status, problem.code.upper()))
    words = WORDS.get(issue, problem.reason)
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
