"""The customer's purses: account credit and gifted credit, what is pledged from them, the credit log, and vouchers."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from prorata.catalog.models import Product
from prorata.customers.models import Customer
from prorata.ledger.append_only import AppendOnly
from prorata.ledger.models import Transfer


class Purse(models.Model):
    """Credit of one kind in one currency. Changed only under the customer's lock, by `credit.move`, never below zero."""

    class Kind(models.TextChoices):
        ACCOUNT = "account", _("Account credit")
        GIFTED = "gifted", _("Gifted credit")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="purses")
    kind = models.CharField(max_length=7, choices=Kind)
    currency = models.CharField(max_length=3)
    balance_minor = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="the customer reads this")
    prolonged_from = models.DateTimeField(
        null=True,
        blank=True,
        help_text="the end it had before; it passed while the gift was held for a change",
    )
    end_told_at = models.DateTimeField(
        null=True, blank=True, help_text="when the customer was told that the end is near"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(balance_minor__gte=0), name="purse_never_below_zero"),
            models.UniqueConstraint(
                fields=["customer", "currency"],
                condition=models.Q(kind="account"),
                name="one_account_purse_a_currency",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="gifted", expires_at__isnull=False)
                | models.Q(kind="account", expires_at__isnull=True),
                name="only_gifts_expire",
            ),
            models.CheckConstraint(
                condition=models.Q(prolonged_from=None)
                | models.Q(kind="gifted", expires_at__gt=models.F("prolonged_from")),
                name="prolonged_beyond_its_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(balance_minor__gt=0, expires_at__isnull=False),
                name="purse_that_ends",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.currency}"

    def has_ended(self, now: datetime) -> bool:
        """Whether its time is over; account credit never ends."""
        return self.expires_at is not None and self.expires_at <= now


class Pledge(models.Model):
    """Credit held for an unpaid change. Posted when the invoice is settled, voided when the change is given up."""

    class State(models.TextChoices):
        HELD = "held"
        POSTED = "posted"
        VOIDED = "voided"

    purse = models.ForeignKey(Purse, on_delete=models.PROTECT, related_name="pledges")
    origin = models.TextField()
    amount_minor = models.BigIntegerField()
    state = models.CharField(max_length=6, choices=State, default=State.HELD)
    held_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["origin"], name="pledge_origin")]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="pledge_positive"),
            models.UniqueConstraint(
                fields=["purse", "origin"],
                condition=models.Q(state="held"),
                name="one_pledge_a_purse_and_origin",
            ),
            models.CheckConstraint(
                condition=models.Q(state="held", ended_at__isnull=True)
                | models.Q(state__in=["posted", "voided"], ended_at__isnull=False),
                name="pledge_state_matches_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} for {self.origin}: {self.state}"


class LogLine(AppendOnly):
    """One line of the credit log: what the customer reads about a movement of a purse."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="credit_log")
    purse = models.ForeignKey(Purse, on_delete=models.PROTECT, related_name="log")
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="log_lines")
    what = models.CharField(
        max_length=40, help_text="message key: granted, pledged, released, spent, returned, surplus, expired"
    )
    amount_minor = models.BigIntegerField()
    balance_after_minor = models.BigIntegerField(help_text="of this purse")
    currency = models.CharField(max_length=3)
    origin = models.TextField()
    reason = models.TextField(blank=True, help_text="the customer reads this")
    actor = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["customer", "-id"], name="log_of_customer")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(amount_minor=0), name="log_line_moves_something"),
            models.CheckConstraint(
                condition=models.Q(balance_after_minor__gte=0), name="log_balance_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.amount_minor:+d} {self.currency}"


class Voucher(models.Model):
    """A discount that staff issue: by code for anybody who has it, or assigned to one customer.

    Its terms are written once. It ends at `expires_at`, when its uses are gone, or when staff withdraw it.
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120, help_text="the customer reads this, e.g. Summer offer")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="vouchers",
        help_text="only this customer may use it; empty: whoever has the code",
    )  # fmt: skip
    currency = models.CharField(max_length=3, blank=True, help_text="empty: a percentage in any currency")
    amount_minor = models.BigIntegerField(null=True, blank=True)
    off = models.DecimalField(
        max_digits=7, decimal_places=6, null=True, blank=True, help_text="share, e.g. 0.10 for 10 % off"
    )
    at_most_minor = models.BigIntegerField(null=True, blank=True, help_text="the most a percentage takes off")
    minimum_spend_minor = models.BigIntegerField(default=0)
    products = models.ManyToManyField(Product, blank=True, related_name="vouchers", help_text="none: all")
    components = models.JSONField(default=list, blank=True, help_text="codes of resources; none: all")
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    max_uses = models.PositiveIntegerField(null=True, blank=True, help_text="in all; empty: no limit")
    max_uses_per_customer = models.PositiveIntegerField(null=True, blank=True, default=1)
    note = models.TextField(blank=True, help_text="for staff")
    issued_by = models.TextField()
    issued_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[A-Z0-9][A-Z0-9-]{2,39}$"), name="voucher_code_is_plain"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0, off__isnull=True, at_most_minor__isnull=True)
                | models.Q(amount_minor__isnull=True, off__gt=0, off__lte=1),
                name="voucher_takes_off_an_amount_or_a_part",
            ),
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$")
                | models.Q(
                    currency="", amount_minor__isnull=True, at_most_minor__isnull=True, minimum_spend_minor=0
                ),
                name="voucher_amounts_have_a_currency",
            ),
            models.CheckConstraint(
                condition=models.Q(minimum_spend_minor__gte=0)
                & (models.Q(at_most_minor__isnull=True) | models.Q(at_most_minor__gt=0)),
                name="voucher_limits_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(starts_at__lt=models.F("expires_at")), name="voucher_lasts"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class VoucherUse(models.Model):
    """One use of a voucher by one change: held while it is unpaid, used when it is paid, released when it is given up
    or when nothing that was discounted could be delivered."""

    class State(models.TextChoices):
        HELD = "held"
        USED = "used"
        RELEASED = "released"

    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="uses")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="voucher_uses")
    origin = models.TextField(unique=True)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField(help_text="what it took off")
    state = models.CharField(max_length=8, choices=State, default=State.HELD)
    held_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["voucher", "customer"], name="voucher_use_counted")]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="voucher_use_positive"),
            models.CheckConstraint(
                condition=models.Q(state="held", used_at__isnull=True, released_at__isnull=True)
                | models.Q(state="used", used_at__isnull=False, released_at__isnull=True)
                | models.Q(state="released", released_at__isnull=False),
                name="voucher_use_state_matches_facts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.voucher_id} for {self.origin}: {self.state}"
