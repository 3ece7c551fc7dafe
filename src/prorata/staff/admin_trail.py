"""The audit trail: who did what to what, when, and why. Read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from prorata.customers.models import Customer
from prorata.staff.places import place_link
from prorata.staff.readonly import ReadOnlyAdmin
from prorata.trail.models import Deed


class OfWhom(admin.SimpleListFilter):
    """By the kind of person: staff's deeds are what is looked for most."""

    title = _("Who")
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("people", _("People")), ("system", _("The system itself"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "people":
            return queryset.filter(actor__startswith="user:")
        if self.value() == "system":
            return queryset.exclude(actor__startswith="user:")
        return queryset


class What(admin.SimpleListFilter):
    """By what it was done to: a list of its own, as asking the trail would read all of it."""

    title = _("What")
    parameter_name = "what"
    subjects = (
        ("change", _("Changes")), ("payment", _("Payments")), ("credit", _("Gifted credit")), ("voucher", _("Vouchers")),
        ("service", _("Services")), ("product", _("Products")), ("pricebook", _("Price books")),
        ("discountschedule", _("Discount schedules")), ("customer", _("Customers")), ("person", _("Roles of people")),
        ("user", _("People")), ("group", _("Groups of rights")), ("seller", _("Sellers")),
    )  # fmt: skip

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, Any], ...]:
        return self.subjects

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(what__startswith=f"{self.value()}.") if self.value() else queryset


def words_of(what: str) -> str:
    """ "change.taken_over" as people read it: "Change: taken over"."""
    subject, _dot, did = what.partition(".")
    return f"{subject.capitalize()}: {did.replace('_', ' ')}"


@admin.register(Deed)
class DeedAdmin(ReadOnlyAdmin):
    list_display = ["at", "who", "done", "to", "customer", "reason"]
    list_filter = [OfWhom, What, "at"]
    search_fields = ["actor_name", "actor", "reference", "place", "reason"]
    search_help_text = _("Person, reference, row, or words of the reason")
    ordering = ["-id"]
    date_hierarchy = None
    fields = ["at", "recorded_at", "who", "done", "to", "customer", "reason", "difference"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        names = Customer.objects.filter(pk=OuterRef("customer_id")).values("name")
        found = super().get_queryset(request).annotate(customer_name=Subquery(names))
        wanted = request.GET.get("customer_id__exact", "")
        return (
            found.filter(customer_id=int(wanted))
            if wanted.isascii() and wanted.isdecimal() and len(wanted) < 19
            else found
        )

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "customer_id__exact" or bool(super().lookup_allowed(lookup, value, request))

    @admin.display(description=_("Who"), ordering="actor")
    def who(self, deed: Deed) -> str:
        return deed.actor_name or deed.actor

    @admin.display(description=_("What"), ordering="what")
    def done(self, deed: Deed) -> str:
        return words_of(deed.what)

    @admin.display(description=_("To what"))
    def to(self, deed: Deed) -> Any:
        return place_link(deed.place, deed.reference or deed.place)

    @admin.display(description=_("Customer"))
    def customer(self, deed: Any) -> Any:
        name = deed.customer_name
        return place_link(f"customers_customer {deed.customer_id}", name) if name else "–"

    @admin.display(description=_("Before → after"))
    def difference(self, deed: Deed) -> Any:
        rows = (
            (field, _shown(before), _shown(after)) for field, (before, after) in sorted(deed.changed.items())
        )
        found = format_html_join("", "<tr><th>{}</th><td>{}</td><td>→</td><td>{}</td></tr>", rows)
        return format_html('<table class="desk-table">{}</table>', found) if found else "–"


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
