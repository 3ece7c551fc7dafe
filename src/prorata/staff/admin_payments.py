"""What gateways told and took: attempts, captures, and the inbox of webhooks with the quarantined ones first."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Case, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from prorata.payments.models import Capture, InboxEvent, MoneyBack, PaymentAttempt, Refund
from prorata.payments.refund import can_refund, left_of
from prorata.staff.attempt_view import ask, close
from prorata.staff.columns import Money
from prorata.staff.pages import guarded
from prorata.staff.readonly import ReadOnlyAdmin, ReadOnlyRows
from prorata.staff.refund_view import refund_page

ATTEMPT_COLOURS = {"succeeded": "success", "failed": "danger", "unknown": "warning", "processing": "info"}


class Captures(ReadOnlyRows):
    model = Capture
    verbose_name_plural = _("Captures")
    fields = ["capture_id", "amount", "outcome", "captured_at", "recorded_at"]
    readonly_fields = ["amount"]
    amount = Money("amount_minor", _("Amount"))


@admin.register(PaymentAttempt)
class PaymentAttemptAdmin(ReadOnlyAdmin):
    inlines = [Captures]
    list_display = [
        "created_at",
        "invoice",
        "gateway",
        "method",
        "amount",
        "state_label",
        "reason",
        "checked_at",
    ]
    list_select_related = ["invoice"]
    list_filter = [
        "state",
        ("overdue_at", admin.EmptyFieldListFilter),
        ("ended_at", admin.EmptyFieldListFilter),
        "created_at",
    ]
    search_fields = ["gateway_ref", "invoice__reference", "invoice__number"]
    ordering = ["-created_at"]
    fields = [
        "id", "invoice", "gateway", "method", "amount", "state", "gateway_ref", "reason", "made_by", "created_at",
        "checked_at", "checks", "overdue_at", "ended_at",
    ]  # fmt: skip
    readonly_fields = ["amount"]
    actions_detail = ["ask", "close"]
    amount = Money("amount_minor", _("Amount"))

    def get_urls(self) -> list[URLPattern]:
        right = "payments.change_paymentattempt"
        return [
            path("<uuid:attempt_id>/ask/", guarded(ask, right), name="payments_paymentattempt_asking"),
            path("<uuid:attempt_id>/close/", guarded(close, right), name="payments_paymentattempt_closing"),
            *super().get_urls(),
        ]

    @action(
        description=_("Ask the payment service"), url_path="ask-now", icon="sync",
        permissions=["payments.change_paymentattempt"],
    )  # fmt: skip
    def ask(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:payments_paymentattempt_asking", object_id)

    @action(
        description=_("Close: nothing was taken"), url_path="close-now", icon="cancel",
        permissions=["payments.change_paymentattempt"],
    )  # fmt: skip
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:payments_paymentattempt_closing", object_id)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """While it is open; closing only what is overdue."""
        found = PaymentAttempt.objects.filter(pk=object_id, state__in=PaymentAttempt.OPEN).first()
        if found is None:
            return []
        offered = super().get_actions_detail(request, object_id)
        return offered if found.overdue_at else offered[:1]

    @display(description=_("State"), label=ATTEMPT_COLOURS)
    def state_label(self, attempt: PaymentAttempt) -> tuple[str, Any]:
        return attempt.state, attempt.get_state_display()


class RefundsOfCapture(ReadOnlyRows):
    model = Refund
    verbose_name_plural = _("Refunds by staff, newest first")
    fields = ["created_at", "amount", "state", "reason", "problem", "refund_id"]
    readonly_fields = ["amount"]
    amount = Money("amount_minor", _("Amount"))


class MoneyBackOfCapture(ReadOnlyRows):
    model = MoneyBack
    verbose_name_plural = _("What went back and what returned, as booked")
    fields = ["recorded_at", "kind", "way", "amount", "from_credit", "owed", "reason", "outside_id"]
    readonly_fields = ["amount", "from_credit", "owed"]
    ordering = ["-id"]
    amount = Money("amount_minor", _("Amount"))
    from_credit = Money("credit_minor", _("Account credit"))
    owed = Money("owed_minor", _("Owed"))


@admin.register(Capture)
class CaptureAdmin(ReadOnlyAdmin):
    inlines = [RefundsOfCapture, MoneyBackOfCapture]
    actions_detail = ["refund_to_card"]
    list_display = ["recorded_at", "customer", "gateway", "capture_id", "amount", "outcome", "captured_at"]
    list_display_links = ["capture_id"]
    list_select_related = ["customer"]
    list_filter = ["outcome", "recorded_at"]
    search_fields = ["capture_id", "customer__name"]
    ordering = ["-id"]
    fields = [
        "gateway", "capture_id", "attempt", "customer", "amount", "outcome", "captured_at", "recorded_at", "transfer",
    ]  # fmt: skip
    readonly_fields = ["amount"]
    amount = Money("amount_minor", _("Amount"))

    def get_urls(self) -> list[URLPattern]:
        refund = guarded(refund_page, "payments.add_refund")
        return [path("<int:capture_id>/refund/", refund, name="payments_capture_refund"), *super().get_urls()]

    @action(
        description=_("Refund to card"), url_path="refund-to-card", icon="undo", permissions=["payments.add_refund"]
    )  # fmt: skip
    def refund_to_card(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:payments_capture_refund", object_id)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Only where the gateway can give money back and something is left."""
        capture = Capture.objects.filter(pk=object_id).first()
        if capture is None:
            return []
        possible = can_refund(capture) and left_of(capture) > 0
        return super().get_actions_detail(request, object_id) if possible else []


@admin.register(InboxEvent)
class InboxEventAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "gateway", "kind", "gateway_ref", "state_label", "note", "handled_at"]
    list_display_links = ["received_at", "kind"]
    list_filter = ["state", "received_at"]
    search_fields = ["event_id", "gateway_ref", "note"]
    fields = [
        "gateway",
        "event_id",
        "kind",
        "gateway_ref",
        "state",
        "note",
        "received_at",
        "handled_at",
        "body_text",
    ]
    readonly_fields = ["body_text"]

    def get_queryset(self, request: HttpRequest) -> Any:
        quarantined_first = Case(When(state=InboxEvent.State.QUARANTINED, then=Value(0)), default=Value(1))
        return super().get_queryset(request).order_by(quarantined_first, "-id")

    @display(description=_("State"), label={"quarantined": "danger", "waiting": "warning", "done": "success"})
    def state_label(self, event: InboxEvent) -> tuple[str, Any]:
        return event.state, event.get_state_display()

    @admin.display(description=_("Body"))
    def body_text(self, event: InboxEvent) -> str:
        return format_html('<pre class="desk-json">{}</pre>', event.body)
