"""The form of a price book: every resource type and option of the product stands there with a field for its price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prorata import clock
from prorata.catalog.drops import drop
from prorata.catalog.models import PriceBook, Product, Rate, RateBand, ResourceType
from prorata.catalog.values import rate_of
from prorata.pricing.display import amount_text
from prorata.pricing.rates import Tiered, UnitPrice, Volume
from prorata.staff.fields import CurrencyField, MomentField, amount_in, choice, text
from prorata.staff.rate_fields import PricesField, RateField, rate_text, read_rate


@dataclass(frozen=True, kw_only=True)
class Priced:
    """Something of a product that needs a price: one unit of a quantity, or one option."""

    kind: ResourceType
    option_id: int | None
    label: str
    help: str

    @property
    def resource_type_id(self) -> int:
        return int(self.kind.pk)

    @property
    def key(self) -> tuple[int, int | None]:
        return self.resource_type_id, self.option_id

    @property
    def field(self) -> str:
        return f"rate_{self._own}"

    @property
    def form_field(self) -> str:
        """How the prices of a quantity count; an option has one price."""
        return f"form_{self._own}"

    @property
    def hourly_field(self) -> str:
        return f"hourly_{self._own}"

    @property
    def _own(self) -> str:
        return f"{self.resource_type_id}" + (f"_{self.option_id}" if self.option_id else "")

    def fields(self) -> dict[str, forms.Field]:
        """Its fields, by name."""
        an_hour = _("%(name)s, an hour") % {"name": self.label}
        hour = RateField(label=an_hour, required=False, help_text=_("empty: not sold so"))
        if self.option_id:
            return {self.field: RateField(label=self.label, help_text=self.help), self.hourly_field: hour}
        how = _("%(name)s: how it counts") % {"name": self.label}
        return {
            self.field: PricesField(label=self.label, help_text=self.help),
            self.form_field: choice(how, Rate.Form.choices, initial=Rate.Form.UNIT),
            self.hourly_field: hour,
        }

    def initial(self, row: Rate) -> dict[str, Any]:
        """What stands in those fields for a row of the database."""
        if self.option_id:
            return {self.field: row.monthly, self.hourly_field: row.hourly}
        return {self.field: rate_text(rate_of(row)), self.form_field: row.form, self.hourly_field: row.hourly}


def priced_things(product: Product) -> Iterator[Priced]:
    for kind in product.resource_types.prefetch_related("options"):
        if kind.kind == ResourceType.Kind.QUANTITY:
            unit = kind.unit_word or kind.unit or kind.name
            yield Priced(
                kind=kind,
                option_id=None,
                label=kind.name,
                help=_("a month for one %(unit)s") % {"unit": unit},
            )
            continue
        for option in kind.options.all():
            label = f"{kind.name}: {option.name}"
            yield Priced(kind=kind, option_id=option.pk, label=label, help=_("a month"))


def initial_rates(book: PriceBook) -> dict[str, Any]:
    """The prices of a book as they stand in the form of its product; what the book does not price is left out."""
    rows = {(row.resource_type_id, row.option_id): row for row in book.rates.prefetch_related("bands")}
    found: dict[str, Any] = {}
    for thing in priced_things(book.product):
        if thing.key in rows:
            found |= thing.initial(rows[thing.key])
    return found


def initial_minimum(book: PriceBook) -> dict[str, Any]:
    """The minimum charge as it stands in the form."""
    least = book.minimum_charge_minor
    return {"minimum_charge": amount_text(least, book.currency) if least else ""}


class PriceBookForm(forms.ModelForm):
    """Bound to one product, set by `for_product`."""

    product: Product
    currency = CurrencyField()
    starts_at = MomentField(
        label=gettext_lazy("Starts"), required=False,
        help_text=gettext_lazy("when these prices begin to count; empty: now. From then on they cannot be edited."),
    )  # fmt: skip

    ends_at = MomentField(
        label=gettext_lazy("Campaign ends"), required=False,
        help_text=gettext_lazy("for a campaign only: from then on nobody buys at these prices"),
    )  # fmt: skip

    minimum_charge = text(
        gettext_lazy("Minimum charge"), required=False, maximum=30,
        help_text=gettext_lazy("the least charged for a change that costs something; empty: none"),
    )  # fmt: skip

    class Meta:
        model = PriceBook
        fields = ["currency", "starts_at", "tax_included", "minimum_charge", "campaign", "ends_at"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = clock.now()
        self.instance.product = self.product
        if self.instance.pk:
            self.initial = {**self.initial} | initial_rates(self.instance) | initial_minimum(self.instance)

    def clean_starts_at(self) -> Any:
        return self.cleaned_data["starts_at"] or self.now

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        books = PriceBook.objects.filter(product=self.product, currency=values.get("currency")).exclude(
            pk=self.instance.pk
        )
        if values.get("campaign"):
            self._clean_campaign(values)
        else:
            self._clean_public(values, books.public())
        self.instance.version = self.instance.version if self.instance.pk else _next_version(books)
        self.instance.minimum_charge_minor = (
            amount_in(self, "minimum_charge", values.get("currency", "")) or 0
        )
        if self.instance.minimum_charge_minor < 0:
            self.add_error("minimum_charge", _("A minimum charge is not below zero."))
        self.rates = {thing: rate for thing in priced_things(self.product) if (rate := self._read(thing))}
        return values

    def _clean_campaign(self, values: dict[str, Any]) -> None:
        """A campaign prices no change, so it may be written down when it is over."""
        starts_at, ends_at = values.get("starts_at"), values.get("ends_at")
        if "ends_at" in values and ends_at is None:
            self.add_error("ends_at", _("A campaign ends. Say when."))
        elif starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", _("The campaign ends after it starts."))

    def _clean_public(self, values: dict[str, Any], others: Any) -> None:
        if values.get("ends_at"):
            self.add_error(
                "ends_at",
                _(
                    "A public price list counts until the next one starts. Empty this, or mark it as a campaign."
                ),
            )
        starts_at = values.get("starts_at")
        if not starts_at or not values.get("currency"):
            return
        # Nothing was sold before the first book, so it may begin in the past; later ones must not rewrite it.
        if others.exists() and starts_at < self.now and "starts_at" in self.changed_data:
            self.add_error(
                "starts_at",
                _("The prices of the past stand. Choose a start that is still to come, or empty it."),
            )
        if others.filter(starts_at=starts_at).exists():
            self.add_error("starts_at", _("Another price book starts at this very moment. Choose another."))

    def _read(self, thing: Priced) -> UnitPrice | Tiered | Volume | None:
        """The rate in the fields of one row; a mistake goes to its field."""
        written, hourly = self.cleaned_data.get(thing.field), self.cleaned_data.get(thing.hourly_field)
        if written is None or written == "":
            return None
        if thing.option_id:
            return UnitPrice(written, hourly)
        try:
            rate = read_rate(self.cleaned_data.get(thing.form_field, Rate.Form.UNIT), written, hourly)
        except ValidationError as mistake:
            self.add_error(thing.field, mistake)
            return None
        if falls := drop(rate, thing.kind):
            self.add_error(thing.field, falls)
        return rate

    def save_rates(self) -> None:
        for thing, rate in self.rates.items():
            which: dict[str, Any] = {"resource_type_id": thing.resource_type_id, "option_id": thing.option_id}
            row, _made = Rate.objects.update_or_create(
                price_book=self.instance, **which, defaults=_columns(rate)
            )
            row.bands.all().delete()
            bands = () if isinstance(rate, UnitPrice) else rate.bands
            RateBand.objects.bulk_create(
                RateBand(rate=row, up_to=band.up_to, unit=band.unit, flat=band.flat) for band in bands
            )


def _columns(rate: UnitPrice | Tiered | Volume) -> dict[str, Any]:
    if isinstance(rate, UnitPrice):
        return {"form": Rate.Form.UNIT, "monthly": rate.unit, "hourly": rate.hourly_unit}
    form = Rate.Form.TIERED if isinstance(rate, Tiered) else Rate.Form.VOLUME
    return {"form": form, "monthly": None, "hourly": rate.hourly_unit}


def _next_version(others: Any) -> int:
    newest = others.order_by("-version").values_list("version", flat=True).first()
    return (newest or 0) + 1


def form_for(product: Product) -> type[PriceBookForm]:
    """The price book form of one product, a field a priced thing."""
    fields: dict[str, Any] = {}
    for thing in priced_things(product):
        fields |= thing.fields()
    if not fields:
        raise ValidationError(_("%(name)s has no resource types yet. Add them first.") % {"name": product})
    return type("ProductPriceBookForm", (PriceBookForm,), {**fields, "product": product})
