"""What is sold, and how a change of it is counted and limited."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from prorata.pricing.change import DEFAULT_CREDIT, REBUY
from prorata.pricing.rules import RULES
from prorata.pricing.terms import DEFAULT_RULE

# What a product may give back when it is reduced. `symmetric` is not among them: it would return more than was paid.
SOLD_CREDIT_MODELS = (DEFAULT_CREDIT, REBUY, "none")


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
