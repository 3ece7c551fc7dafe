"""What a product consists of: resource types, their options, and how much of one another needs."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models

from prorata.catalog.links import Link
from prorata.catalog.models.product import Product

CODE = RegexValidator(
    r"^[a-z][a-z0-9_]{0,39}$", "Use small letters, digits and underscores, beginning with a letter."
)


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
