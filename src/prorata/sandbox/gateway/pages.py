"""The hosted payment page: what the customer sees. Plain forms, no script."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from prorata.sandbox.gateway import pay, payments
from prorata.sandbox.gateway.cards import CARDS, Card, find
from prorata.sandbox.gateway.currency import shown
from prorata.sandbox.gateway.settings import MODES
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.problem import Problem
from prorata.sandbox.store import read_settings
from prorata.sandbox.web import PAGE_POLICY

STYLE = Path(__file__).parent / "static" / "style.css"
LONGEST_WAIT = 600
MODE_WORDS = {
    "before": "Before the customer is sent back",
    "after": "Some seconds later",
    "twice": "Twice",
    "never": "Never",
    "out_of_order": "In the wrong order: “succeeded” first, “processing” after it",
}


def index(request: HttpRequest) -> HttpResponse:
    """GET /: the latest payments, so that a person can see what the processor knows."""
    with gateway().store.read() as db:
        rows = db.execute("SELECT * FROM payment ORDER BY rowid DESC LIMIT 50").fetchall()
        listed = [
            {
                "row": row,
                "amount": shown(row["amount_minor"], row["currency"]),
                "created": datetime.fromtimestamp(row["created_at"], UTC),
                "captured": payments.captured(db, row["ref"]) > 0,
            }
            for row in rows
        ]
    return render(request, "gateway_index.html", {"payments": listed, "payee": gateway().payee})


def style(request: HttpRequest) -> HttpResponse:
    """GET /style.css"""
    return HttpResponse(STYLE.read_bytes(), content_type="text/css; charset=utf-8")


def show(request: HttpRequest, ref: str) -> HttpResponse:
    """GET /pay/<ref>"""
    payment = load(ref)
    return page(request, payment, "pay.html" if payment and payment["state"] == "open" else "closed.html", {})


def submit(request: HttpRequest, ref: str) -> HttpResponse:
    """POST /pay/<ref>: a card is tried. On success back to the shop, otherwise the same page says why not."""
    payment = load(ref)
    if payment is None or payment["state"] != "open":
        return back_or_closed(request, payment)
    card, errors = read_card(request)
    choice, choice_errors = read_choice(request)
    errors |= choice_errors
    if card is None or errors:
        return page(request, payment, "pay.html", {"errors": errors}, status=422)
    with gateway().store.write() as db:
        tried = pay.pay(db, ref, card, choice)
    gateway().courier.send_all(tried.send_now)
    if tried.result == "confirm":
        return HttpResponseRedirect(reverse("bank", kwargs={"ref": ref}))
    if tried.result == "declined":
        return page(request, load(ref), "pay.html", {"errors": {"card": tried.reason}}, status=422)
    return back_or_closed(request, load(ref))


def bank(request: HttpRequest, ref: str) -> HttpResponse:
    """GET /pay/<ref>/bank: the bank's question."""
    payment = load(ref)
    asked = payment is not None and payment["state"] == "open" and payment["challenge"]
    if payment is not None and payment["state"] == "open" and not asked:
        return HttpResponseRedirect(reverse("pay", kwargs={"ref": ref}))
    return page(request, payment, "bank.html" if asked else "closed.html", {})


def answer_bank(request: HttpRequest, ref: str) -> HttpResponse:
    """POST /pay/<ref>/bank: confirmed, or not."""
    if load(ref) is None:
        return back_or_closed(request, None)
    with gateway().store.write() as db:
        tried = pay.answer_bank(db, ref, confirmed=request.POST.get("answer") == "confirm")
    gateway().courier.send_all(tried.send_now)
    if tried.result == "declined":
        return page(request, load(ref), "pay.html", {"errors": {"card": tried.reason}}, status=422)
    return back_or_closed(request, load(ref))


def load(ref: str) -> Any:
    """The payment's row, or None."""
    with gateway().store.read() as db:
        try:
            return payments.load(db, ref)
        except Problem:
            return None


def back_or_closed(request: HttpRequest, payment: Any) -> HttpResponse:
    """Paid (or on its way): back to the shop. Still open: back to the form. Closed: say so here."""
    if payment is not None and payment["state"] in ("succeeded", "processing"):
        response = HttpResponse(status=303)
        response["Location"] = payment["return_url"]
        return response
    if payment is not None and payment["state"] == "open":
        return HttpResponseRedirect(reverse("pay", kwargs={"ref": payment["ref"]}))
    return page(request, payment, "closed.html", {}, status=410)


def page(
    request: HttpRequest, payment: Any, template: str, more: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """One page of the hosted checkout. Its forms may lead back to the shop and nowhere else."""
    if payment is None:
        return render(request, "unknown.html", status=404)
    held = gateway().settings()
    posted = request.POST
    values = {
        "payment": payment,
        "amount": shown(payment["amount_minor"], payment["currency"]),
        "payee": gateway().payee,
        "cards": CARDS,
        "modes": [(mode, MODE_WORDS[mode]) for mode in MODES],
        "mode": posted.get("webhook", held["webhook_mode"]),
        "seconds": posted.get("seconds", held["webhook_seconds"]),
        "expiry": posted.get("expiry", ""),
        "errors": {},
        **more,
    }
    response = render(request, template, values, status=status)
    shops = {origin(payment["return_url"]), origin(payment["cancel_url"])}
    response["Content-Security-Policy"] = f"{PAGE_POLICY}; form-action 'self' {' '.join(sorted(shops))}"
    return response


def origin(url: str) -> str:
    """scheme://host:port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def read_card(request: HttpRequest) -> tuple[Card | None, dict[str, str]]:
    """The test card, and what is wrong with each field."""
    errors: dict[str, str] = {}
    card = find(request.POST.get("card", ""))
    if card is None:
        errors["card"] = "Enter one of the test cards listed below. Never type a real card number here."
    if not in_future(request.POST.get("expiry", "")):
        errors["expiry"] = "Enter a month and year in the future, such as 12 / 34."
    if not re.fullmatch(r"[0-9]{3,4}", request.POST.get("cvc", "").strip()):
        errors["cvc"] = "Enter three or four digits, such as 123."
    return card, errors


def in_future(expiry: str) -> bool:
    """MM / YY, this month included."""
    match = re.fullmatch(r"\s*(0?[1-9]|1[0-2])\s*/?\s*([0-9]{2})\s*", expiry, re.ASCII)
    now = time.gmtime()
    return (
        bool(match) and (2000 + int(match[2]), int(match[1])) >= (now.tm_year, now.tm_mon) if match else False
    )


def read_choice(request: HttpRequest) -> tuple[dict[str, Any], dict[str, str]]:
    """How the webhook is to come for this payment."""
    with gateway().store.read() as db:
        held = read_settings(db, gateway().defaults)
    mode = request.POST.get("webhook", held["webhook_mode"])
    seconds = request.POST.get("seconds", str(held["webhook_seconds"])).strip()
    if mode not in MODES:
        return {}, {"webhook": "Choose one of the ways listed."}
    if mode == "after":
        if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", seconds) or float(seconds) > LONGEST_WAIT:
            return {}, {"webhook": f"Enter a number of seconds from 0 to {LONGEST_WAIT}."}
        return {"mode": mode, "seconds": float(seconds)}, {}
    return {"mode": mode}, {}
