"""Forms that sell a term: the first of a service on a machine, or the next of a service that runs."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prorata.changes.terms.price import MOST_MONTHS
from prorata.changes.terms.write import DAYS_TO_PAY, Payment
from prorata.credit.available import purses
from prorata.credit.models import Purse
from prorata.staff import fields
from prorata.staff.adopt_forms import ConfigurationForm
from prorata.staff.columns import money

LONGEST_WAIT = 60


class PaymentFields(fields.PlainForm):
    """How a term is paid, and the key by which one form sells once."""

    months = fields.number(gettext_lazy("Months"), minimum=1, maximum=MOST_MONTHS)
    days_to_pay = fields.number(
        gettext_lazy("Days to pay"), minimum=1, maximum=LONGEST_WAIT,
        help_text=gettext_lazy("the invoice expires after that, and nothing is owed"),
    )  # fmt: skip
    use_gifted = forms.BooleanField(
        label=gettext_lazy("Use gifted credit"), required=False, widget=fields.checkbox()
    )
    use_account = forms.BooleanField(
        label=gettext_lazy("Use account credit"), required=False, widget=fields.checkbox()
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def offer_credit(self, customer_id: int, currency: str) -> None:
        """Say beside the ticks what there is; without any credit there is nothing to tick."""
        found = purses(customer_id, currency)
        for name, kind in (("use_gifted", Purse.Kind.GIFTED), ("use_account", Purse.Kind.ACCOUNT)):
            minor = sum(purse.balance_minor for purse in found if purse.kind == kind)
            if minor:
                there = _("%(amount)s is available") % {"amount": money(minor, currency)}
                self.fields[name].help_text = there
            else:
                del self.fields[name]

    def payment(self) -> Payment:
        values = self.cleaned_data
        return Payment(
            use_gifted=values.get("use_gifted", False), use_account=values.get("use_account", False),
            days=values["days_to_pay"],
        )  # fmt: skip


def fresh(**initial: Any) -> dict[str, Any]:
    """What such a form begins with."""
    return {"days_to_pay": DAYS_TO_PAY, "key": secrets.token_urlsafe(16), **initial}


class SaleForm(PaymentFields, ConfigurationForm):
    """The second page of a sale: what is sold on the machine, from when and for how long."""

    starts_at = fields.MomentField(label=gettext_lazy("Term starts"))
    field_order = ("starts_at", "months", "days_to_pay", "use_gifted", "use_account", "key")

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_at"].label = f"{self.fields['starts_at'].label} ({zone})"
        configured = [f"cfg_{kind.code}" for kind in self.types]
        self.order_fields(["name", *configured, *self.field_order])


class RenewalForm(PaymentFields):
    """How long the next term is, and how it is paid."""
