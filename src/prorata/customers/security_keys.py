"""The forms of security keys as allauth has them, with a label that can be translated."""

from __future__ import annotations

from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _


class AddSecurityKey(AddWebAuthnForm):
    name = forms.CharField(label=_("Name"), required=False)


class RenameSecurityKey(EditWebAuthnForm):
    name = forms.CharField(label=_("Name"))
