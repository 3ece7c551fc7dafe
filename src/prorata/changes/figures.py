"""A quote's figures as JSON: what every later screen, document and mail prints instead of computing anything."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from prorata.catalog.values import Value
from prorata.changes.estimate import Estimate, Mode
from prorata.invoices.charged_rate import charged_rate
from prorata.pricing.funding import fund
from prorata.pricing.money import eight_decimals


def figures(estimate: Estimate, modes: Mapping[str, Mode]) -> dict[str, Any]:
    """`modes` is what the machine itself said of each component; it overrides the product's word."""
    price, paper, left = estimate.price, estimate.document, estimate.price.time_left
    tax_rate, tax_label = _tax(estimate)
    return {
        "lines": [
            {
                "code": line.code, "name": line.name, "unit": line.unit, "before": line.before, "after": line.after,
                "before_name": _name(estimate, line.code, line.before), "after_name": _name(estimate, line.code, line.after),
                "net_minor": line.net_minor, "tax_minor": line.tax_minor, "gross_minor": line.gross_minor,
                "exact": str(line.exact), "mode": modes.get(line.code, line.mode), "capped": line.capped,
                "reduces": line.reduces, "raised_minor": line.raised_minor, "discount_minor": line.discount_minor,
                "old_monthly": str(line.old_monthly), "new_monthly": str(line.new_monthly),
                "old_factor": f"{eight_decimals(priced.old_factor).normalize():f}",
                "new_factor": f"{eight_decimals(priced.new_factor).normalize():f}",
            }
            for line, priced in zip(estimate.lines, price.lines, strict=True)
        ],
        "raised_minor": paper.charge.raise_minor, "discount_minor": paper.charge.discount_minor,
        "voucher": paper.charge.voucher.code if paper.charge.voucher else "",
        "net_minor": paper.net, "tax_minor": paper.tax, "gross_minor": paper.gross, "tax_rate": str(tax_rate),
        # In which purse a credit comes back: what was paid with gifts returns as a gift.
        "returned_gifted_minor": fund(price, paper).returned.gifted_minor, "tax_label": tax_label,
        "tax_included": estimate.tax.included, "direction": estimate.direction,
        "steps": [{"key": step.key, "params": dict(step.params)} for step in estimate.steps],
        "monthly_before": str(estimate.monthly_before), "monthly_after": str(estimate.monthly_after),
        "renewal_before_minor": estimate.renewal_before_minor, "renewal_after_minor": estimate.renewal_after_minor,
        "renewal_months": estimate.renewal_months,
        "restart": any(modes.get(line.code, line.mode) == "restart" for line in estimate.lines),
        "keep_rate_until": estimate.keep_rate_until.isoformat() if estimate.keep_rate_until else None,
        "back_today_minor": estimate.back_today_minor, "carry_in": str(price.carry_in), "carry_out": str(price.carry_out),
        "time_left": {"whole": left.whole, "days": left.days, "of": left.of, "months": str(left.months)},
        "term_ends_at": price.ends_at.isoformat(), "zone": str(price.zone),
    }  # fmt: skip


def _tax(estimate: Estimate) -> tuple[Decimal, str]:
    """The rate and its name as the document will print them: of what comes back those at which it was charged."""
    if estimate.document.gross <= 0:
        slices = [one for some in estimate.slices.values() for one in some]
        day = estimate.price.time_left.day
        if found := charged_rate(slices, day):
            return found.rate, found.label or estimate.tax_label
    return estimate.tax.rate, estimate.tax_label


def _name(estimate: Estimate, code: str, value: Value) -> str:
    """A value in words, without its unit: an option's name, or the quantity."""
    return estimate.situation.limits[code].option_names.get(str(value), str(value))
