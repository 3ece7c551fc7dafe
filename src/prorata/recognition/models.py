"""Days whose revenue is recognised, what each day recognised, and what was taken over with adopted services."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models

from prorata.catalog.models import Product
from prorata.invoices.models import Seller
from prorata.ledger.append_only import AppendOnly
from prorata.ledger.models import Transfer
from prorata.services.models import Service


class Day(AppendOnly):
    """A day of a seller that is over and was recognised, also where it earned nothing. Days follow one another."""

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="recognised_days")
    day = models.DateField(help_text="in the seller's zone")
    ends_at = models.DateTimeField(help_text="the first instant after it")
    recorded_at = models.DateTimeField(help_text="machine time")

    class Meta:
        ordering = ["-day", "-id"]
        constraints = [models.UniqueConstraint(fields=["seller", "day"], name="recognised_once_a_day")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"

    @property
    def last_moment(self) -> datetime:
        """The instant its transfers are dated: within the day, so that they are in the books of its month."""
        return self.ends_at - timedelta(microseconds=1)


class Recognised(AppendOnly):
    """What one day moved from deferred to earned revenue, for one product in one currency.

    Negative where more was given back than the day earned. Lines without a service have no product.
    """

    day = models.ForeignKey(Day, on_delete=models.PROTECT, related_name="recognised")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, related_name="recognised")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    account = models.TextField(help_text="code of the ledger account that earned it")
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="recognised")

    class Meta:
        ordering = ["-id"]
        verbose_name = "recognised revenue"
        verbose_name_plural = "recognised revenue"
        constraints = [
            models.UniqueConstraint(
                fields=["day", "product", "currency"], name="recognised_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=~models.Q(amount_minor=0), name="recognised_moves_something"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.account} {self.amount_minor:+d}"


class Opening(AppendOnly):
    """What of an adopted service was paid elsewhere and not served yet on the day it was adopted, before tax.

    It is deferred revenue like that of an invoice, over the dates [starts, ends).
    """

    service = models.OneToOneField(Service, on_delete=models.PROTECT, related_name="opening")
    day = models.ForeignKey(Day, on_delete=models.PROTECT, related_name="openings")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    starts = models.DateField()
    ends = models.DateField()
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="openings")

    class Meta:
        ordering = ["-id"]
        verbose_name = "deferred revenue taken over"
        verbose_name_plural = "deferred revenue taken over"
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="opening_is_something"),
            models.CheckConstraint(condition=models.Q(starts__lt=models.F("ends")), name="opening_covers_days"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.service}: {self.amount_minor} {self.currency}"
