"""Words of allauth's and Django's pages that their own catalogues leave in English, or half of it. Ours go before theirs."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

BORROWED = (
    _("Add Email"),
    _("Add Email Address"),
    _("Bad Token"),
    _("Change Email"),
    _("Confirm Email Address"),
    _("Create Passkey"),
    _("Current email"),
    _("Do you really want to remove the selected email address?"),
    _("Email Address"),
    _("Email Addresses"),
    _("Email Changed"),
    _("Email Confirmation"),
    _("Email Removed"),
    _("Email address %(deleted_email)s has been removed from your account."),
    _("Passkey"),
    _("Please Confirm Your Email Address"),
    _("Primary"),
    _("Primary email address set."),
    _("Re-send Verification"),
    _("Removed email address %(email)s."),
    _("Sign in with a passkey"),
    _("The following email addresses are associated with your account:"),
    _("The password reset token was invalid."),
    _("This key does not indicate whether it is a passkey."),
    _("Use authenticator app or code"),
    _("Verify Your Email Address"),
    _("You cannot activate two-factor authentication until you have verified your email address."),
    _("You cannot remove your primary email address (%(email)s)."),
    _("You have confirmed %(email)s."),
    _("Your account has no verified email address."),
    _("Your email has been confirmed."),
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
        "count",
    ),
)
