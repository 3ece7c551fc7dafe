"""Forms of the decisions about a difference."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prorata.staff import fields

KEPT = _("It stays in the audit trail. The customer does not read it.")


class ReasonForm(fields.PlainForm):
    reason = fields.long_text(_("Reason"), help_text=KEPT)

    def decided(self) -> dict[str, Any]:
        """What the decision needs beside the reason."""
        return {}


class SeenForm(ReasonForm):
    """Decides about the size that the page showed, and no other."""

    shown_measured = forms.JSONField(widget=forms.HiddenInput)

    def decided(self) -> dict[str, Any]:
        return {"shown_measured": self.cleaned_data["shown_measured"]}


class BringForm(SeenForm):
    may_restart = forms.BooleanField(
        label=_("The machine may be restarted for it"), required=False, widget=fields.checkbox(),
        help_text=_("Without this, a size that needs a restart waits for the customer's own."),
    )  # fmt: skip

    def decided(self) -> dict[str, Any]:
        return super().decided() | {"may_restart": self.cleaned_data["may_restart"]}


class LeaveForm(ReasonForm):
    until = fields.MomentField(label=_("Until"))

    def decided(self) -> dict[str, Any]:
        return {"until": self.cleaned_data["until"]}
