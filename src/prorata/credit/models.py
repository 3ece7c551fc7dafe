"""The customer's purses: account credit and gifted credit, what is pledged from them, and the credit log."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from prorata.customers.models import Customer
from prorata.ledger.append_only import AppendOnly
from prorata.ledger.models import Transfer


class Purse(models.Model):
    """Credit of one kind in one currency. Changed only under the customer's lock, by `credit.move`, never below zero."""

    class Kind(models.TextChoices):
        ACCOUNT = "account", "Account credit"
        GIFTED = "gifted", "Gifted credit"

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
