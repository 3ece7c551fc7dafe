"""What a document line was worked out from, and what a credit note reduces, in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from prorata.invoices.line_facts import KeepsLineFacts, Rate
from prorata.invoices.models import CreditNoteLine, Invoice
from prorata.portal.money import exact_money

CHANGE = "change:"


@dataclass(frozen=True)
class Reduced:
    """One thing a credit note line reduces: a line of an invoice, or what had none."""

    invoice: Invoice | None = None
    position: int = 0
    change: str = ""


def rate_words(line: KeepsLineFacts, currency: str) -> str:
    """ "¥1,800 to ¥3,600 a month, 20 % off, for 3.5333 months"; nothing for lines of older documents."""
    rate = line.rate
    if rate is None:
        return ""
    if line.capped:
        return _("what was paid for it and is not used yet")
    shown = {
        "old": exact_money(rate.old, currency), "new": exact_money(rate.new, currency),
        "months": rate.months_text, "off": _off(rate),
    }  # fmt: skip
    if line.is_term:
        return _of_a_term(shown)
    if shown["off"]:
        return _("%(old)s to %(new)s a month, %(off)s, for %(months)s months") % shown
    return _("%(old)s to %(new)s a month, for %(months)s months") % shown


def _of_a_term(shown: dict[str, str]) -> str:
    if shown["off"]:
        return _("%(new)s a month, %(off)s, for %(months)s months") % shown
    return _("%(new)s a month, for %(months)s months") % shown


def _off(rate: Rate) -> str:
    if rate.old_off == rate.new_off:
        return _("%(share)s off") % {"share": _percent(rate.new_off)} if rate.new_off else ""
    shown = {"old": _percent(rate.old_off), "new": _percent(rate.new_off)}
    return _("%(old)s off before and %(new)s off now") % shown


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}\u00a0%"


def reduces(line: CreditNoteLine) -> list[Reduced]:
    """What this line reduces, each once; sources come with their invoice lines and layers."""
    found: dict[Reduced, None] = {}
    for source in line.sources.all():
        if source.invoice_line is not None:
            one = Reduced(source.invoice_line.invoice, source.invoice_line.position)
        else:
            assert source.layer is not None
            origin = source.layer.origin
            one = Reduced(change=origin.removeprefix(CHANGE) if origin.startswith(CHANGE) else "")
        found[one] = None
    return list(found)
