"""Double entry: accounts, transfers and their entries.

A transfer's entries sum to zero in each currency; PostgreSQL checks it at commit (`guards.BALANCED`). Amounts are whole
minor units; a debit is positive, a credit negative. An origin is a text reference such as "change:C-20931", never a
foreign key, so that the ledger knows no other room.
"""

from __future__ import annotations

from django.db import models

from prorata.ledger.append_only import AppendOnly


class Account(models.Model):
    class Kind(models.TextChoices):
        ASSET = "asset"
        LIABILITY = "liability"
        INCOME = "income"
        EXPENSE = "expense"

    code = models.TextField(unique=True, help_text="e.g. customer/12/receivable/JPY, revenue/deferred/JPY")
    kind = models.CharField(max_length=9, choices=Kind)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="account_currency_iso"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["asset", "liability", "income", "expense"]),
                name="account_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Transfer(AppendOnly):
    """One act of moving money between accounts. `key` makes a repeat of the same act impossible."""

    key = models.TextField(unique=True)
    kind = models.CharField(max_length=40)
    origin = models.TextField(help_text="what caused it, e.g. change:C-20931")
    reason = models.TextField(blank=True)
    actor = models.TextField(help_text="who did it, e.g. user:7, gateway:sandbox, system")
    at = models.DateTimeField(help_text="business time")
    recorded_at = models.DateTimeField(help_text="machine time")
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by"
    )

    class Meta:
        indexes = [models.Index(fields=["origin"], name="transfer_origin")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Entry(AppendOnly):
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries")
    amount_minor = models.BigIntegerField(help_text="debit positive, credit negative")
    currency = models.CharField(max_length=3)

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.CheckConstraint(condition=~models.Q(amount_minor=0), name="entry_moves_something")
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount_minor:+d} {self.currency}"
