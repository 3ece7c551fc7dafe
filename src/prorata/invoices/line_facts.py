"""What a document line was worked out from: the value before and after, the prices and factors of both, the time."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db import models


@dataclass(frozen=True)
class Rate:
    """Monthly prices in major units, discounts as shares (0.2 for 20 % off), and the exact months they count for."""

    old: Decimal
    new: Decimal
    old_off: Decimal
    new_off: Decimal
    months: Fraction

    @property
    def months_text(self) -> str:
        """To four decimals, as the explanation prints it: "3.5333"."""
        return f"{Decimal(round(self.months * 10**4)).scaleb(-4):f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, kw_only=True)
class LineFacts:
    """As a quote froze them. `from_name` and `to_name` are the values in words without their unit; monthly prices are
    major units in the basis of the price book; a factor is what a discount leaves of them, 0.8 for 20 % off; `months` is
    the exact time they count for, as a fraction ("53/15"); `capped`: the rule asked for more than was paid and is unused,
    so that came back. Empty and None: not known, as on documents of before."""

    name: str = ""
    unit: str = ""
    from_name: str = ""
    to_name: str = ""
    old_monthly: Decimal | None = None
    new_monthly: Decimal | None = None
    old_factor: Decimal | None = None
    new_factor: Decimal | None = None
    months: str = ""
    capped: bool = False


class KeepsLineFacts(models.Model):
    """The same as columns."""

    name = models.CharField(max_length=80, blank=True, default="", help_text="of the resource, then")
    unit = models.CharField(max_length=20, blank=True, default="")
    from_name = models.CharField(
        max_length=80, blank=True, default="", help_text="the value before, in words"
    )
    to_name = models.CharField(max_length=80, blank=True, default="")
    old_monthly = models.DecimalField(max_digits=20, decimal_places=8, null=True, blank=True)
    new_monthly = models.DecimalField(max_digits=20, decimal_places=8, null=True, blank=True)
    old_factor = models.DecimalField(
        max_digits=9,
        decimal_places=8,
        null=True,
        blank=True,
        help_text="what a discount leaves, 0.8 for 20 %",
    )
    new_factor = models.DecimalField(max_digits=9, decimal_places=8, null=True, blank=True)
    months = models.CharField(
        max_length=80, blank=True, default="", help_text="an exact fraction, e.g. 53/15"
    )
    capped = models.BooleanField(
        default=False, help_text="what was paid and is unused, less than the rule says"
    )

    class Meta:
        abstract = True

    @property
    def is_term(self) -> bool:
        """Whether it is a component bought for a term: there was nothing before it."""
        return bool(self.name) and not self.from_name

    @property
    def rate(self) -> Rate | None:
        """What this line was worked out from; None on documents that were written before it was kept."""
        old, new, old_factor, new_factor = (
            self.old_monthly,
            self.new_monthly,
            self.old_factor,
            self.new_factor,
        )
        if old is None or new is None or old_factor is None or new_factor is None or not self.months:
            return None
        return Rate(old, new, 1 - old_factor, 1 - new_factor, Fraction(self.months))
