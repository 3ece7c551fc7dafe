"""Runs of verify and what they found, and the seals over what is written once."""

from __future__ import annotations

from django.db import models

from prorata.ledger.append_only import AppendOnly


class Run(AppendOnly):
    """One nightly walk. `findings` are as `prorata verify --json` prints them, the first hundred; `broken` counts all."""

    at = models.DateTimeField(help_text="business time")
    recorded_at = models.DateTimeField(help_text="machine time")
    seconds = models.FloatField()
    rows = models.BigIntegerField(help_text="rows in the tables walked")
    promises = models.PositiveIntegerField()
    broken = models.PositiveIntegerField(help_text="rows that break a promise")
    findings = models.JSONField(default=list)
    last_seal = models.BigIntegerField(null=True, blank=True, help_text="the newest seal then")
    last_hash = models.CharField(max_length=64, blank=True, help_text="its hash, in hexadecimal")

    class Meta:
        ordering = ["-id"]
        verbose_name = "check of the books"
        verbose_name_plural = "checks of the books"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {self.broken} broken"


class Seal(AppendOnly):
    """The SHA-256 over a stretch of one table's rows and the seal before it: whoever changes a row later is named.

    `columns` are those that were hashed, in their order: a column that a later version adds is in later seals.
    `marks` has 16 bytes a row, its id and the first eight bytes of its own hash: they say which row it was.
    """

    table = models.CharField(max_length=63)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    columns = models.JSONField()
    marks = models.BinaryField()
    previous = models.BinaryField(
        max_length=32, unique=True, help_text="hash of the seal before; zeros for the first"
    )
    hash = models.BinaryField(max_length=32, unique=True)
    sealed_at = models.DateTimeField(help_text="machine time")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["table", "first_id"], name="sealed_once"),
            models.CheckConstraint(
                condition=models.Q(first_id__lte=models.F("last_id"), rows__gte=1), name="seal_covers_rows"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.first_id} to {self.last_id}"
