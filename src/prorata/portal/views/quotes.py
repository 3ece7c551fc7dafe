"""Review and pay: a quote, the split of what is due, Submit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from prorata.catalog.values import Value
from prorata.changes import states
from prorata.changes.ask_to_pay import ask_to_pay
from prorata.changes.count_refusals import CONTINUE, SUBMIT, refusals_counted
from prorata.changes.limits import check
from prorata.changes.models import Change, Quote
from prorata.changes.quote import make_quote
from prorata.changes.refusals import Refusal, Refused, words
from prorata.changes.situation import Situation, situation
from prorata.changes.split import split
from prorata.changes.submit import submit as submit_quote
from prorata.changes.vouchers import refusal
from prorata.credit import available
from prorata.credit.models import Purse, Voucher
from prorata.credit.voucher import offered, why_not
from prorata.customers.scope import may, my_one
from prorata.payments.bank.accounts import offered_methods
from prorata.portal import when
from prorata.portal.bill import of_quote
from prorata.portal.money import money, spoken
from prorata.portal.pay_choice import keep
from prorata.portal.views.frame import REFUSED, Asked, sent_from, signed_in, whole_page

# The boxes of the review, which a new quote of the same wish starts with.
TICKS = ("split", "use_gifted", "use_account", "method", "restart")


def quotes() -> QuerySet[Quote]:
    return Quote.objects.select_related(
        "service__product", "service__customer", "customer", "made_by", "voucher"
    )


@require_http_methods(["GET", "POST"])
@signed_in
def quote(request: Asked, reference: str) -> HttpResponse:
    """The review. A quote that was submitted is its change. POST is Update: the same page with other boxes ticked."""
    found = my_one(request.user, quotes(), reference=reference)
    if done := Change.objects.filter(quote=found).first():
        return whole_page(request, reverse("portal:show_change", args=[done.reference]))
    context = review(request, found, request.POST if request.method == "POST" else request.GET)
    if not request.htmx:
        return render(request, "portal/quote.html", context)
    left = {"amount": spoken(context["split"].due_minor, found.currency)}
    context["said"] = _("Due today %(amount)s.") % left
    return render(request, "portal/parts/review_answer.html", context)


def review(request: Asked, found: Quote, ticked: Mapping[str, str]) -> dict[str, Any]:
    """The context of the review page. `ticked` are the boxes of its form; before it was sent, both credits are used."""
    now = situation(found.service)
    sent = "split" in ticked
    use_gifted = "use_gifted" in ticked if sent else True
    use_account = "use_account" in ticked if sent else True
    purses = available.purses(found.customer_id, found.currency, now.now) if found.gross_minor > 0 else []
    shares = split(found.gross_minor, purses, use_gifted=use_gifted, use_account=use_account)
    offered = offered_methods(now.seller.pk, found.currency)
    remembered = found.customer.preferred_method
    chosen = ticked.get("method") or (remembered if any(m.code == remembered for m in offered) else "")
    return {
        "quote": found, "service": found.service, "situation": now, "bill": of_quote(found, option_names(now)),
        "split": shares, "use_gifted": use_gifted, "use_account": use_account, "methods": offered, "method": chosen,
        "remembered": remembered, "restart_by": ticked.get("restart", "us"),
        "gifted": [p for p in purses if p.kind == Purse.Kind.GIFTED],
        "gifted_minor": sum(p.balance_minor for p in purses if p.kind == Purse.Kind.GIFTED),
        "account_minor": sum(p.balance_minor for p in purses if p.kind == Purse.Kind.ACCOUNT),
        "stale": stale(found, now), "expired": now.now >= found.expires_at,
        "may_change": may(request.user, found.customer_id, "change"),
        "may_pay": found.gross_minor <= 0 or may(request.user, found.customer_id, "pay"),
        "may_send": found.made_by_id == request.user.pk,
        "may_not_pay_refusal": Refusal("may_not_pay"), "values": urlencode(wanted(found)),
        "voucher": found.voucher, "vouchers": [] if found.voucher else _offered(found, now),
        "voucher_code": ticked.get("voucher_code", ""),
    }  # fmt: skip


def _offered(found: Quote, now: Situation) -> list[Voucher]:
    """The customer's own vouchers that fit, to be applied with one press."""
    if found.gross_minor <= 0:
        return []
    return offered(
        customer_id=found.customer_id, product_id=now.product.pk, currency=found.currency, now=now.now
    )


def wanted(found: Quote) -> dict[str, Value]:
    """What the quote changes."""
    return {code: n for code, n in found.to_configuration.items() if n != found.from_configuration.get(code)}


def option_names(now: Situation) -> dict[str, Mapping[str, str]]:
    return {code: limit.option_names for code, limit in now.limits.items()}


def stale(found: Quote, now: Situation) -> tuple[Refusal, ...]:
    """Why this quote could not be submitted any more, told before anybody tries."""
    if found.voucher is not None and (gone := _voucher_gone(found, now)):
        return (gone,)
    if now.now >= found.expires_at:
        return (Refusal("quote_expired", None, {"until": when.clock_time(found.expires_at, now.zone)}),)
    if now.obstacles:
        return now.obstacles
    if now.service.version != found.service_version:
        return (Refusal("service_changed"),)
    return check(now.limits, wanted(found))


def _voucher_gone(found: Quote, now: Situation) -> Refusal | None:
    assert found.voucher is not None
    why = why_not(
        found.voucher,
        customer_id=found.customer_id,
        product_id=now.product.pk,
        currency=found.currency,
        now=now.now,
    )
    return refusal(why, found.voucher.code) if why else None


@sent_from("portal:quote", "reference")
@signed_in
def voucher(request: Asked, reference: str) -> HttpResponse:
    """Use a voucher, or none if the code is empty: the same wish in a new quote, which has the price of now."""
    found = my_one(request.user, quotes(), reference=reference)
    # A button says "voucher", the field beside it "voucher_code"; the button that was pressed counts.
    code = request.POST.get("voucher", request.POST.get("voucher_code", "")).strip()
    if code == (found.voucher.code if found.voucher else ""):
        return redirect(f"{reverse('portal:quote', args=[reference])}?{_kept(request.POST)}")
    try:
        with refusals_counted(found.service, CONTINUE):
            fresh = make_quote(request.user, found.service, wanted(found), voucher_code=code)
    except Refused as refused:
        context = review(request, found, request.POST) | {"wrong": refused.refusals}
        return render(request, "portal/quote.html", context, status=REFUSED)
    return redirect(f"{reverse('portal:quote', args=[fresh.reference])}?{_kept(request.POST)}")


def _kept(posted: Mapping[str, str]) -> str:
    """What was ticked on the review so far, for its next form."""
    return urlencode({key: posted[key] for key in TICKS if key in posted})


@sent_from("portal:quote", "reference")
@signed_in
def submit(request: Asked, reference: str) -> HttpResponse:
    """Make it binding. What is refused shows the review again, with the reasons and the figures of now."""
    found = my_one(request.user, quotes(), reference=reference)
    typed = request.POST.get("shown_due_minor", "")
    shown = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else -1
    try:
        with refusals_counted(found.service, SUBMIT):
            change = submit_quote(
                request.user, reference, use_gifted="use_gifted" in request.POST,
                use_account="use_account" in request.POST, method=request.POST.get("method", ""),
                may_restart=request.POST.get("restart", "us") == "us", shown_due_minor=shown,
            )  # fmt: skip
    except Refused as refused:
        context = review(request, found, request.POST) | {"wrong": refused.refusals}
        return render(request, "portal/quote.html", context, status=REFUSED)
    if change.invoice is not None:
        keep(request.session, change.invoice, request.POST.get("method", ""))
    if change.status == states.AWAITING_PAYMENT and change.invoice is not None:
        return redirect("portal:invoice", reference=change.invoice.reference)
    return redirect("portal:show_change", reference=change.reference)


@sent_from("portal:quote", "reference")
@signed_in
def send(request: Asked, reference: str) -> HttpResponse:
    """Send it to those who may pay; the page says to whom it went, or why it is of no use any more."""
    try:
        asked = ask_to_pay(request.user, reference)
    except Refused:
        return redirect("portal:quote", reference=reference)
    if asked:
        names = _(", ").join(member.shown_name for member in asked)
        messages.success(request, _("It was sent to %(names)s.") % {"names": names})
    return redirect("portal:quote", reference=reference)


@sent_from("portal:quote", "reference")
@signed_in
def renew(request: Asked, reference: str) -> HttpResponse:
    """The same wish at the price of now."""
    found = my_one(request.user, quotes(), reference=reference)
    try:
        with refusals_counted(found.service, CONTINUE):
            fresh = _renewed(request, found)
    except Refused:
        return redirect(f"{reverse('portal:change', args=[found.service_id])}?{urlencode(wanted(found))}")
    before, after = money(found.gross_minor, found.currency), money(fresh.gross_minor, fresh.currency)
    if before == after:
        messages.info(
            request, _("The price was renewed. It is the same as before: %(amount)s.") % {"amount": after}
        )
    else:
        said = _("The price was renewed: %(after)s. It was %(before)s.") % {"after": after, "before": before}
        messages.warning(request, said)
    return redirect("portal:quote", reference=fresh.reference)


def _renewed(request: Asked, found: Quote) -> Quote:
    """With its voucher as long as that can be used, and without it where not."""
    code = found.voucher.code if found.voucher else ""
    try:
        return make_quote(request.user, found.service, wanted(found), voucher_code=code)
    except Refused as refused:
        if not code or not all(one.code.startswith("voucher_") for one in refused.refusals):
            raise
        for one in refused.refusals:
            messages.warning(request, words(one))
        return make_quote(request.user, found.service, wanted(found))
