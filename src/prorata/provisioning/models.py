"""Jobs that change machines, the journal of their steps, and headroom held for paid or awaited growth."""

from __future__ import annotations

from django.db import models

from prorata.services.models import Service


class Job(models.Model):
    """One change of one machine. Retried with absolute targets; every write carries the fence of the run that made it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        PARKED = "parked"
        ATTENTION = "attention"
        ENDED = "ended"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="jobs")
    origin = models.TextField(unique=True, help_text="change:C-20931")
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    may_restart = models.BooleanField(help_text="the customer agreed to a restart by us")
    reason = models.CharField(
        max_length=40, blank=True, help_text="why parked or in attention: busy, host_full, ..."
    )
    detail = models.TextField(blank=True, help_text="what the machine said, for staff")
    deadline = models.DateTimeField(help_text="business time; then what cannot be done is reversed")
    retry_at = models.DateTimeField(
        null=True, blank=True, help_text="business time of the next try while parked"
    )
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True, help_text="machine time")
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    giving_up = models.BooleanField(
        default=False, help_text="staff or the deadline decided: undo what is reversible"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="ended", ended_at__isnull=False)
                | (~models.Q(state="ended") & models.Q(ended_at=None)),
                name="job_state_matches_end",
            )
        ]

    def __str__(self) -> str:
        return f"{self.origin}: {self.state}"


class JobStep(models.Model):
    """One component towards one absolute target. `reduce` steps come first; `undo` steps put a reduction back."""

    class Kind(models.TextChoices):
        REDUCE = "reduce"
        GROW = "grow"
        UNDO = "undo"

    class State(models.TextChoices):
        PENDING = "pending"
        DOING = "doing"  # the intent is committed; the machine may or may not have heard of it
        DONE = "done"  # read back
        RESTART = "restart"  # done but for a restart the customer does himself
        FAILED = "failed"  # for good
        SKIPPED = "skipped"  # never begun, because an earlier step failed

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=6, choices=Kind)
    component = models.CharField(max_length=40)
    from_value = models.JSONField()
    to_value = models.JSONField()
    overwrites = models.JSONField(null=True, help_text="a value made by hand that staff said may be replaced")
    state = models.CharField(max_length=7, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["job", "position"]
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="step_position_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["done", "restart", "failed", "skipped"], ended_at__isnull=False)
                | models.Q(state__in=["pending", "doing"], ended_at__isnull=True),
                name="step_state_matches_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.component} to {self.to_value}: {self.state}"


class Host(models.Model):
    """A host that growth competes for; its generation rises with every reservation, which also serialises them."""

    driver = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    generation = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["driver", "name"], name="host_once")]

    def __str__(self) -> str:
        return f"{self.driver}/{self.name}"


class Reservation(models.Model):
    """Headroom held on a host for a submitted change, until it is used, given up or its time is over."""

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="reservations")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="reservations")
    origin = models.TextField()
    component = models.CharField(max_length=40)
    amount = models.PositiveIntegerField()
    until = models.DateTimeField(help_text="business time")
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["origin", "component"], name="reserved_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="reservation_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.component} for {self.origin}"
