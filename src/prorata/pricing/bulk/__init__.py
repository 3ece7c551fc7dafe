"""The rule of `pricing.change` over columns: every service under another price book in about a second.

The answer of every row is that of `price_change`. Rows whose products could leave 64 bits are told by their size
beforehand and are handed to that very function. This is the only part of pricing that uses numpy, and nothing else
in pricing imports it.
"""

from __future__ import annotations

from .columns import Columns, Layers, column
from .price import Prices, price_changes
from .renewals import renewal_prices

__all__ = ["Columns", "Layers", "Prices", "column", "price_changes", "renewal_prices"]
