"""Names of what is sold in the languages customers read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from prorata.catalog.models import NameInLanguage
from prorata.catalog.names import forget_names
from prorata.staff.readonly import DeskAdmin


@admin.register(NameInLanguage)
class NameInLanguageAdmin(DeskAdmin):
    list_display = ["name", "language", "said"]
    list_filter = ["language"]
    search_fields = ["name", "said"]
    ordering = ["name", "language"]
    fields = ["name", "language", "said"]

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        forget_names()
