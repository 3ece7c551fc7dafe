"""Form fields of the desk: percentages, exact amounts, moments in the seller's zone; all usable without JavaScript."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from prorata.pricing.display import parse_amount
from prorata.pricing.errors import BadInput
from prorata.pricing.money import minor_digits

HUNDRED = Decimal(100)


class PlainForm(forms.Form):
    """A form of the desk's own pages: the field says what is wrong, the browser does not."""

    use_required_attribute = False


def percent_text(share: Decimal) -> str:
    """0.125 as "12.5"."""
    return f"{(share * HUNDRED).normalize():f}"


class PercentField(forms.DecimalField):
    """A share of one, written as a percentage: 12.5 in the form is 0.125 in the model."""

    widget = UnfoldAdminDecimalFieldWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=Decimal(0), max_value=HUNDRED, max_digits=7, decimal_places=4, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return percent_text(value) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Decimal | None:
        percent = super().clean(value)
        return None if percent is None else percent / HUNDRED

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(None if initial is None else self.prepare_value(initial), data)


class MomentField(forms.DateTimeField):
    """A date and time in the zone of the page, in one input that browsers know."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local", "step": "1"})
        widget.input_type = "datetime-local"
        super().__init__(widget=widget, **kwargs)
        self.error_messages["invalid"] = _("Write a date and a time, e.g. 2026-06-01 08:00.")

    def prepare_value(self, value: Any) -> Any:
        local = super().prepare_value(value)
        return local.strftime("%Y-%m-%dT%H:%M:%S") if hasattr(local, "strftime") else value


class CurrencyField(forms.CharField):
    """An ISO 4217 code that money can be counted in."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"maxlength": "3", "autocapitalize": "characters", "spellcheck": "false"}
        kwargs.setdefault("label", _("Currency"))
        kwargs.setdefault("help_text", _("ISO 4217 code, e.g. JPY or USD"))
        super().__init__(widget=UnfoldAdminTextInputWidget(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> str:
        code = str(super().clean(value)).strip().upper()
        try:
            if code:
                minor_digits(code)
        except BadInput as unknown:
            raise ValidationError(f"{str(unknown)[0].upper()}{str(unknown)[1:]}.") from unknown
        return code


def text(label: Any, *, required: bool = True, help_text: Any = "", maximum: int = 200) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        help_text=help_text,
        max_length=maximum,
        widget=UnfoldAdminTextInputWidget(),
    )


def long_text(label: Any, *, help_text: Any = "", maximum: int = 500) -> forms.CharField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
    return forms.CharField(label=label, help_text=help_text, max_length=maximum, widget=widget)


def email(label: Any, *, help_text: Any = "") -> forms.EmailField:
    return forms.EmailField(label=label, help_text=help_text, widget=UnfoldAdminEmailInputWidget())


def password(label: Any, *, help_text: Any = "") -> forms.CharField:
    # A first password is told to the person, so it may be seen while it is typed: no second field to repeat it.
    widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=label, required=False, help_text=help_text, strip=False, widget=widget)


def number(
    label: Any, *, minimum: int = 0, maximum: int | None = None, help_text: Any = ""
) -> forms.IntegerField:
    widget = UnfoldAdminIntegerFieldWidget()
    return forms.IntegerField(
        label=label, min_value=minimum, max_value=maximum, help_text=help_text, widget=widget
    )


def choice(label: Any, choices: Any, *, initial: Any = None, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, initial=initial, help_text=help_text, widget=UnfoldAdminSelectWidget()
    )


def radio(label: Any, choices: Any, *, initial: Any = None, help_text: Any = "") -> forms.ChoiceField:
    widget = UnfoldAdminRadioSelectWidget()
    return forms.ChoiceField(
        label=label, choices=choices, initial=initial, help_text=help_text, widget=widget
    )


def checkbox() -> forms.CheckboxInput:
    return UnfoldBooleanWidget()


def one_of(label: Any, rows: Any, *, help_text: Any = "") -> forms.ModelChoiceField:
    return forms.ModelChoiceField(rows, label=label, help_text=help_text, widget=UnfoldAdminSelectWidget())


def amount_in(form: forms.BaseForm, field: str, currency: str) -> int | None:
    """The amount typed in `field`, in minor units of `currency`; a mistake goes to the field as one line."""
    written = form.cleaned_data.get(field)
    if not written or not currency:
        return None
    try:
        return parse_amount(written, currency)
    except BadInput as mistake:
        form.add_error(field, f"{mistake}.")
        return None
