"""Customers, the people who act for them, and the people's own accounts."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from prorata.credit.available import available
from prorata.credit.models import LogLine, Purse
from prorata.customers.models import Customer, Membership, User
from prorata.customers.people import AlreadyThere, CannotChangePeople, let_act
from prorata.customers.staff_view import RIGHT
from prorata.language import zones
from prorata.pricing.display import amount_text
from prorata.services.models import Service
from prorata.staff.columns import link_to
from prorata.staff.correct_view import correct
from prorata.staff.grant_view import grant
from prorata.staff.pages import guarded, page
from prorata.staff.person_form import PersonFields
from prorata.staff.reader import link_to_list, may_see
from prorata.staff.readonly import DeskAdmin, ReadOnlyRows
from prorata.staff.tax_identity import TaxIdentity
from prorata.staff.view_as import begin, finish

CUSTOMER_FIELDS = ["name", "email", "country", "address", "tax_number"]
PERSON_FIELDS = ["person_name", "person_email", "role", "sign_in", "first_password"]


class CustomerForm(TaxIdentity):
    class Meta:
        model = Customer
        fields = CUSTOMER_FIELDS
        widgets = {"address": UnfoldAdminTextareaWidget(attrs={"rows": 3})}


class NewCustomerForm(PersonFields, CustomerForm):
    """A customer is of use only with somebody who can sign in, so both are made at once."""

    class Meta(CustomerForm.Meta):
        pass


class Memberships(TabularInline):
    model = Membership
    verbose_name_plural = gettext_lazy("People who act for this customer")
    fields = ["user", "role"]
    readonly_fields = ["user"]
    hide_title = True
    extra = 0

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "customer")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Customer)
class CustomerAdmin(DeskAdmin):
    list_display = ["name", "email", "country", "created_at"]
    search_fields = ["name", "email", "memberships__user__email"]
    ordering = ["name", "pk"]
    actions_detail = ["view_as", "add_person", "grant_credit", "correct_credit", "adopt"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = CustomerForm if obj else NewCustomerForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Customer | None = None) -> list[Any]:
        whole = [(_("Customer"), {"fields": CUSTOMER_FIELDS})]
        if obj is None:
            return [*whole, (_("First person"), {"fields": PERSON_FIELDS})]
        return [*whole, (_("At a glance"), {"fields": ["credit", "services"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> list[str]:
        return ["credit", "services"] if obj else []

    def get_inlines(self, request: HttpRequest, obj: Customer | None = None) -> list[Any]:
        return [Memberships] if obj else []

    @admin.display(description=gettext_lazy("Available credit"))
    def credit(self, customer: Customer) -> str:
        sums = available(customer.pk)
        spendable = ", ".join(f"{amount_text(minor, code)} {code}" for code, minor in sums.items()) or "–"
        lists = ((Purse, _("purses")), (LogLine, _("credit log")))
        query = f"?customer__id__exact={customer.pk}"
        links = [(link_to_list(model, query, words),) for model, words in lists if may_see(model)]
        return format_html_join(" · ", "{}", [(spendable,), *links])

    @admin.display(description=gettext_lazy("Services"))
    def services(self, customer: Customer) -> str:
        rows = Service.objects.filter(customer=customer).order_by("name")[:50]
        return format_html_join(", ", "{}", ((link_to(row, row.name),) for row in rows)) or "–"

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            _tell_first_sign_in(
                request,
                let_act(form.instance, form.person(), by=cast(User, request.user)),
                form.person().password,
            )

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:customer_id>/grant/",
                guarded(grant, "credit.add_purse"),
                name="customers_customer_grant",
            ),
            path(
                "<int:customer_id>/correct/",
                guarded(correct, "credit.change_purse"),
                name="customers_customer_correct",
            ),
            path(
                "<int:customer_id>/person/",
                guarded(add_person, "customers.add_membership"),
                name="customers_customer_person",
            ),
            path("<int:customer_id>/view/", guarded(begin, RIGHT), name="customers_customer_view"),
            # To end one's own view needs no right.
            path("view/end/", admin.site.admin_view(finish), name="customers_customer_view_end"),
            *super().get_urls(),
        ]

    @action(
        description=gettext_lazy("View as customer"), url_path="view-as", icon="visibility", permissions=[RIGHT],
    )  # fmt: skip
    def view_as(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:customers_customer_view", object_id)

    @action(
        description=gettext_lazy("Add a person"), url_path="add-person", icon="person_add",
        permissions=["customers.add_membership"],
    )  # fmt: skip
    def add_person(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:customers_customer_person", object_id)

    @action(
        description=gettext_lazy("Grant gifted credit"), url_path="grant-credit", icon="redeem",
        permissions=["credit.add_purse"],
    )  # fmt: skip
    def grant_credit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:customers_customer_grant", object_id)

    @action(
        description=gettext_lazy("Correct account credit"), url_path="correct-credit", icon="balance",
        permissions=["credit.change_purse"],
    )  # fmt: skip
    def correct_credit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:customers_customer_correct", object_id)

    @action(
        description=gettext_lazy("Adopt a machine"), url_path="adopt-machine", icon="add_link",
        permissions=["services.add_service"],
    )  # fmt: skip
    def adopt(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect(f"{reverse('admin:services_service_adopt')}?customer={object_id}")


def add_person(request: HttpRequest, customer_id: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=customer_id)
    form = PersonFields(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            membership = let_act(customer, form.person(), by=cast(User, request.user))
        except AlreadyThere as known:
            form.add_error("person_email", str(known))
        except CannotChangePeople as refusal:
            form.add_error(None, str(refusal))
        else:
            _tell_first_sign_in(request, membership, form.person().password)
            return redirect("admin:customers_customer_change", customer.pk)
    return page(
        request, "form.html", title=_("Add a person to %(name)s") % {"name": customer}, model=Customer, form=form,
        button=_("Add the person"), back=("admin:customers_customer_change", customer.pk),
    )  # fmt: skip


def _tell_first_sign_in(request: HttpRequest, membership: Membership, password: str) -> None:
    person = membership.user
    if person.last_login or (not password and person.has_usable_password()):
        text = _("%(email)s was known here and keeps the sign-in of before.")
    elif password:
        text = _("%(email)s can sign in with the first password you set.")
    else:
        text = _("An invitation goes to %(email)s.")
    messages.info(request, text % {"email": person.email})


class PersonMemberships(ReadOnlyRows):
    model = Membership
    verbose_name_plural = gettext_lazy("Acts for")
    fields = ["customer", "role"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "customer")


@admin.register(User)
class PersonAdmin(UserAdmin, DeskAdmin):  # type: ignore[misc]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = [PersonMemberships]
    list_display = ["email", "name", "is_staff", "is_active", "last_login"]
    list_filter = ["is_staff", "is_active"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    filter_horizontal = ()
    fieldsets = [
        (None, {"fields": ["email", "name", "language", "time_zone", "password"]}),
        (gettext_lazy("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "is_staff", "password1", "password2"]})]

    def get_inlines(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        return [PersonMemberships] if obj else []

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "language":
            return forms.ChoiceField(
                choices=[("", _("As the browser says; mails in English")), *settings.LANGUAGES],
                label=_("Language"), required=False, widget=UnfoldAdminSelectWidget(),
            )  # fmt: skip
        if db_field.name == "time_zone":
            places = [(name, name) for name in sorted(zones())]
            return forms.ChoiceField(
                choices=[("", _("As the seller's")), *places], label=_("Time zone"), required=False,
                widget=UnfoldAdminSelectWidget(),
            )  # fmt: skip
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """The new password and its line in the audit trail are written together."""
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        return answer

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        # An address is verified where the person signs in; here it would only come apart from that.
        fixed = ["email"] if obj else []
        # Rights are given by those who hold all of them: else staff could make themselves superusers.
        rights = ["is_staff", "is_superuser", "groups"] if obj else ["is_staff"]
        return fixed if request.user.is_superuser else [*fixed, *rights]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        # Who may edit colleagues could set their password and be them.
        return allowed and (
            obj is None or not (obj.is_staff or obj.is_superuser) or request.user.is_superuser
        )
