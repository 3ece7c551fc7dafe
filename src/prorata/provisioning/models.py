"""Jobs that change machines, the journal of their steps, and headroom held for paid or awaited growth."""

from __future__ import annotations

from django.db import models

from prorata.customers.models import User
from prorata.ledger.append_only import AppendOnly
from prorata.services.models import Service


class Silence(models.Model):
    """A machine that was asked how it is and did not answer; the row goes when it does. Business time."""

    service = models.OneToOneField(Service, on_delete=models.PROTECT, related_name="silence")
    since = models.DateTimeField()
    tries = models.PositiveIntegerField()
    ask_again_at = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True, help_text="for staff")

    def __str__(self) -> str:
        return f"{self.service} since {self.since:%Y-%m-%d %H:%M:%S}"


class Deletion(models.Model):
    """Somebody asked for a stored object to be deleted. Open until a reading no longer lists it, or it was refused."""

    class State(models.TextChoices):
        ASKED = "asked", "Asked; the hypervisor has not answered"
        BEGUN = "begun", "Being deleted"
        GONE = "gone", "Deleted"
        REFUSED = "refused"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="deletions")
    object_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, help_text="the resource it counted against")
    name = models.CharField(max_length=200, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(help_text="business time")
    state = models.CharField(max_length=7, choices=State, default=State.ASKED)
    reason = models.CharField(max_length=300, blank=True, help_text="why it was refused, as the machine said")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service", "object_id"], condition=models.Q(ended_at=None), name="deletion_asked_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["asked", "begun"], ended_at=None)
                | models.Q(state__in=["gone", "refused"], ended_at__isnull=False),
                name="deletion_state_matches_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.object_id} of {self.service}"


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
    may_move = models.BooleanField(
        default=False, help_text="where its host is full, the machine may be brought to another one"
    )
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
    broken = models.PositiveIntegerField(
        default=0, help_text="runs one after another that broke or died before they could say anything"
    )
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    giving_up = models.BooleanField(
        default=False, help_text="staff or the deadline decided: undo what is reversible"
    )

    class Meta:
        # The sweep looks every few seconds, and nearly all jobs have ended.
        indexes = [
            models.Index(
                fields=["state"],
                condition=models.Q(state__in=["queued", "running", "parked", "attention"]),
                name="job_not_ended",
            )
        ]
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


class JobEvent(AppendOnly):
    """The journal of a job: what a run meant to do, what it was told, what it read back and decided. A new try adds rows.

    An intention without an answer after it is a call of which nobody knows whether the machine heard it.
    """

    class What(models.TextChoices):
        INTENDED = "intended"  # committed before the call
        ANSWERED = "answered"  # what the hypervisor said, or that it said nothing; only reading proves it
        RECORDED = "recorded"  # what the step has come to, after the machine was read
        MOVED = "moved", "Moved to another host"
        WAITS = "waits"
        ATTENTION = "attention", "Needs a person"
        ENDED = "ended"

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="events")
    step = models.ForeignKey(
        JobStep, on_delete=models.PROTECT, null=True, related_name="events", help_text="empty: the whole job"
    )
    fence = models.PositiveIntegerField(help_text="of the run that wrote it")
    what = models.CharField(max_length=9, choices=What)
    detail = models.TextField(blank=True)
    at = models.DateTimeField(help_text="business time")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["step"], condition=models.Q(what="recorded"), name="step_recorded_once"
            ),
            models.UniqueConstraint(fields=["job"], condition=models.Q(what="ended"), name="job_ended_once"),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.detail}"


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
    awaits_payment = models.BooleanField(
        default=False, help_text="nobody has paid yet: of such room a customer holds only a share of a host's"
    )
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        # Rows stay, and each estimate asks for those of a host that are held or were just released.
        indexes = [models.Index(fields=["host", "released_at"], name="reserved_on_host")]
        constraints = [
            models.UniqueConstraint(fields=["origin", "component"], name="reserved_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="reservation_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.component} for {self.origin}"
