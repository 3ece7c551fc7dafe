"""Two forms that adopt a running machine: which one, and then what was sold on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prorata import clock
from prorata.catalog.models import PriceBook, Product, ResourceType
from prorata.catalog.values import Value
from prorata.customers.models import Customer
from prorata.services.models import Service
from prorata.staff import fields


class MachineForm(fields.PlainForm):
    """The first page: whose machine it is, what it counts as, and where it runs."""

    customer = fields.one_of(gettext_lazy("Customer"), Customer.objects.order_by("name", "pk"))
    product = fields.one_of(gettext_lazy("Product"), Product.objects.order_by("name"))
    currency = fields.CurrencyField()
    driver = fields.choice(gettext_lazy("Hypervisor connection"), [])
    external_id = fields.text(
        gettext_lazy("Machine id"), maximum=120, help_text=gettext_lazy("the machine's id there")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["driver"].choices = [(code, code) for code in sorted(settings.PRORATA_DRIVERS)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        product, currency = values.get("product"), values.get("currency")
        if (
            product
            and currency
            and not PriceBook.objects.public().filter(product=product, currency=currency).exists()
        ):
            self.add_error(
                "currency",
                _("%(product)s has no price book in %(currency)s. Add one, or choose another currency.")
                % {"product": product, "currency": currency},
            )
        if product and not product.resource_types.exists():
            self.add_error(
                "product", _("%(product)s has no resource types. Add them first.") % {"product": product}
            )
        sold = on_machines(values.get("driver", "")).filter(external_id=values.get("external_id")).first()
        if sold:
            self.add_error(
                "external_id", _("This machine is the service %(name)s already.") % {"name": sold.name}
            )
        return values


def on_machines(driver: str) -> QuerySet[Service]:
    """The services of one connection that have a machine; one that was never paid has none."""
    return Service.objects.filter(driver=driver).exclude(status=Service.Status.UNSTARTED)


class ConfigurationForm(fields.PlainForm):
    """A name, and the configuration of a machine: one field a resource type, named cfg_<code>."""

    name = fields.text(
        gettext_lazy("Name of the service"),
        maximum=80,
        help_text=gettext_lazy("as the customer knows it, e.g. web-01"),
    )

    def __init__(
        self, *args: Any, product: Product, measured: Mapping[str, Value] | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.measured = measured or {}
        self.types = list(product.resource_types.prefetch_related("options"))
        for kind in self.types:
            self.fields[f"cfg_{kind.code}"] = _configuration_field(kind, self.measured.get(kind.code))
        self.order_fields(["name", *(f"cfg_{kind.code}" for kind in self.types)])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for kind in self.types:
            self._compare_with_machine(kind, values.get(f"cfg_{kind.code}"))
        return values

    def _compare_with_machine(self, kind: ResourceType, typed: Value | None) -> None:
        reported = self.measured.get(kind.code)
        if reported is not None and typed is not None and typed != reported:
            words = _(
                "The machine has %(value)s. Write what it has, or correct the machine first and reload this page."
            )
            self.add_error(f"cfg_{kind.code}", words % {"value": reported})

    def configuration(self) -> dict[str, Value]:
        return {kind.code: self.cleaned_data[f"cfg_{kind.code}"] for kind in self.types}


class ServiceForm(ConfigurationForm):
    """The second page: name, configuration, term and what was paid."""

    term_starts_at = fields.MomentField(label=gettext_lazy("Term starts"))
    term_ends_at = fields.MomentField(
        label=gettext_lazy("Term ends"),
        help_text=gettext_lazy("the first moment after the paid time; a change never moves it"),
    )
    term_months = fields.number(
        gettext_lazy("Months of term"),
        minimum=1,
        maximum=120,
        help_text=gettext_lazy("for the price of the renewal"),
    )
    paid = fields.text(
        gettext_lazy("Price paid for this term"),
        maximum=30,
        help_text=gettext_lazy(
            "with tax; 0 if nothing was paid. A reduction never gives back more than its unused part."
        ),
    )

    price_book = fields.one_of(
        gettext_lazy("Bought at"),
        PriceBook.objects.none(),
        help_text=gettext_lazy(
            "how the price is spread over the resources; changes are priced by the public list"
        ),
    )

    def __init__(
        self,
        *args: Any,
        product: Product,
        currency: str,
        zone: str,
        measured: Mapping[str, Value] | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, product=product, measured=measured, **kwargs)
        self.currency = currency
        for moment in ("term_starts_at", "term_ends_at"):
            self.fields[moment].label = f"{self.fields[moment].label} ({zone})"
        self.fields["paid"].label = f"{self.fields['paid'].label}, {currency}"
        campaigns = PriceBook.objects.filter(
            product=product, currency=currency, campaign=True, starts_at__lte=clock.now()
        )
        bought: Any = self.fields["price_book"]
        bought.queryset, bought.required = campaigns, False
        bought.empty_label = _("the public price list of today")
        bought.label_from_instance = _campaign
        if not campaigns.exists():
            del self.fields["price_book"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        values["paid_minor"] = fields.amount_in(self, "paid", self.currency)
        if values["paid_minor"] is not None and values["paid_minor"] < 0:
            self.add_error("paid", _("What was paid is not below zero."))
        starts, ends = values.get("term_starts_at"), values.get("term_ends_at")
        if starts and ends and ends <= starts:
            self.add_error("term_ends_at", _("The term ends after it starts."))
        return values


def _campaign(book: PriceBook) -> str:
    start, end = (localtime(moment).date() for moment in (book.starts_at, book.ends_at) if moment)
    return _("campaign v%(version)s, %(start)s to %(end)s") % {
        "version": book.version,
        "start": start,
        "end": end,
    }


def _configuration_field(kind: ResourceType, measured: Value | None) -> forms.Field:
    reported = (
        ""
        if measured is None
        else _("the machine reports %(value)s %(unit)s") % {"value": measured, "unit": kind.unit}
    )
    if kind.kind == ResourceType.Kind.OPTION:
        options = [(option.code, option.name) for option in kind.options.all()]
        known = measured if any(code == measured for code, _name in options) else None
        if measured is not None and known is None:
            reported = _("%(reported)s, which is none of the options sold") % {"reported": reported}
        return fields.choice(kind.name, options, initial=known, help_text=reported.strip())
    if measured is not None and measured not in kind.stops():
        reported = _("%(reported)s, which is none of the values sold; it can be adopted as it is") % {
            "reported": reported.strip()
        }
    label = f"{kind.name}, {kind.unit}" if kind.unit else kind.name
    return QuantityField(kind, measured, label=label, initial=measured, help_text=reported.strip())


class QuantityField(forms.IntegerField):
    """One of the values a resource type is sold in, or what the machine has."""

    def __init__(self, kind: ResourceType, measured: Value | None, **kwargs: Any) -> None:
        self.stops, self.measured = kind.stops(), measured
        super().__init__(widget=fields.number("").widget, **kwargs)

    def clean(self, value: Any) -> int:
        quantity: int = super().clean(value)
        if quantity in self.stops or quantity == self.measured:
            return quantity
        below = [stop for stop in self.stops if stop < quantity][-1:]
        above = [stop for stop in self.stops if stop > quantity][:1]
        nearest = " or ".join(str(stop) for stop in below + above)
        raise forms.ValidationError(
            _("%(value)s is not sold: choose %(nearest)s.") % {"value": quantity, "nearest": nearest}
        )
