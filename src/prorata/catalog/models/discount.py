"""What the length of a term earns."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from prorata.catalog.models.product import Product


class DiscountSchedule(models.Model):
    """What the length of the time left earns, from an instant on; matched downward by whole months."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="schedules")
    version = models.PositiveIntegerField(default=1)
    starts_at = models.DateTimeField()

    class Meta:
        ordering = ["product", "-starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["product", "version"], name="schedule_version_once"),
            models.UniqueConstraint(fields=["product", "starts_at"], name="schedule_start_once"),
        ]

    def __str__(self) -> str:
        return f"{self.product} discounts v{self.version}"


class DiscountTier(models.Model):
    schedule = models.ForeignKey(DiscountSchedule, on_delete=models.PROTECT, related_name="tiers")
    months = models.PositiveSmallIntegerField(help_text="from so many whole months left")
    off = models.DecimalField(
        max_digits=7, decimal_places=6, help_text="share, e.g. 0.20 for 20 % off",
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))],
    )  # fmt: skip

    class Meta:
        ordering = ["months"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "months"], name="tier_threshold_once"),
            models.CheckConstraint(condition=models.Q(off__gte=0, off__lte=1), name="tier_off_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"from {self.months} months: {self.off * 100:f} % off"
