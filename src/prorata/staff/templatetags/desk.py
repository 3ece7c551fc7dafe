"""What the templates of the desk need beside Unfold's own."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Model

from prorata.staff.columns import link_to

register = template.Library()


@register.simple_tag
def desk_link(row: Model | None, words: Any = "") -> Any:
    """A link to a row's page, with `words` or the row's name; the words alone where the reader may not open it."""
    return link_to(row, words)
