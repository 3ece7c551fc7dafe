"""The audit trail: who did what to what, when, and why. Written in the transaction of the deed, never changed.

It refers to everything by text, so that it knows no other room and outlives what it tells of.
"""

from __future__ import annotations

from django.db import models

from prorata.ledger.append_only import AppendOnly


class Deed(AppendOnly):
    at = models.DateTimeField(help_text="business time")
    recorded_at = models.DateTimeField(help_text="machine time")
    actor = models.TextField(help_text="who did it, e.g. user:7")
    actor_name = models.CharField(
        max_length=254, blank=True, help_text="the address they signed in with then"
    )
    what = models.CharField(max_length=60, help_text="e.g. credit.granted, product.edited")
    place = models.TextField(help_text="the row it was done to: table and id")
    reference = models.TextField(blank=True, help_text="what people call that row")
    customer_id = models.BigIntegerField(null=True, blank=True)
    reason = models.TextField(blank=True)
    changed = models.JSONField(default=dict, blank=True, help_text="field -> [before, after]")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["customer_id", "-id"], name="deed_of_customer"),
            models.Index(fields=["actor", "-id"], name="deed_of_actor"),
            models.Index(fields=["place"], name="deed_of_place"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(actor="") & ~models.Q(what=""), name="deed_names_who_and_what"
            )
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.reference}".strip()
