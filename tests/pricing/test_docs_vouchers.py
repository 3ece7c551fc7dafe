"""The worked numbers of docs/pricing/vouchers.md are run: every `charge` gives the `charged` that follows it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from pricing.test_docs import _blocks
from pricing.worked import TOKYO, component, layer, price
from prorata.pricing.tax import TaxRule, document
from prorata.pricing.voucher import Voucher

PAGE = "vouchers.md"
EXAMPLES = 6


def _pairs() -> list[Any]:
    blocks = _blocks(PAGE)
    return [
        pytest.param(given[1], said[1], id=str(n))
        for n, (given, said) in enumerate(zip(blocks[::2], blocks[1::2], strict=True))
    ]


def _voucher(terms: dict[str, Any]) -> Voucher:
    scope = frozenset(terms["scope"]) if "scope" in terms else None
    off = Decimal(terms["off"]) if "off" in terms else None
    return Voucher("V", amount=terms.get("amount"), off=off, scope=scope)


@pytest.mark.parametrize(("given", "said"), _pairs())
def test_the_page_says_what_is_charged(given: str, said: str) -> None:
    wanted = json.loads(given)
    lines = [
        component(name, "0", amount, (), None)
        if not amount.startswith("-")
        else component(name, amount[1:], "0", (layer(amount[1:], "2025-09-16", "2025-10-15"),), None)
        for name, amount in wanted["lines"].items()
    ]
    change = price("2025-09-15", "2025-10-15", *lines, currency="JPY", zone=TOKYO)
    tax = TaxRule(Decimal("0.10"), included=wanted.get("included", False), rounding="down")
    paper = document(change, tax, minimum=wanted.get("minimum", 0), voucher=_voucher(wanted["voucher"]))

    found = [
        {"name": line.name, "net": line.net, "discount": off}
        for line, off in zip(paper.lines, paper.charge.discounts, strict=True)
    ]
    assert {"lines": found, "net": paper.net, "tax": paper.tax, "gross": paper.gross} == json.loads(said)


def test_no_example_is_overlooked() -> None:
    assert [kind for kind, _ in _blocks(PAGE)] == ["charge", "charged"] * EXAMPLES
