"""Origins are text such as "change:C-20931"; on the desk they lead to what they name."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from prorata.changes.drift.models import Decision
from prorata.changes.models import Change, SoldTerm
from prorata.credit.models import Purse
from prorata.credit.words import change_of

PURSE_KINDS = ("purse", "grant")


NAMED: dict[str, type[Change] | type[SoldTerm]] = {"change": Change, "term": SoldTerm}


def origin_link(origin: str, named_id: int | None = None) -> str:
    """A link to the change, the term or the purse an origin names; other origins as they are. `named_id`, the key of
    the change or term, saves a question."""
    kind, _colon, name = origin.partition(":")
    if (model := NAMED.get(kind)) is not None and (pk := named_id or _id_of(model, name)):
        page = _page(f"changes_{model._meta.model_name}", pk)
        return format_html('<a class="desk-link" href="{}">{}</a>', page, name)
    if kind in PURSE_KINDS and name.isascii() and name.isdecimal():
        words = _("purse %(number)s") % {"number": name}
        return format_html('<a class="desk-link" href="{}">{}</a>', _page("credit_purse", int(name)), words)
    if kind == "drift" and (
        pk := Decision.objects.filter(pk=name).values_list("difference_id", flat=True).first()
    ):
        return format_html(
            '<a class="desk-link" href="{}">{}</a>', _page("drift_difference", pk), _("a difference")
        )
    return origin


def origin_words(purse: Purse) -> str:
    """What a purse's credit came from, in words."""
    if purse.kind == Purse.Kind.ACCOUNT:
        return _("reductions, surplus and late payments")
    if reference := change_of(purse.reason):
        return _("change %(reference)s, what came back") % {"reference": reference}
    return (
        _("a gift by staff: %(reason)s") % {"reason": purse.reason} if purse.reason else _("a gift by staff")
    )


def _id_of(model: type[Change] | type[SoldTerm], reference: str) -> int | None:
    return model._default_manager.filter(reference=reference).values_list("pk", flat=True).first()


def _page(name: str, pk: int) -> str:
    return reverse(f"admin:{name}_change", args=[pk])
