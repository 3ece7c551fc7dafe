"""What readers of a guide felt."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Reaction(models.Model):
    """One a reader and release of a guide; the reader may change it. No address and no machine is kept."""

    class Feeling(models.TextChoices):
        HAPPY = "happy"
        NORMAL = "normal"
        SAD = "sad"

    guide = models.SlugField(max_length=60)
    release = models.PositiveSmallIntegerField(help_text="of the guide that was read")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reactions")
    feeling = models.CharField(max_length=6, choices=Feeling)
    step = models.PositiveSmallIntegerField(null=True, blank=True, help_text="where it went wrong, if told")
    comment = models.TextField(blank=True, max_length=2000)
    language = models.CharField(max_length=10)
    at = models.DateTimeField(help_text="business time of the last word")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["guide", "release", "reader"], name="one_reaction_a_reader"),
            models.CheckConstraint(
                condition=models.Q(feeling__in=["happy", "normal", "sad"]), name="reaction_feeling_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guide}: {self.feeling}"
