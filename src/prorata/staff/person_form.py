"""The fields that describe a person who acts for a customer."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prorata.customers.models import Membership, User
from prorata.customers.people import NewPerson
from prorata.staff import fields

INVITATION, PASSWORD = "invitation", "password"


class PersonFields(fields.PlainForm):
    """Used by itself to add a person, and as a part of the form for a new customer."""

    person_name = fields.text(gettext_lazy("Person's name"), maximum=120)
    person_email = fields.email(
        gettext_lazy("Person's e-mail"),
        help_text=gettext_lazy("the person signs in with it; somebody known here is recognised by it"),
    )
    role = fields.choice(gettext_lazy("Role"), Membership.Role.choices, initial=Membership.Role.OWNER)
    sign_in = fields.radio(
        gettext_lazy("First sign-in"),
        [
            (INVITATION, gettext_lazy("Mail an invitation with a link to choose a password")),
            (PASSWORD, gettext_lazy("Set a first password here and tell it to the person")),
        ],
        initial=INVITATION,
    )
    first_password = fields.password(
        gettext_lazy("First password"),
        help_text=gettext_lazy("only if you set it here; 8 characters or more"),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("sign_in") == PASSWORD:
            self._check_password(values)
        elif values.get("first_password"):
            self.add_error("first_password", _("Empty this, or choose to set a first password."))
        return values

    def _check_password(self, values: dict[str, Any]) -> None:
        if not values.get("first_password"):
            self.add_error("first_password", _("Write the first password, or choose the invitation."))
            return
        try:
            person = User(email=values.get("person_email") or "", name=values.get("person_name") or "")
            validate_password(values["first_password"], person)
        except ValidationError as weak:
            self.add_error("first_password", weak)

    def person(self) -> NewPerson:
        values = self.cleaned_data
        password = values["first_password"] if values["sign_in"] == PASSWORD else ""
        return NewPerson(
            name=values["person_name"], email=values["person_email"], role=values["role"], password=password
        )
