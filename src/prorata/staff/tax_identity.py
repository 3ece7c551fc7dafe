"""Country and tax number in the forms of seller and customer: checked together, kept in one form."""

from __future__ import annotations

import re
from typing import Any

from babel import Locale
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from prorata.customers.tax_numbers import WrongTaxNumber, normal_tax_number


class TaxIdentity(forms.ModelForm):
    """For models with `country` and `tax_number`."""

    def clean_country(self) -> str:
        code = str(self.cleaned_data["country"]).strip().upper()
        if code and not (re.fullmatch("[A-Z]{2}", code) and code in Locale("en").territories):
            raise ValidationError(_("Use the two letters of the country, e.g. JP or DE."))
        return code

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        number, country = values.get("tax_number", ""), values.get("country")
        if not number or country is None:  # a wrong country says so itself
            return values
        if not country:
            self.add_error("country", _("Write the country, so that the tax number can be checked."))
            return values
        try:
            values["tax_number"] = normal_tax_number(number, country)
        except WrongTaxNumber as wrong:
            self.add_error("tax_number", str(wrong))
        return values
