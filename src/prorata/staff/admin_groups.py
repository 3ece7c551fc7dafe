"""Groups of rights for staff who are not superusers."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.http import HttpRequest

from prorata.staff.readonly import DeskAdmin


class GroupAdmin(DjangoGroupAdmin, DeskAdmin):  # type: ignore[misc]
    """Superusers decide who may do what; others see it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)
