"""The saved views of a list: a choice in its head, with what needs somebody where nothing is chosen."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy


class SavedViews(admin.SimpleListFilter):
    """`nothing_chosen` says in words what is shown at first; a list says which views there are and what they hold."""

    title = gettext_lazy("Show")
    parameter_name = "show"
    nothing_chosen: Any = gettext_lazy("Needs somebody")

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": self.nothing_chosen}
        yield from others
