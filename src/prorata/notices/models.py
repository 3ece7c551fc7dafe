"""The mail outbox: a mail is a row first, written with the fact it tells, and sent after that fact is committed."""

from __future__ import annotations

from django.db import models


class Mail(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"

    key = models.TextField(unique=True, help_text="one mail a fact: e.g. change.applied:C-20931")
    to = models.EmailField()
    reply_to = models.EmailField(blank=True, default="")
    subject = models.CharField(max_length=250)
    body = models.TextField()
    origin = models.TextField()
    customer_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="sent", sent_at__isnull=False)
                | (~models.Q(state="sent") & models.Q(sent_at=None)),
                name="mail_state_matches_sent",
            )
        ]

    def __str__(self) -> str:
        return self.subject
