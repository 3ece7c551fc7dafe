"""What is sold: products, their resource types, price books and discount schedules (versioned, dated)."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from prorata.pricing.change import DEFAULT_CREDIT
from prorata.pricing.rules import RULES
from prorata.pricing.terms import DEFAULT_RULE

# What a product may give back when it is reduced. `symmetric` is not among them: it would return more than was paid.
SOLD_CREDIT_MODELS = (DEFAULT_CREDIT, "none")

CODE = RegexValidator(
    r"^[a-z][a-z0-9_]{0,39}$", "Use small letters, digits and underscores, beginning with a letter."
)


class Product(models.Model):
    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    tax_rate = models.DecimalField(
        max_digits=7, decimal_places=6, default=Decimal(0), help_text="share, e.g. 0.10; 0 for none",
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))],
    )  # fmt: skip
    tax_label = models.CharField(max_length=60, blank=True, help_text="e.g. Consumption tax")
    rule = models.CharField(
        max_length=40, default=DEFAULT_RULE, choices=[(name, name) for name in RULES],
        help_text="how the time left of a term is counted",
    )  # fmt: skip
    credit_model = models.CharField(
        max_length=20, default=DEFAULT_CREDIT, choices=[(name, name) for name in SOLD_CREDIT_MODELS],
        help_text="what a reduction gives back",
    )  # fmt: skip
    changes_a_day = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="how often a service may be changed in a day of the billing zone; empty: as often as wanted",
    )  # fmt: skip
    reductions_a_term = models.PositiveSmallIntegerField(
        null=True, blank=True,
        help_text="how many changes of a term may make a service smaller; empty: any number, 0: none",
    )  # fmt: skip
    cooldown_hours = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="hours between two changes of a service; empty: none",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tax_rate__gte=0, tax_rate__lte=1), name="product_tax_is_a_share"
            ),
            models.CheckConstraint(condition=models.Q(rule__in=list(RULES)), name="product_rule_known"),
            models.CheckConstraint(
                condition=models.Q(credit_model__in=list(SOLD_CREDIT_MODELS)),
                name="product_credit_model_known",
            ),
            models.CheckConstraint(
                condition=models.Q(changes_a_day__gte=1) | models.Q(changes_a_day=None),
                name="product_can_be_changed",
            ),
            models.CheckConstraint(
                condition=models.Q(cooldown_hours__gte=1) | models.Q(cooldown_hours=None),
                name="product_cooldown_lasts",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ResourceType(models.Model):
    """A countable thing (a quantity with unit, limits and steps) or a choice (an option such as an instance type)."""

    class Kind(models.TextChoices):
        QUANTITY = "quantity"
        OPTION = "option", "Option (one price each)"

    class Usage(models.TextChoices):
        NONE = "none", "Usage does not limit a reduction"
        AMOUNT = "amount", "An amount in use, e.g. disk space or memory"
        OBJECTS = "objects", "Stored things that are counted, e.g. snapshots"

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="resource_types")
    code = models.CharField(max_length=40, validators=[CODE], help_text="the driver knows it by this name")
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=20, blank=True, help_text="e.g. GB; empty for a bare count")
    unit_word = models.CharField(
        max_length=40, blank=True, help_text="one of it, in words: core, GB, snapshot"
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.QUANTITY)
    minimum = models.PositiveIntegerField(default=0)
    maximum = models.PositiveIntegerField(default=0)
    step = models.PositiveIntegerField(default=1)
    steps = models.JSONField(
        default=list, blank=True, help_text="the values sold, as a list; empty: every step"
    )
    usage = models.CharField(max_length=10, choices=Usage, default=Usage.NONE)
    reserve_percent = models.PositiveSmallIntegerField(
        default=0,
        help_text="how much of the size must stay free when it is reduced",
        validators=[MaxValueValidator(90)],
    )
    grow_restarts = models.BooleanField(
        default=False, help_text="an increase needs a restart; the machine has the last word"
    )
    shrink_restarts = models.BooleanField(default=True, help_text="a reduction needs a restart")
    may_shrink = models.BooleanField(
        default=True, help_text="whether this product sells less of it during a term"
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "code"], name="resource_code_once_a_product"),
            models.CheckConstraint(
                condition=models.Q(minimum__lte=models.F("maximum")), name="resource_minimum_below_maximum"
            ),
            models.CheckConstraint(condition=models.Q(step__gte=1), name="resource_step_positive"),
            models.CheckConstraint(
                condition=models.Q(reserve_percent__lte=90), name="resource_reserve_leaves_something"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["quantity", "option"]), name="resource_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.name}"

    def stops(self) -> list[int]:
        """The quantities sold, ascending."""
        return list(self.steps) or list(range(self.minimum, self.maximum + 1, self.step))

    def clean(self) -> None:
        if self.kind != self.Kind.QUANTITY:
            return
        if self.maximum < self.minimum:
            raise ValidationError(
                {"maximum": "The maximum is below the minimum. Raise it or lower the minimum."}
            )
        if self.steps:
            if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in self.steps):
                raise ValidationError({"steps": "List whole numbers, e.g. [1, 2, 4, 8]."})
            if self.steps != sorted(set(self.steps)):
                raise ValidationError({"steps": "List each value once, smallest first."})
            if self.steps[0] != self.minimum or self.steps[-1] != self.maximum:
                raise ValidationError(
                    {"steps": "The list must begin with the minimum and end with the maximum."}
                )
        elif (self.maximum - self.minimum) // self.step > 1000:
            raise ValidationError(
                {"step": "That makes more than 1,000 values. Choose a larger step or list the values sold."}
            )


class Option(models.Model):
    resource_type = models.ForeignKey(ResourceType, on_delete=models.PROTECT, related_name="options")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["resource_type", "code"], name="option_code_once_a_type")
        ]

    def __str__(self) -> str:
        return self.name


class PriceBook(models.Model):
    """Rates from an instant on. A book that has started is never edited: a new price is a new version."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="price_books")
    currency = models.CharField(max_length=3)
    version = models.PositiveIntegerField(default=1)
    starts_at = models.DateTimeField()
    tax_included = models.BooleanField(default=False, help_text="whether the rates below include tax")

    class Meta:
        ordering = ["product", "currency", "-starts_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "currency", "version"], name="price_book_version_once"
            ),
            models.UniqueConstraint(
                fields=["product", "currency", "starts_at"], name="price_book_start_once"
            ),
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="price_book_currency_iso"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.currency} v{self.version}"


class Rate(models.Model):
    """The monthly price of one unit of a quantity, or of one option."""

    price_book = models.ForeignKey(PriceBook, on_delete=models.PROTECT, related_name="rates")
    resource_type = models.ForeignKey(ResourceType, on_delete=models.PROTECT, related_name="rates")
    option = models.ForeignKey(Option, on_delete=models.PROTECT, null=True, blank=True, related_name="rates")
    monthly = models.DecimalField(max_digits=20, decimal_places=8, validators=[MinValueValidator(Decimal(0))])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["price_book", "resource_type", "option"],
                nulls_distinct=False,
                name="rate_once_a_book",
            ),
            models.CheckConstraint(condition=models.Q(monthly__gte=0), name="rate_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.option or self.resource_type}: {self.monthly.normalize():f}"


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
