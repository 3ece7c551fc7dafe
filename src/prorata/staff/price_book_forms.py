"""The form of a price book: every resource type and option of the product stands there with a field for its price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from prorata import clock
from prorata.catalog.models import PriceBook, Product, Rate, ResourceType
from prorata.pricing.display import exact_text
from prorata.staff.fields import CurrencyField, MomentField

LARGEST = Decimal(10) ** 11


@dataclass(frozen=True, kw_only=True)
class Priced:
    """Something of a product that needs a price: one unit of a quantity, or one option."""

    resource_type_id: int
    option_id: int | None
    label: str
    help: str

    @property
    def key(self) -> tuple[int, int | None]:
        return self.resource_type_id, self.option_id

    @property
    def field(self) -> str:
        return f"rate_{self.resource_type_id}" + (f"_{self.option_id}" if self.option_id else "")


def priced_things(product: Product) -> Iterator[Priced]:
    for kind in product.resource_types.prefetch_related("options"):
        if kind.kind == ResourceType.Kind.QUANTITY:
            unit = kind.unit_word or kind.unit or kind.name
            yield Priced(
                resource_type_id=kind.pk,
                option_id=None,
                label=kind.name,
                help=_("a month for one %(unit)s") % {"unit": unit},
            )
            continue
        for option in kind.options.all():
            label = f"{kind.name}: {option.name}"
            yield Priced(resource_type_id=kind.pk, option_id=option.pk, label=label, help=_("a month"))


class RateField(forms.DecimalField):
    """A monthly price as people write it: 1,800 or 0.0525."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=Decimal(0), max_value=LARGEST, decimal_places=8, **kwargs)
        self.error_messages["required"] = gettext_lazy("Write the monthly price; 0 if it costs nothing.")

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", "") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        return exact_text(value).replace(",", "") if isinstance(value, Decimal) else value


class PriceBookForm(forms.ModelForm):
    """Bound to one product, set by `for_product`."""

    product: Product
    currency = CurrencyField()
    starts_at = MomentField(
        label=gettext_lazy("Starts"), required=False,
        help_text=gettext_lazy("when these prices begin to count; empty: now. From then on they cannot be edited."),
    )  # fmt: skip

    class Meta:
        model = PriceBook
        fields = ["currency", "starts_at", "tax_included"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = clock.now()
        self.instance.product = self.product
        if self.instance.pk:
            rates = {(r.resource_type_id, r.option_id): r.monthly for r in self.instance.rates.all()}
            self.initial = {**self.initial} | {
                t.field: rates[t.key] for t in priced_things(self.product) if t.key in rates
            }

    def clean_starts_at(self) -> Any:
        return self.cleaned_data["starts_at"] or self.now

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        currency, starts_at = values.get("currency"), values.get("starts_at")
        others = PriceBook.objects.filter(product=self.product, currency=currency).exclude(
            pk=self.instance.pk
        )
        # Nothing was sold before the first book, so it may begin in the past; later ones must not rewrite it.
        if (
            starts_at
            and currency
            and others.exists()
            and starts_at < self.now
            and "starts_at" in self.changed_data
        ):
            self.add_error(
                "starts_at",
                _("The prices of the past stand. Choose a start that is still to come, or empty it."),
            )
        if starts_at and others.filter(starts_at=starts_at).exists():
            self.add_error("starts_at", _("Another price book starts at this very moment. Choose another."))
        self.instance.version = self.instance.version if self.instance.pk else _next_version(others)
        return values

    def save_rates(self) -> None:
        for thing in priced_things(self.product):
            which: dict[str, Any] = {"resource_type_id": thing.resource_type_id, "option_id": thing.option_id}
            monthly = {"monthly": self.cleaned_data[thing.field]}
            Rate.objects.update_or_create(price_book=self.instance, **which, defaults=monthly)


def _next_version(others: Any) -> int:
    newest = others.order_by("-version").values_list("version", flat=True).first()
    return (newest or 0) + 1


def form_for(product: Product) -> type[PriceBookForm]:
    """The price book form of one product, a field a priced thing."""
    fields: dict[str, Any] = {
        t.field: RateField(label=t.label, help_text=t.help) for t in priced_things(product)
    }
    if not fields:
        raise ValidationError(_("%(name)s has no resource types yet. Add them first.") % {"name": product})
    return type("ProductPriceBookForm", (PriceBookForm,), {**fields, "product": product})
