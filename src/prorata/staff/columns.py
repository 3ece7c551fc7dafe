"""Columns that several lists share: money with its currency, precise amounts, links to an origin, readable JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.template.loader import render_to_string
from django.utils.html import format_html

from prorata.pricing.display import amount_text, exact_text
from prorata.services.models import Reading, Service
from prorata.staff.reader import link_to_page

GAP = "\u00a0"


def money(minor: int | None, currency: str) -> str:
    """An amount with its currency, never torn apart, e.g. "1,234.50 USD"; a dash for none."""
    return "–" if minor is None else f"{amount_text(minor, currency)}{GAP}{currency}"


def precise(amount: Decimal) -> str:
    return exact_text(amount)


class Money:
    """A column over an amount field of rows that have a currency; ordered by the field."""

    def __init__(self, field: str, description: Any) -> None:
        self.field, self.short_description, self.admin_order_field = field, description, field

    def __set_name__(self, owner: type, name: str) -> None:
        self.__name__ = name

    def __call__(self, row: Any) -> str:
        return money(getattr(row, self.field), row.currency)


def pretty_json(value: Any) -> str:
    return format_html(
        '<pre class="desk-json">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False, default=str)
    )


def link_to(row: Model | None, words: Any = "") -> Any:
    """A link to a row's own page on the desk; its name alone where the reader may not open that page."""
    return "–" if row is None else link_to_page(type(row), row.pk, words or str(row))


def configuration_table(service: Service, reading: Reading | None) -> str:
    """What was paid for beside what was measured."""
    names = dict(service.product.resource_types.values_list("code", "name"))
    measured = reading.configuration if reading else {}
    rows = [
        {
            "name": names.get(code, code),
            "paid": paid,
            "measured": measured.get(code),
            "differs": differs(paid, measured, code),
        }
        for code, paid in service.configuration.items()
    ]
    return render_to_string("staff/configuration_table.html", {"rows": rows, "reading": reading})


def differs(paid: Any, measured: dict[str, Any], code: str) -> bool:
    return code in measured and measured[code] != paid
