"""What customers read for a name the provider gave."""

from __future__ import annotations

from django.db import models


class NameInLanguage(models.Model):
    """What customers read in another language for a name the provider gave: "Memory" is メモリ in Japanese.

    Resource types, options, units, products and tax labels: whatever has this very name.
    """

    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        JAPANESE = "ja", "日本語"
        CHINESE = "zh-hans", "简体中文"

    name = models.CharField(max_length=120, help_text="as it stands at the product, e.g. Memory")
    language = models.CharField(max_length=10, choices=Language)
    said = models.CharField(max_length=120, help_text="what customers read in this language")

    class Meta:
        verbose_name_plural = "names in languages"
        constraints = [
            models.UniqueConstraint(fields=["name", "language"], name="one_name_a_language"),
            models.CheckConstraint(
                condition=models.Q(language__in=["en", "ja", "zh-hans"]), name="name_language_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language}): {self.said}"
