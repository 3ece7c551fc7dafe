"""What a product costs: price books, their rates, and prices in bands."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models

from prorata.catalog.models.product import Product
from prorata.catalog.models.resource import Option, ResourceType


class PriceBooks(models.QuerySet["PriceBook"]):
    def public(self) -> PriceBooks:
        """The price lists that changes are priced by; campaigns are none."""
        return self.filter(campaign=False)


class PriceBook(models.Model):
    """Rates from an instant on. A book that has started is never edited: a new price is a new version.

    A campaign is what some customers bought at, from `starts_at` until `ends_at`. It never is the public price list.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="price_books")
    currency = models.CharField(max_length=3)
    version = models.PositiveIntegerField(default=1)
    starts_at = models.DateTimeField()
    tax_included = models.BooleanField(default=False, help_text="whether the rates below include tax")
    minimum_charge_minor = models.BigIntegerField(
        default=0,
        help_text="the least charged for a change that costs something, before tax is added; 0: none",
    )
    campaign = models.BooleanField(
        default=False, help_text="special prices for a while; a change never counts with them"
    )
    ends_at = models.DateTimeField(null=True, blank=True, help_text="when the campaign was or will be over")

    objects = PriceBooks.as_manager()

    class Meta:
        ordering = ["product", "currency", "-starts_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "currency", "version"], name="price_book_version_once"
            ),
            models.UniqueConstraint(
                fields=["product", "currency", "starts_at"],
                condition=models.Q(campaign=False),
                name="price_book_start_once",
            ),
            models.CheckConstraint(
                condition=models.Q(campaign=False, ends_at__isnull=True)
                | models.Q(campaign=True, ends_at__isnull=False, ends_at__gt=models.F("starts_at")),
                name="price_book_campaign_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(minimum_charge_minor__gte=0), name="price_book_minimum_in_range"
            ),
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="price_book_currency_iso"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.currency} v{self.version}" + (" (campaign)" if self.campaign else "")


class Rate(models.Model):
    """What a quantity, or one option, costs a month: `monthly` for one of it, or prices in bands, which are rows."""

    class Form(models.TextChoices):
        UNIT = "unit", "One price for each"
        TIERED = "tiered", "Tiered: each unit at the price of its own band"
        VOLUME = "volume", "Volume: all units at the price of the band reached"

    price_book = models.ForeignKey(PriceBook, on_delete=models.PROTECT, related_name="rates")
    resource_type = models.ForeignKey(ResourceType, on_delete=models.PROTECT, related_name="rates")
    option = models.ForeignKey(Option, on_delete=models.PROTECT, null=True, blank=True, related_name="rates")
    form = models.CharField(max_length=10, choices=Form, default=Form.UNIT)
    monthly = models.DecimalField(
        max_digits=20, decimal_places=8, null=True, blank=True, validators=[MinValueValidator(Decimal(0))]
    )
    hourly = models.DecimalField(
        max_digits=20, decimal_places=8, null=True, blank=True, validators=[MinValueValidator(Decimal(0))],
        help_text="list price of an hour of one of it without a term; empty: not sold so",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["price_book", "resource_type", "option"],
                nulls_distinct=False,
                name="rate_once_a_book",
            ),
            models.CheckConstraint(condition=models.Q(monthly__gte=0), name="rate_not_negative"),
            models.CheckConstraint(condition=models.Q(hourly__gte=0), name="rate_hour_not_negative"),
            models.CheckConstraint(
                condition=models.Q(form="unit", monthly__isnull=False)
                | models.Q(form__in=["tiered", "volume"], monthly__isnull=True, option__isnull=True),
                name="rate_has_one_form",
            ),
        ]

    def __str__(self) -> str:
        price = self.get_form_display() if self.monthly is None else f"{self.monthly.normalize():f}"
        return f"{self.option or self.resource_type}: {price}"


class RateBand(models.Model):
    """Units up to and including `up_to`, empty for all above. PostgreSQL sees to it that each rate has one open band."""

    rate = models.ForeignKey(Rate, on_delete=models.CASCADE, related_name="bands")
    up_to = models.PositiveIntegerField(null=True, blank=True)
    unit = models.DecimalField(max_digits=20, decimal_places=8)
    flat = models.DecimalField(max_digits=20, decimal_places=8, default=Decimal(0))

    class Meta:
        # The order is the thresholds' own: bands rise whatever the order of their rows, and the open one is last.
        ordering = ["rate", models.F("up_to").asc(nulls_last=True)]
        constraints = [
            models.UniqueConstraint(fields=["rate", "up_to"], nulls_distinct=False, name="band_end_once"),
            models.CheckConstraint(condition=models.Q(up_to__gte=1), name="band_holds_something"),
            models.CheckConstraint(condition=models.Q(unit__gte=0, flat__gte=0), name="band_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.up_to or 'above'}: {self.unit.normalize():f}"
