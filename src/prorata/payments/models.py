"""Payment attempts, captures and the webhook inbox."""

from __future__ import annotations

import uuid

from django.db import models

from prorata.customers.models import Customer
from prorata.invoices.models import Invoice
from prorata.ledger.append_only import AppendOnly
from prorata.ledger.models import Transfer


class PaymentAttempt(models.Model):
    """One try to move one amount through one gateway. The intent is committed before the gateway is called."""

    class State(models.TextChoices):
        CREATED = "created"  # our row exists; whether the gateway knows of it is not known yet
        REDIRECTED = "redirected"  # the customer was sent to the gateway's page
        PROCESSING = "processing"  # the gateway has the money on its way
        UNKNOWN = "unknown"  # the gateway did not answer; never final
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    OPEN = (State.CREATED, State.REDIRECTED, State.PROCESSING, State.UNKNOWN)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="attempts")
    gateway = models.CharField(max_length=40)
    method = models.CharField(max_length=40)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.CREATED)
    gateway_ref = models.CharField(max_length=120, blank=True)
    redirect_url = models.TextField(blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="why it failed, for the customer")
    save_method = models.BooleanField(
        default=False, help_text="the customer agreed that the means of payment is kept for later"
    )
    made_by = models.TextField()
    created_at = models.DateTimeField(help_text="business time")
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text="machine time of the last look at the gateway"
    )
    checks = models.PositiveIntegerField(default=0)
    overdue_at = models.DateTimeField(
        null=True, blank=True, help_text="business time since when its end is somebody's task"
    )
    taking_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="machine time we asked for approved money; empty once its end is known",
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="attempt_positive"),
            models.UniqueConstraint(
                fields=["invoice"],
                condition=models.Q(state__in=["created", "redirected", "processing", "unknown"]),
                name="one_open_attempt_an_invoice",
            ),
            models.UniqueConstraint(
                fields=["gateway", "gateway_ref"],
                condition=~models.Q(gateway_ref=""),
                name="gateway_ref_once",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["created", "redirected", "processing", "unknown"], ended_at__isnull=True
                )
                | models.Q(state__in=["succeeded", "failed", "cancelled"], ended_at__isnull=False),
                name="attempt_state_matches_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.id}: {self.state}"


class Capture(AppendOnly):
    """Money a gateway says it has. Enters the ledger once, whatever arrives how often."""

    gateway = models.CharField(max_length=40)
    capture_id = models.CharField(max_length=120)
    attempt = models.ForeignKey(PaymentAttempt, on_delete=models.PROTECT, related_name="captures")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="captures")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    outcome = models.CharField(
        max_length=9,
        choices=[("invoice", "To the invoice"), ("surplus", "Partly account credit"), ("credit", "Account credit"),
                 ("suspense", "Held for staff")],
        help_text="where the money went when it came in",
    )  # fmt: skip
    captured_at = models.DateTimeField()
    recorded_at = models.DateTimeField(help_text="business time")
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="capture")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "capture_id"], name="capture_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="capture_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.capture_id}"


class Refund(models.Model):
    """Staff give money back by the way it came. The intent is committed before the gateway is called."""

    class State(models.TextChoices):
        CREATED = "created"  # our row exists; whether the gateway knows of it is not known yet
        UNKNOWN = "unknown"  # the gateway did not answer; never final
        PENDING = "pending"  # the gateway has it, the bank not yet
        SUCCEEDED = "succeeded"
        FAILED = "failed"  # nothing was given back, or it came back to us

    # Still to be looked at. One that succeeded may fail for days; the fetched truth tells that too.
    OPEN = (State.CREATED, State.UNKNOWN, State.PENDING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    capture = models.ForeignKey(Capture, on_delete=models.PROTECT, related_name="refunds")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=State, default=State.CREATED)
    refund_id = models.CharField(max_length=120, blank=True, help_text="the gateway's id of it")
    reason = models.CharField(max_length=200, help_text="why staff gave it back")
    problem = models.CharField(max_length=200, blank=True, help_text="why it failed")
    made_by = models.TextField()
    created_at = models.DateTimeField(help_text="business time")
    asked_at = models.DateTimeField(help_text="machine time of the first call")
    checked_at = models.DateTimeField(null=True, blank=True, help_text="machine time of the last look")
    checks = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="refund_positive"),
            models.UniqueConstraint(
                fields=["capture"],
                condition=models.Q(state__in=["created", "unknown"]),
                name="one_refund_at_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["pending", "succeeded"], refund_id=""),
                name="refund_known_by_its_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}: {self.state}"


class MoneyBack(AppendOnly):
    """Money of a capture that left us again, by a refund or a dispute, or returned to us. Booked once, whatever arrives.

    What left was taken from the customer's account credit as far as it was there (`credit_minor`); the rest he owes
    (`owed_minor`). Money held for staff (`suspense`) just goes. What returns puts both back as they were, but
    for a debt that was paid meanwhile: that part becomes credit.
    """

    gateway = models.CharField(max_length=40)
    kind = models.CharField(max_length=7, choices=[("refund", "Refund"), ("dispute", "Dispute")])
    outside_id = models.CharField(max_length=120, help_text="the gateway's id of the refund or dispute")
    way = models.CharField(max_length=3, choices=[("out", "Left us"), ("in", "Returned")])
    capture = models.ForeignKey(Capture, on_delete=models.PROTECT, related_name="money_back")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="money_back")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    credit_minor = models.BigIntegerField(help_text="of it from or to the account credit")
    owed_minor = models.BigIntegerField(help_text="of it owed by the customer, or not any more")
    reason = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField(help_text="business time")
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="money_back")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "kind", "outside_id", "way"], name="money_back_once"),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0, credit_minor__gte=0, owed_minor__gte=0),
                name="money_back_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.kind} {self.outside_id} {self.way}"


class SavedMethod(models.Model):
    """A means of payment that a gateway keeps, with the customer's consent. Nothing of it but its name is ours."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="saved_methods")
    gateway = models.CharField(max_length=40)
    method = models.CharField(max_length=40, help_text="the way to pay it was saved at")
    method_ref = models.CharField(max_length=250, help_text="what the gateway calls it")
    label = models.CharField(max_length=80, help_text="for the customer")
    attempt = models.OneToOneField(
        PaymentAttempt, on_delete=models.PROTECT, related_name="saved", help_text="where consent was given"
    )
    saved_at = models.DateTimeField(help_text="business time")
    last_day = models.DateField(
        null=True,
        blank=True,
        help_text="the last on which it can be charged; empty where the gateway names none",
    )
    removed_at = models.DateTimeField(
        null=True, blank=True, help_text="business time; never charged after it"
    )
    removed_by = models.TextField(blank=True)
    forgotten_at = models.DateTimeField(
        null=True, blank=True, help_text="when the gateway had forgotten it too"
    )

    class Meta:
        ordering = ["-saved_at"]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "method_ref"], name="saved_method_once"),
            models.CheckConstraint(
                condition=models.Q(forgotten_at__isnull=True) | models.Q(removed_at__isnull=False),
                name="forgotten_after_removed",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class InboxEvent(models.Model):
    """A webhook as it came, kept before anything is done with it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        QUARANTINED = "quarantined"  # genuine but not ours, or not understood: for staff

    gateway = models.CharField(max_length=40)
    event_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=80)
    gateway_ref = models.CharField(max_length=120)
    body = models.TextField()
    state = models.CharField(max_length=11, choices=State, default=State.WAITING)
    note = models.TextField(blank=True)
    received_at = models.DateTimeField(help_text="machine time")
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway", "event_id"], name="event_once")]
        indexes = [models.Index(fields=["state", "received_at"], name="inbox_waiting")]

    def __str__(self) -> str:
        return f"{self.gateway} {self.event_id}"


class Reconciliation(AppendOnly):
    """One comparison of what a gateway says happened with our books. `listed` counts what it told, `booked` what was new
    to us and is booked since; `differences` are what is left: {what, kind, id, ref, amount_minor, currency}."""

    gateway = models.CharField(max_length=40)
    at = models.DateTimeField(help_text="business time")
    since = models.DateTimeField(help_text="machine time")
    until = models.DateTimeField(help_text="machine time")
    listed = models.PositiveIntegerField(default=0)
    booked = models.PositiveIntegerField(default=0)
    differences = models.JSONField(default=list)
    problem = models.TextField(blank=True, help_text="why nothing was compared")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["gateway", "-id"], name="reconciled_last")]

    def __str__(self) -> str:
        return f"{self.gateway} {self.until:%Y-%m-%d %H:%M}"
