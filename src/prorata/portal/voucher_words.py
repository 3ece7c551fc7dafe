"""What a voucher is worth, in the customer's words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prorata.credit.models import Voucher
from prorata.portal.money import GAP, money
from prorata.pricing.figures import per_cent


def worth(voucher: Voucher) -> str:
    """ "¥1,000 off", "10 % off, at most ¥500", with the least that has to be spent."""
    if voucher.off is None:
        assert voucher.amount_minor is not None
        said = _("%(amount)s off") % {"amount": money(voucher.amount_minor, voucher.currency)}
    else:
        said = (_("%(off)s %% off") % {"off": per_cent(voucher.off)}).replace(" %", f"{GAP}%")
    if voucher.at_most_minor is not None:
        said += _(", at most %(amount)s") % {"amount": money(voucher.at_most_minor, voucher.currency)}
    if voucher.minimum_spend_minor:
        said += _(", for changes from %(amount)s on") % {
            "amount": money(voucher.minimum_spend_minor, voucher.currency)
        }
    return said
