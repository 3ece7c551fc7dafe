"""Origins are text such as "change:C-20931"; on the desk they lead to what they name."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from prorata.changes.drift.models import Decision, Difference
from prorata.changes.models import Change, SoldTerm
from prorata.credit.models import Purse
from prorata.credit.words import change_of
from prorata.staff.reader import link_to_page

PURSE_KINDS = ("purse", "grant")


NAMED: dict[str, type[Change] | type[SoldTerm]] = {"change": Change, "term": SoldTerm}


def origin_link(origin: str, named_id: int | None = None) -> Any:
    """A link to the change, the term or the purse an origin names; other origins as they are. `named_id`, the key of
    the change or term, saves a question."""
    kind, _colon, name = origin.partition(":")
    if (model := NAMED.get(kind)) is not None and (pk := named_id or _id_of(model, name)):
        return link_to_page(model, pk, name)
    if kind in PURSE_KINDS and name.isascii() and name.isdecimal():
        return link_to_page(Purse, int(name), _("purse %(number)s") % {"number": name})
    if kind == "drift" and (
        pk := Decision.objects.filter(pk=name).values_list("difference_id", flat=True).first()
    ):
        return link_to_page(Difference, pk, _("a difference"))
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
