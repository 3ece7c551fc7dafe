"""Purses and the credit log. Credit is given by "Grant gifted credit" on a customer, never by editing a purse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import BigIntegerField, Case, OuterRef, QuerySet, Subquery, Sum, When
from django.db.models.functions import Cast, Coalesce, Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from prorata import clock
from prorata.changes.models import Change, SoldTerm
from prorata.credit.correct import BY_HAND
from prorata.credit.models import LogLine, Pledge, Purse
from prorata.credit.words import MOVEMENTS, movement_words
from prorata.customers.models import User
from prorata.staff.columns import Money, link_to, money
from prorata.staff.correct_view import undo
from prorata.staff.credit_export import export
from prorata.staff.origins import origin_link, origin_words
from prorata.staff.pages import guarded
from prorata.staff.readonly import ReadOnlyAdmin, ReadOnlyRows

SOON = timedelta(days=30)


def with_names(lines: QuerySet[LogLine]) -> QuerySet[LogLine]:
    """Log lines with what a reader wants beside them: the change or the term they belong to, and who acted."""
    changes = Change.objects.filter(reference=Substr(OuterRef("origin"), len("change:") + 1))
    terms = SoldTerm.objects.filter(reference=Substr(OuterRef("origin"), len("term:") + 1))
    people = User.objects.filter(pk=Cast(Substr(OuterRef("actor"), len("user:") + 1), BigIntegerField()))
    return lines.select_related("customer", "purse").annotate(
        named_id=Case(
            When(origin__startswith="change:", then=Subquery(changes.values("pk")[:1])),
            When(origin__startswith="term:", then=Subquery(terms.values("pk")[:1])),
        ),
        person=Case(When(actor__regex=r"^user:[0-9]{1,18}$", then=Subquery(people.values("email")[:1]))),
    )


def actor_words(line: Any) -> str:
    """Who did it: a person's address, or the system."""
    return line.person or (_("the system") if line.actor == "system" else line.actor)


class Words:
    """Columns of a log line that its own list and its purse's page share."""

    amount = Money("amount_minor", gettext_lazy("Amount"))
    balance_after = Money("balance_after_minor", gettext_lazy("Balance after"))

    @admin.display(description=gettext_lazy("What happened"), ordering="what")
    def happened(self, line: LogLine) -> str:
        return movement_words(line.what, line.reason, origin=line.origin)

    @admin.display(description=gettext_lazy("For"), ordering="origin")
    def for_what(self, line: Any) -> str:
        return origin_link(line.origin, line.named_id)

    @admin.display(description=gettext_lazy("By"), ordering="actor")
    def by(self, line: LogLine) -> str:
        return actor_words(line)


class PurseLog(Words, ReadOnlyRows):
    model = LogLine
    verbose_name_plural = gettext_lazy("Credit log of this purse, newest first")
    fields = ["at", "happened", "amount", "balance_after", "for_what", "reason", "by"]
    readonly_fields = ["happened", "amount", "balance_after", "for_what", "by"]
    ordering = ["-id"]
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_names(super().get_queryset(request))


class Pledges(ReadOnlyRows):
    model = Pledge
    verbose_name_plural = gettext_lazy("Held for changes: pledges, newest first")
    fields = ["for_what", "amount", "state", "held_at", "ended_at"]
    readonly_fields = ["for_what", "amount"]
    ordering = ["-id"]
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("purse")

    @admin.display(description=gettext_lazy("For"))
    def for_what(self, pledge: Pledge) -> str:
        return origin_link(pledge.origin)

    @admin.display(description=gettext_lazy("Amount"))
    def amount(self, pledge: Pledge) -> str:
        return money(pledge.amount_minor, pledge.purse.currency)


class Holds(admin.SimpleListFilter):
    """What a purse is good for now."""

    title = gettext_lazy("What it holds")
    parameter_name = "holds"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("something", _("Something")),
            ("held", _("Something held for a change")),
            ("soon", _("Something that ends within 30 days")),
            ("nothing", _("Nothing")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Purse]) -> QuerySet[Purse]:
        now, chosen = clock.now(), self.value()
        if chosen == "something":
            return queryset.filter(balance_minor__gt=0)
        if chosen == "held":
            return queryset.filter(pk__in=Pledge.objects.filter(state=Pledge.State.HELD).values("purse"))
        if chosen == "soon":
            return queryset.filter(balance_minor__gt=0, expires_at__gt=now, expires_at__lte=now + SOON)
        if chosen == "nothing":
            return queryset.filter(balance_minor=0)
        return queryset


class Happened(admin.SimpleListFilter):
    title = gettext_lazy("What happened")
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(what, movement_words(what)) for what in MOVEMENTS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LogLine]) -> QuerySet[LogLine]:
        return queryset.filter(what=self.value()) if self.value() else queryset


@admin.register(Purse)
class PurseAdmin(ReadOnlyAdmin):
    inlines = [PurseLog, Pledges]
    list_display = ["customer", "kind", "balance", "held", "ends", "came_from", "created_at"]
    list_select_related = ["customer"]
    list_filter = ["kind", Holds]
    search_fields = ["customer__name", "reason", "=currency"]
    ordering = ["customer__name", "currency", "kind", "id"]
    fields = ["in_words", "whose", "kind", "currency", "balance", "held", "ends", "came_from", "created_at"]
    readonly_fields = ["in_words", "whose", "balance", "held", "ends", "came_from"]
    balance = Money("balance_minor", gettext_lazy("Free to spend"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Purse]:
        held = Pledge.objects.filter(purse=OuterRef("pk"), state=Pledge.State.HELD).order_by()
        total = held.values("purse").annotate(total=Sum("amount_minor")).values("total")
        rows: QuerySet[Purse] = super().get_queryset(request).select_related("customer")
        return rows.annotate(held_minor=Coalesce(Subquery(total), 0, output_field=BigIntegerField()))

    @admin.display(description=gettext_lazy("Held for changes"), ordering="held_minor")
    def held(self, purse: Any) -> str:
        return money(purse.held_minor or None, purse.currency)

    @admin.display(description=gettext_lazy("Usable until"), ordering="expires_at")
    def ends(self, purse: Purse) -> str:
        if purse.expires_at is None:
            return _("it does not end")
        until = date_format(localtime(purse.expires_at), "j M Y, H:i")
        return _("%(until)s, ended") % {"until": until} if purse.has_ended(clock.now()) else until

    @admin.display(description=gettext_lazy("From"), ordering="reason")
    def came_from(self, purse: Purse) -> str:
        return origin_words(purse)

    @admin.display(description=gettext_lazy("Customer"))
    def whose(self, purse: Purse) -> str:
        return link_to(purse.customer)

    @admin.display(description=gettext_lazy("In words"))
    def in_words(self, purse: Any) -> str:
        return " ".join(purse_sentences(purse))


def purse_sentences(purse: Any) -> list[str]:
    """What a purse holds, until when, from what. `purse` comes from the desk's list, with what is held of it."""
    shown = {"amount": money(purse.balance_minor, purse.currency), "customer": str(purse.customer)}
    if purse.expires_at is None:
        said = [
            _("%(customer)s can spend %(amount)s of account credit.") % shown,
            _(
                "It does not end. It came from reductions, surplus and late payments, and what could not be delivered."
            ),
        ]
    else:
        shown["until"] = date_format(localtime(purse.expires_at), "j M Y, H:i")
        ended = purse.has_ended(clock.now())
        said = [
            (_("This gift ended on %(until)s.") if ended
             else _("%(customer)s can spend %(amount)s of gifted credit until %(until)s.")) % shown,
            _("It came from: %(reason)s.") % {"reason": origin_words(purse).rstrip(".")},
        ]  # fmt: skip
    if purse.held_minor:
        held = {"amount": money(purse.held_minor, purse.currency)}
        said.append(_("%(amount)s more is held for a change that is not paid yet.") % held)
    if purse.prolonged_from is not None:
        first = {"end": date_format(localtime(purse.prolonged_from), "j M Y, H:i")}
        said.append(
            _(
                "It is prolonged once: its own end, %(end)s, passed while it was held for a change that was given up."
            )
            % first
        )
    return said


@admin.register(LogLine)
class LogLineAdmin(Words, ReadOnlyAdmin):
    list_display = [
        "at",
        "customer",
        "happened",
        "purse_kind",
        "amount",
        "balance_after",
        "for_what",
        "reason",
        "by",
    ]
    list_filter = ["at", Happened, ("purse__kind", admin.ChoicesFieldListFilter)]
    list_before_template = "staff/credit_export.html"
    actions_detail = ["take_back"]
    search_fields = ["customer__name", "what", "origin", "reason", "=currency"]
    ordering = ["-id"]
    fields = [
        "at", "whose", "from_purse", "happened", "amount", "balance_after", "for_what", "reason", "by", "transfer",
    ]  # fmt: skip
    readonly_fields = ["whose", "from_purse", "happened", "amount", "balance_after", "for_what", "by"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogLine]:
        return with_names(super().get_queryset(request))

    def get_urls(self) -> list[URLPattern]:
        def all_rows(request: HttpRequest) -> Any:
            try:
                rows = self.get_changelist_instance(request).get_queryset(request)
            except IncorrectLookupParameters:  # the list itself says so and shows everything
                return redirect(f"{reverse('admin:credit_logline_changelist')}?{request.GET.urlencode()}")
            return export(rows, actor_words)

        name = "credit_logline_export"
        return [
            path("export/", guarded(all_rows, "credit.view_logline"), name=name),
            path(
                "<int:line_id>/take-back/", guarded(undo, "credit.change_purse"), name="credit_logline_undo"
            ),
            *super().get_urls(),
        ]

    @action(
        description=gettext_lazy("Take back"),
        url_path="undo",
        icon="undo",
        permissions=["credit.change_purse"],
    )
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:credit_logline_undo", object_id)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Only what staff gave or took by hand can be taken back here."""
        by_hand = LogLine.objects.filter(pk=object_id, what__in=BY_HAND).exists()
        return super().get_actions_detail(request, object_id) if by_hand else []

    @admin.display(description=gettext_lazy("Purse"), ordering="purse__kind")
    def purse_kind(self, line: LogLine) -> str:
        return line.purse.get_kind_display()

    @admin.display(description=gettext_lazy("Purse"))
    def from_purse(self, line: LogLine) -> str:
        return link_to(line.purse)

    @admin.display(description=gettext_lazy("Customer"))
    def whose(self, line: LogLine) -> str:
        return link_to(line.customer)
