"""Vouchers: what was issued, who used it, and the way to withdraw one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from prorata import clock
from prorata.credit.issue_voucher import withdraw
from prorata.credit.models import Voucher, VoucherUse
from prorata.credit.voucher import COUNTED
from prorata.staff.columns import Money, money
from prorata.staff.fields import percent_text
from prorata.staff.origins import origin_link
from prorata.staff.pages import guarded, page
from prorata.staff.readonly import ReadOnlyAdmin, ReadOnlyRows
from prorata.staff.voucher_view import issue


class Uses(ReadOnlyRows):
    model = VoucherUse
    verbose_name_plural = gettext_lazy("Uses, newest first")
    fields = ["customer", "for_what", "amount", "state", "held_at", "used_at", "released_at"]
    readonly_fields = ["for_what", "amount"]
    ordering = ["-id"]
    per_page = 50
    amount = Money("amount_minor", gettext_lazy("Took off"))

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("customer")

    @admin.display(description=gettext_lazy("For"))
    def for_what(self, use: VoucherUse) -> str:
        return origin_link(use.origin)


@admin.register(Voucher)
class VoucherAdmin(ReadOnlyAdmin):
    inlines = [Uses]
    list_display = ["code", "name", "customer", "worth", "expires_at", "used", "state"]
    list_select_related = ["customer"]
    list_filter = ["expires_at"]
    search_fields = ["code", "name", "customer__name"]
    ordering = ["-id"]
    fields = [
        "code", "name", "customer", "worth", "minimum", "for_products", "for_resources", "starts_at", "expires_at", "limits",
        "state", "note", "issued_by", "issued_at", "withdrawn_at",
    ]  # fmt: skip
    readonly_fields = ["worth", "minimum", "for_products", "for_resources", "limits", "state"]
    actions_list = ["issue_one"]
    actions_detail = ["withdraw_it"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Voucher]:
        counted = Count("uses", filter=Q(uses__state__in=COUNTED))
        return super().get_queryset(request).annotate(uses_counted=counted)

    @admin.display(description=gettext_lazy("Takes off"))
    def worth(self, voucher: Voucher) -> str:
        if voucher.off is None:
            return money(voucher.amount_minor, voucher.currency)
        said = f"{percent_text(voucher.off)}\u00a0%"
        if voucher.at_most_minor is None:
            return said
        return _("%(off)s, at most %(amount)s") % {
            "off": said, "amount": money(voucher.at_most_minor, voucher.currency),
        }  # fmt: skip

    @admin.display(description=gettext_lazy("Minimum spend"))
    def minimum(self, voucher: Voucher) -> str:
        return money(voucher.minimum_spend_minor or None, voucher.currency)

    @admin.display(description=gettext_lazy("Products"))
    def for_products(self, voucher: Voucher) -> str:
        return ", ".join(product.name for product in voucher.products.all()) or _("all")

    @admin.display(description=gettext_lazy("Resources"))
    def for_resources(self, voucher: Voucher) -> str:
        return ", ".join(voucher.components) or _("all")

    @admin.display(description=gettext_lazy("Limits"))
    def limits(self, voucher: Voucher) -> str:
        no = _("no limit")
        return _("in all: %(all)s; per customer: %(one)s") % {
            "all": voucher.max_uses or no, "one": voucher.max_uses_per_customer or no,
        }  # fmt: skip

    @admin.display(description=gettext_lazy("Used"))
    def used(self, voucher: Any) -> str:
        return (
            f"{voucher.uses_counted} / {voucher.max_uses}" if voucher.max_uses else str(voucher.uses_counted)
        )

    @display(
        description=gettext_lazy("State"),
        label={gettext_lazy("in force"): "success", gettext_lazy("withdrawn"): "danger"},
    )
    def state(self, voucher: Voucher) -> Any:
        if voucher.withdrawn_at is not None:
            return _("withdrawn")
        now = clock.now()
        if now >= voucher.expires_at:
            return _("expired")
        return _("in force") if now >= voucher.starts_at else _("not yet")

    def get_urls(self) -> list[URLPattern]:
        return [
            path("issue/", guarded(issue, "credit.add_voucher"), name="credit_voucher_issue"),
            path(
                "<int:pk>/withdraw/",
                guarded(confirm_withdrawal, "credit.change_voucher"),
                name="credit_voucher_withdraw",
            ),
            *super().get_urls(),
        ]

    @action(
        description=gettext_lazy("Issue a voucher"), url_path="issue-one", icon="add", permissions=["credit.add_voucher"]
    )  # fmt: skip
    def issue_one(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:credit_voucher_issue")

    @action(
        description=gettext_lazy("Withdraw"), url_path="withdraw-it", icon="block", permissions=["credit.change_voucher"]
    )  # fmt: skip
    def withdraw_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:credit_voucher_withdraw", object_id)


def confirm_withdrawal(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then withdraw. One that is withdrawn already stays so."""
    voucher = get_object_or_404(Voucher, pk=pk)
    if request.method == "POST":
        withdraw(voucher, at=clock.now(), actor=f"user:{request.user.pk}")
        messages.success(request, _("Voucher %(code)s was withdrawn.") % {"code": voucher.code})
        return redirect("admin:credit_voucher_change", pk)
    return page(
        request, "form.html", title=_("Withdraw voucher %(code)s") % {"code": voucher.code}, model=Voucher, form=[],
        lead=_("Nobody can use it from then on. Changes that were submitted with it keep their price."),
        button=_("Withdraw the voucher"), variant="danger", back=("admin:credit_voucher_change", pk),
    )  # fmt: skip
