"""Base classes of the desk: what may be looked at only, and what may be edited but never deleted in bulk."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.checks import ModelAdminChecks
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin, TabularInline
from unfold.fields import UnfoldAdminReadonlyField
from unfold.views import ChangeList

from prorata.staff import deeds
from prorata.staff.reader import link_to_page


def _page_of(_field: Any, _remote_field: Any, row: Model) -> Any:
    return link_to_page(type(row), row.pk, str(row))


# Django and Unfold draw a foreign key that is only looked at as a link, whether or not the reader may follow it.
UnfoldAdminReadonlyField.get_admin_url = _page_of


class DeskList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # "of so many in all" would cost a count of the whole table on every page.
        self.full_result_count = self.result_count


class DeskAdmin(ModelAdmin):
    """Every list of the desk: no bulk actions, no count of the whole table beside a search.

    Filters stand on choices, dates and small tables only: one over free text would read the whole table each time.
    """

    # Unfold's own would ask the database whether the rights that actions name exist, before a new one has any tables.
    checks_class = ModelAdminChecks
    actions = None
    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    compressed_fields = True

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        deeds.remember(request, form, formsets or [])
        return super().construct_change_message(request, form, formsets, add)

    # Django calls these in the transaction that saves, so the trail has a line exactly when something was done.
    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        deeds.note_edit(request, obj, "added")
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        deeds.note_edit(request, obj, "edited")
        return super().log_change(request, obj, message)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """What is no id at all has no page, before the buttons of the page ask what it is."""
        try:
            self.opts.pk.to_python(None if object_id is None else unquote(object_id))
        except ValidationError:
            gone: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return gone
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        return answer

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DeskList]:
        return DeskList

    def response_add(
        self, request: HttpRequest, obj: Model, post_url_continue: str | None = None
    ) -> HttpResponse:
        """On to the page of what was made, where the next step of the work is."""
        posted = request.POST.copy()
        if "_addanother" not in posted:
            posted["_continue"] = "1"
        request.POST = posted  # type: ignore[assignment]
        answer: HttpResponse = super().response_add(request, obj, post_url_continue)
        return answer


class ReadOnlyAdmin(DeskAdmin):
    """Rows that are written once, or whose state moves through actions only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OwnPage(ReadOnlyAdmin):
    """One of the list has a page made for it instead of the admin's form."""

    def own_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        raise NotImplementedError

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        return self.own_page(request, object_id or "")


class ReadOnlyRows(TabularInline):
    """Lines shown under what they belong to."""

    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
