"""Where a service, its documents and its machine say different things, and what staff decided about it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models

from prorata.ledger.append_only import AppendOnly
from prorata.services.models import Service


class Comparison(models.Model):
    """One run over all live services and all machines of every hypervisor connection."""

    at = models.DateTimeField(help_text="business time")
    services = models.PositiveIntegerField(default=0, help_text="services that were compared")
    in_flight = models.PositiveIntegerField(
        default=0, help_text="left out, because a change of them is under way"
    )
    unmeasured = models.PositiveIntegerField(default=0, help_text="left out, because they were not measured")
    left_out = models.JSONField(default=list, help_text="[{place, name, why}], the first two hundred")
    machines = models.PositiveIntegerField(default=0, help_text="machines that the hypervisors listed")
    silent = models.JSONField(default=list, help_text="[{driver, why}]: connections that listed nothing")
    opened = models.PositiveIntegerField(default=0, help_text="differences that were new")
    closed = models.PositiveIntegerField(default=0, help_text="differences that were gone")
    still_open = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        verbose_name = "comparison"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {self.still_open} open"


class Difference(models.Model):
    """What a comparison found, from when it was first seen until it was gone or settled by a decision."""

    class Kind(models.TextChoices):
        SIZE = "size", "Another size"
        UNKNOWN = "unknown", "Machine not found"
        LEFT = "left", "Machine of an ended service"
        ORPHAN = "orphan", "Machine without a service"

    class Ended(models.TextChoices):
        GONE = "gone", "Gone by itself"
        BROUGHT = "brought", "Machine brought to what is sold"
        ACCEPTED = "accepted", "Taken over without charge"

    kind = models.CharField(max_length=7, choices=Kind)
    driver = models.CharField(max_length=40)
    external_id = models.CharField(max_length=120)
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, null=True, blank=True, related_name="differences"
    )
    component = models.CharField(max_length=40, blank=True)
    sold = models.JSONField(null=True, blank=True, help_text="the service's configuration")
    invoiced = models.JSONField(
        null=True, blank=True, help_text="the newest settled value; null: none is known"
    )
    invoiced_by = models.TextField(blank=True, help_text="origin of that value, e.g. change:C-20931")
    measured = models.JSONField(
        null=True, blank=True, help_text="what the machine has; null: it does not say"
    )
    measured_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times_seen = models.PositiveIntegerField(default=1)
    left_until = models.DateTimeField(null=True, blank=True, help_text="staff leave it as it is until then")
    closed_at = models.DateTimeField(null=True, blank=True)
    ended = models.CharField(max_length=8, choices=Ended, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "kind", "component"],
                condition=models.Q(closed_at=None, service__isnull=False),
                name="one_open_difference_a_component",
            ),
            models.UniqueConstraint(
                fields=["driver", "external_id"],
                condition=models.Q(closed_at=None, kind="orphan"),
                name="one_open_orphan_a_machine",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="size", service__isnull=False) & ~models.Q(component="")
                | models.Q(kind__in=["unknown", "left"], service__isnull=False, component="")
                | models.Q(kind="orphan", service=None, component=""),
                name="difference_names_what_differs",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None, ended="")
                | models.Q(closed_at__isnull=False, ended__in=["gone", "brought", "accepted"]),
                name="difference_ends_somehow",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service or self.external_id}: {self.component or self.get_kind_display()}"

    def is_left(self, now: datetime) -> bool:
        """Whether staff said to leave it for now."""
        return self.left_until is not None and self.left_until > now


class Decision(AppendOnly):
    """What staff decided about a difference, and why."""

    class What(models.TextChoices):
        BRING = "bring", "Bring the machine to what is sold"
        ACCEPT = "accept", "Take over what the machine has, without charge"
        LEAVE = "leave", "Leave it until a date"

    difference = models.ForeignKey(Difference, on_delete=models.PROTECT, related_name="decisions")
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    component = models.CharField(max_length=40, blank=True)
    what = models.CharField(max_length=6, choices=What)
    sold = models.JSONField(null=True, help_text="the service's configuration until then")
    measured = models.JSONField(null=True, help_text="what the machine had then")
    version = models.PositiveIntegerField(
        null=True, blank=True, help_text="of the service, from this decision on"
    )
    until = models.DateTimeField(null=True, blank=True)
    may_restart = models.BooleanField(default=False)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="drift_decisions")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(what="leave", until__isnull=False)
                | models.Q(
                    what__in=["bring", "accept"], until=None, service__isnull=False, version__isnull=False
                )
                & ~models.Q(component=""),
                name="decision_matches_what",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="decision_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.reason}"

    @property
    def origin(self) -> str:
        """How the rooms below refer to it."""
        return f"drift:{self.pk}"
