"""Tickets: a question of a customer, the conversation it becomes, and the files sent with it.

What was written stays written: messages and the facts of files are append-only. A ticket's row lock is taken after those of
money and services, never before.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from prorata.customers.models import Customer
from prorata.ledger.append_only import AppendOnly

LONGEST_SUBJECT = 120
LONGEST_TEXT = 10_000


class Ticket(models.Model):
    """`about` is text, "change:C-20931", as elsewhere; its label is kept, so that the ticket stays readable."""

    class State(models.TextChoices):
        OPEN = "open", _("Open, waiting for us")
        ANSWERED = "answered", _("Answered, waiting for you")
        CLOSED = "closed", _("Closed")

    reference = models.CharField(max_length=20, unique=True)
    key = models.CharField(
        max_length=100, unique=True, help_text="of the form it was sent with: one form opens one"
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tickets")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tickets")
    subject = models.CharField(max_length=LONGEST_SUBJECT)
    about = models.CharField(max_length=80, blank=True, help_text="origin, e.g. change:C-20931 or service:12")
    about_label = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=10, default="en", help_text="in which it is answered")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    state_since = models.DateTimeField(help_text="business time")
    created_at = models.DateTimeField()
    last_answer_at = models.DateTimeField(null=True, blank=True, help_text="when staff last answered")
    warned_at = models.DateTimeField(
        null=True, blank=True, help_text="when the mail went out that it closes soon; empty while it does not"
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="assigned_tickets",
        help_text="who of the staff looks after it",
    )  # fmt: skip

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["customer", "-id"], name="ticket_of_customer"),
            models.Index(fields=["state", "state_since"], name="ticket_in_state"),
            models.Index(fields=["opened_by", "-created_at"], name="ticket_of_person"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "answered", "closed"]), name="ticket_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(warned_at=None) | ~models.Q(state="open"), name="open_ticket_is_not_warned"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="answered") | models.Q(last_answer_at__isnull=False),
                name="answered_ticket_has_an_answer",
            ),
            models.CheckConstraint(
                condition=~models.Q(subject="") & (models.Q(about="") | ~models.Q(about_label="")),
                name="ticket_says_what_about",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def origin(self) -> str:
        """How other rooms refer to it."""
        return f"ticket:{self.reference}"


class Message(AppendOnly):
    """One entry of a conversation. An internal one is a note of staff for staff, and the customer never sees it."""

    class Author(models.TextChoices):
        CUSTOMER = "customer"
        STAFF = "staff"
        SYSTEM = "system"

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="messages")
    key = models.CharField(
        max_length=100, unique=True, help_text="of the form or mail it came with: it counts once"
    )
    author = models.CharField(max_length=8, choices=Author)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="ticket_messages",
    )
    came_by = models.CharField(
        max_length=6, choices=[("portal", "portal"), ("mail", "mail")], default="portal"
    )
    internal = models.BooleanField(default=False)
    text = models.TextField()
    at = models.DateTimeField(help_text="business time")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["by", "-at"], name="message_of_person")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(author="system", by=None)
                | models.Q(author__in=["customer", "staff"], by__isnull=False),
                name="message_names_its_author",
            ),
            models.CheckConstraint(
                condition=models.Q(internal=False) | models.Q(author="staff"), name="only_staff_write_notes"
            ),
            models.CheckConstraint(condition=~models.Q(text=""), name="message_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.text[:40]}"


class Attachment(AppendOnly):
    """The facts of a file: written once and sealed, with the hash of its content. The content lies apart."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="attachments")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["message", "position"]
        constraints = [
            models.UniqueConstraint(fields=["message", "position"], name="attachment_once_a_place"),
            models.CheckConstraint(condition=models.Q(size__gt=0), name="attachment_is_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name


class Content(models.Model):
    """The bytes of an attachment. They never change; they may be removed, and then the facts say what was there."""

    attachment = models.OneToOneField(
        Attachment, on_delete=models.PROTECT, primary_key=True, related_name="content"
    )
    data = models.BinaryField()

    def __str__(self) -> str:
        return str(self.attachment_id)


class CannedAnswer(models.Model):
    """A text that staff send often. `{due}` and the like become the figures of the ticket at hand; see figures.py."""

    title = models.CharField(max_length=80, unique=True)
    body_en = models.TextField(_("English"))
    body_ja = models.TextField(_("Japanese"), blank=True)
    body_zh_hans = models.TextField(_("Simplified Chinese"), blank=True)
    in_use = models.BooleanField(default=True, help_text="only these are offered")

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        from prorata.support.canned import placeholder_mistakes

        mistakes = {
            name: found
            for name in ("body_en", "body_ja", "body_zh_hans")
            if (found := placeholder_mistakes(getattr(self, name)))
        }
        if mistakes:
            raise ValidationError(mistakes)

    def body_in(self, language: str) -> str:
        """The text in a language of ours; in English where that is not written."""
        texts = {"ja": self.body_ja, "zh-hans": self.body_zh_hans}
        return texts.get(language.lower(), "") or self.body_en
