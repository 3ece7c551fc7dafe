"""What was paid for a layer, as columns."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from prorata.invoices.models import Layer
from prorata.staff.columns import precise


class PaidColumns:
    @admin.display(description=_("Amount"))
    def paid(self, layer: Layer) -> str:
        return precise(layer.amount)

    @admin.display(description=_("Tax"))
    def tax_paid(self, layer: Layer) -> str:
        return precise(layer.tax)

    @admin.display(description=_("Of it gifted"))
    def gifted_paid(self, layer: Layer) -> str:
        return precise(layer.gifted)
