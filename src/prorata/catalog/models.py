"""What is sold: products, their resource types, price books and discount schedules (versioned, dated)."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from prorata.catalog.links import Link
from prorata.pricing.change import DEFAULT_CREDIT, REBUY
from prorata.pricing.rules import RULES
from prorata.pricing.terms import DEFAULT_RULE

# What a product may give back when it is reduced. `symmetric` is not among them: it would return more than was paid.
SOLD_CREDIT_MODELS = (DEFAULT_CREDIT, REBUY, "none")

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
    may_move = models.BooleanField(
        default=True,
        help_text="a machine may go to another host when its own has no room for growth that is paid for",
    )
    # Another one with every change of the product and of what it sells: PostgreSQL sees to it.
    revision = models.UUIDField(default=uuid4, editable=False)

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


class ResourceTypes(models.QuerySet["ResourceType"]):
    def with_rules(self) -> ResourceTypes:
        """With their options and linked limits, in so many queries whatever their number."""
        links = LinkedLimit.objects.select_related("resource_type", "option", "needs")
        return self.prefetch_related("options", models.Prefetch("links", links))


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
    peak_days = models.PositiveSmallIntegerField(
        default=0,
        help_text="a reduction stays above the most that was used in so many days; 0: above what is used now",
        validators=[MaxValueValidator(30)],
    )
    grow_restarts = models.BooleanField(
        default=False, help_text="an increase needs a restart; the machine has the last word"
    )
    shrink_restarts = models.BooleanField(default=True, help_text="a reduction needs a restart")
    may_shrink = models.BooleanField(
        default=True, help_text="whether this product sells less of it during a term"
    )
    position = models.PositiveSmallIntegerField(default=0)

    objects = ResourceTypes.as_manager()

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
            models.CheckConstraint(
                condition=models.Q(peak_days__lte=30), name="resource_peak_within_kept_readings"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.name}"

    def asks(self) -> tuple[Link, ...]:
        """What this resource needs of others."""
        return tuple(row.link() for row in self.links.all())

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


class LinkedLimit(models.Model):
    """So much of one resource, or one of its options, needs at least so much of another of the same product."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="linked_limits")
    resource_type = models.ForeignKey(ResourceType, on_delete=models.CASCADE, related_name="links")
    at_least = models.PositiveIntegerField(null=True, blank=True)
    option = models.ForeignKey(Option, on_delete=models.CASCADE, null=True, blank=True, related_name="links")
    needs = models.ForeignKey(ResourceType, on_delete=models.CASCADE, related_name="needed_by")
    minimum = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["resource_type", "at_least", "option", "needs"],
                nulls_distinct=False,
                name="linked_limit_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(resource_type=models.F("needs")), name="linked_limit_of_another"
            ),
            models.CheckConstraint(
                condition=models.Q(at_least__isnull=False, option__isnull=True)
                | models.Q(at_least__isnull=True, option__isnull=False),
                name="linked_limit_has_one_reason",
            ),
            models.CheckConstraint(condition=models.Q(minimum__gte=1), name="linked_limit_asks_something"),
        ]

    def __str__(self) -> str:
        return (
            f"{self.resource_type.name} {self.option or self.at_least} needs {self.needs.name} {self.minimum}"
        )

    def clean(self) -> None:
        if not (self.resource_type_id and self.needs_id and self.product_id):
            return
        if {self.resource_type.product_id, self.needs.product_id} != {self.product_id}:
            raise ValidationError("Both resources belong to this product. Choose two of its own.")
        if self.resource_type_id == self.needs_id:
            raise ValidationError({"needs": "A resource cannot need more of itself. Choose another."})
        if self.needs.kind != ResourceType.Kind.QUANTITY:
            raise ValidationError({"needs": f"{self.needs.name} is a choice. Only a quantity can be needed."})
        self._clean_reason()
        if self.minimum is not None and self.minimum not in self.needs.stops():
            raise ValidationError(
                {"minimum": f"{self.needs.name} is not sold as {self.minimum}. Choose a value that is."}
            )

    def _clean_reason(self) -> None:
        if self.resource_type.kind == ResourceType.Kind.OPTION:
            if self.option is None or self.option.resource_type_id != self.resource_type_id:
                raise ValidationError({"option": f"Choose one of the options of {self.resource_type.name}."})
            return
        if self.option is not None:
            raise ValidationError(
                {"option": f"{self.resource_type.name} is a quantity and has no options. Empty this."}
            )
        if self.at_least not in self.resource_type.stops():
            raise ValidationError({"at_least": f"Write a value that {self.resource_type.name} is sold in."})

    def link(self) -> Link:
        """The rule as a plain value."""
        return Link(
            of=self.resource_type.code, at_least=self.at_least, option=self.option.code if self.option else None,
            needs=self.needs.code, minimum=self.minimum,
        )  # fmt: skip


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


class NameInLanguage(models.Model):
    """What customers read in another language for a name the provider gave: "Memory" is メモリ in Japanese.

    Resource types, options, units, products and tax labels: whatever has this very name.
    """

    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        JAPANESE = "ja", "日本語"
        CHINESE = "zh-hans", "简体中文"

    name = models.CharField(max_length=120, help_text="as it stands at the product, e.g. Memory")
    language = models.CharField(max_length=10, choices=Language)
    said = models.CharField(max_length=120, help_text="what customers read in this language")

    class Meta:
        verbose_name_plural = "names in languages"
        constraints = [
            models.UniqueConstraint(fields=["name", "language"], name="one_name_a_language"),
            models.CheckConstraint(
                condition=models.Q(language__in=["en", "ja", "zh-hans"]), name="name_language_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language}): {self.said}"
