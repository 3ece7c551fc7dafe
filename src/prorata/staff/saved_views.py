"""The saved views of a list: a choice in its head, with what needs somebody where nothing is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy


class SavedViews(admin.SimpleListFilter):
    """`views` are (value, words); `nothing_chosen` says in words what is shown at first. A list says what they hold."""

    title = gettext_lazy("Show")
    parameter_name = "show"
    nothing_chosen: Any = gettext_lazy("Needs somebody")
    views: Sequence[tuple[str, Any]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.views)

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": self.nothing_chosen}
        yield from others
