"""The mail outbox: a mail is a row first, written with the fact it tells, and sent after that fact is committed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from prorata.customers.models import Customer
from prorata.notices.kinds import OPTIONAL


class Mail(models.Model):
    class Audience(models.TextChoices):
        CUSTOMER = "customer"
        STAFF = "staff"
        PERSON = "person", "One person alone"

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        OFF = "off", _("Not sent, by the customer's choice")

    key = models.TextField(unique=True, help_text="one mail a fact: e.g. change.applied:C-20931")
    to = models.EmailField()
    reply_to = models.EmailField(blank=True, default="")
    subject = models.CharField(max_length=250)
    body = models.TextField()
    origin = models.TextField()
    customer_id = models.BigIntegerField(null=True)
    audience = models.CharField(
        max_length=8,
        choices=Audience,
        default=Audience.CUSTOMER,
        help_text="who it is meant for: the bell tells customers",
    )
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["customer_id", "-id"], name="mail_of_customer")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="sent", sent_at__isnull=False)
                | (~models.Q(state="sent") & models.Q(sent_at=None)),
                name="mail_state_matches_sent",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sent", "failed", "off"]), name="mail_state_known"
            ),
            # Only what is meant for a customer can be turned off, and it was never tried.
            models.CheckConstraint(
                condition=~models.Q(state="off") | models.Q(audience="customer", tries=0, error=""),
                name="mail_off_was_not_tried",
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class TurnedOff(models.Model):
    """A kind of mail that is not sent to a customer any more; all others are."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="turned_off")
    kind = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "kind"], name="turned_off_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind.code for kind in OPTIONAL]), name="turned_off_is_optional"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.kind}"


class SeenUpTo(models.Model):
    """How far a person has seen the news of the customers they act for: everything up to that mail."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="seen_up_to")
    mail_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.user}: up to {self.mail_id}"
