"""What people felt: readers of a guide, and those who made a change."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from prorata.changes.models import Change


class Felt(models.Model):
    """A face, and words if they like. Whoever said it may change it; no address and no machine is kept."""

    class Feeling(models.TextChoices):
        HAPPY = "happy"
        NORMAL = "normal"
        SAD = "sad"

    feeling = models.CharField(max_length=6, choices=Feeling)
    comment = models.TextField(blank=True, max_length=2000)
    language = models.CharField(max_length=10)
    at = models.DateTimeField(help_text="business time of the last word")

    class Meta:
        abstract = True
        ordering = ["-at", "-id"]


class Reaction(Felt):
    """One a reader and release of a guide."""

    guide = models.SlugField(max_length=60)
    release = models.PositiveSmallIntegerField(help_text="of the guide that was read")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reactions")
    step = models.PositiveSmallIntegerField(null=True, blank=True, help_text="where it went wrong, if told")

    class Meta(Felt.Meta):
        constraints = [
            models.UniqueConstraint(fields=["guide", "release", "reader"], name="one_reaction_a_reader"),
            models.CheckConstraint(
                condition=models.Q(feeling__in=["happy", "normal", "sad"]), name="reaction_feeling_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guide}: {self.feeling}"


class ChangeReaction(Felt):
    """Was this easy? One a person and change, asked when the change has ended."""

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="reactions")
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="change_reactions"
    )

    class Meta(Felt.Meta):
        constraints = [
            models.UniqueConstraint(fields=["change", "reader"], name="one_reaction_a_person_and_change"),
            models.CheckConstraint(
                condition=models.Q(feeling__in=["happy", "normal", "sad"]),
                name="change_reaction_feeling_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change}: {self.feeling}"
