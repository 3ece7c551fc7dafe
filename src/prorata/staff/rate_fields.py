"""The prices of a resource type as staff write them: one price, or one band a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from prorata.catalog.models import Rate
from prorata.pricing.display import exact_text
from prorata.pricing.errors import BadInput
from prorata.pricing.rates import Band, Tiered, UnitPrice, Volume

LARGEST = Decimal(10) ** 11
# "up to 4 = 10", "up to 8 = 9 + 5", "above = 8"
LINE = re.compile(
    r"(?:up\s+to\s+(?P<up_to>[0-9]{1,9})|(?P<open>above))\s*[=:]\s*(?P<unit>[0-9.,]+)\s*(?:\+\s*(?P<flat>[0-9.,]+))?",
    re.ASCII | re.IGNORECASE,
)


class RateField(forms.DecimalField):
    """A price as people write it: 1,800 or 0.0525."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=Decimal(0), max_value=LARGEST, decimal_places=8, **kwargs)
        self.error_messages["required"] = gettext_lazy("Write the monthly price; 0 if it costs nothing.")

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", "") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        return price_text(value) if isinstance(value, Decimal) else value


class PricesField(forms.CharField):
    """The prices of a quantity, read together with the form that was chosen for them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), max_length=2000, **kwargs)
        self.error_messages["required"] = gettext_lazy("Write the monthly price; 0 if it costs nothing.")


def price_text(price: Decimal) -> str:
    return exact_text(price).replace(",", "")


def rate_text(rate: UnitPrice | Tiered | Volume) -> str:
    """What `read_rate` reads back: a price, or a line a band."""
    if isinstance(rate, UnitPrice):
        return price_text(rate.unit)
    return "\n".join(_line(band) for band in rate.bands)


def _line(band: Band) -> str:
    start = "above" if band.up_to is None else f"up to {band.up_to}"
    fee = f" + {price_text(band.flat)}" if band.flat else ""
    return f"{start} = {price_text(band.unit)}{fee}"


def read_rate(form: str, text: str, hourly: Decimal | None) -> UnitPrice | Tiered | Volume:
    """The rate that was written, in one of the forms of `catalog.models.Rate`. Raises ValidationError with one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if form == Rate.Form.UNIT:
        if len(lines) > 1 or LINE.fullmatch(lines[0]):
            raise ValidationError(
                _("Write one price, or choose how its bands are counted: tiered or volume.")
            )
        return UnitPrice(_price(lines[0]), hourly)
    bands = [_band(line) for line in lines]
    try:
        return (Tiered if form == Rate.Form.TIERED else Volume)(tuple(bands), hourly)
    except BadInput as impossible:
        raise ValidationError(_impossible(bands)) from impossible


def _band(line: str) -> Band:
    found = LINE.fullmatch(line)
    if found is None or found["up_to"] == "0":
        raise ValidationError(
            _("“%(line)s” is not a band. Write one a line: up to 4 = 10, and last: above = 8.")
            % {"line": line[:60]}
        )
    up_to = int(found["up_to"]) if found["up_to"] else None
    return Band(up_to, _price(found["unit"]), _price(found["flat"]) if found["flat"] else Decimal(0))


def _impossible(bands: Sequence[Band]) -> str:
    if not bands or bands[-1].up_to is not None:
        return _("The last band must be open: end with a line such as above = 8.")
    return _("Each band goes further than the one before it, and only the last one is open.")


def _price(text: str) -> Decimal:
    price: Decimal = RateField().clean(text)
    return price
