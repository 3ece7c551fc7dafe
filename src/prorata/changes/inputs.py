"""A quote's inputs as JSON, and the price they give: replaying a stored quote gives the same figures for ever."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from prorata.changes.estimate import Estimate
from prorata.pricing.change import Component, Price, price_change
from prorata.pricing.layers import PaidShare
from prorata.pricing.rebuy import Bought, Rebuy
from prorata.pricing.tax import Document, TaxRule, document
from prorata.pricing.tiers import Schedule, Tier
from prorata.pricing.voucher import Voucher


def freeze(estimate: Estimate) -> dict[str, Any]:
    """Everything the price of `estimate` was computed from, exactly."""
    price, tax, start = estimate.price, estimate.tax, estimate.price.term.starts_at
    return {
        "rule": price.rule, "rule_version": price.rule_version, "credit": price.credit,
        "credit_version": price.credit_version, "at": price.at.isoformat(), "ends_at": price.ends_at.isoformat(),
        "starts_at": start.utc.isoformat() if start else None, "period_months": price.term.period_months,
        "zone": str(price.zone), "currency": price.currency, "carry": str(price.carry_in),
        "rebuy": _rebuy(price.rebuy),
        "minimum": estimate.document.charge.minimum, "voucher": _voucher(estimate.document.charge.voucher),
        "tax": {"rate": str(tax.rate), "included": tax.included, "rounding": tax.rounding},
        "components": [
            {
                "name": c.name, "old": str(c.old), "new": str(c.new), "old_schedule": tiers_text(c.old_schedule),
                "new_schedule": tiers_text(c.new_schedule), "layers": [_layer(paid) for paid in c.layers or ()],
                "old_made": c.old_made, "new_made": c.new_made,
            }
            for c in (line.component for line in price.lines)
        ],
        "slices": {
            code: [{"layer": s.layer.pk, "top": str(s.top_price), "left": str(s.left_price)} for s in slices]
            for code, slices in estimate.slices.items()
        },
    }  # fmt: skip


def replay(inputs: dict[str, Any]) -> tuple[Price, Document]:
    """The price and the document that frozen inputs give, by the versions of rule and credit model they were made with.

    Quotes that were made when there was one rule and one version of it have neither versions nor the start of a period.
    """
    start = inputs.get("starts_at")
    price = price_change(
        at=datetime.fromisoformat(inputs["at"]), ends_at=datetime.fromisoformat(inputs["ends_at"]),
        zone=ZoneInfo(inputs["zone"]), currency=inputs["currency"], carry=Decimal(inputs["carry"]), rule=inputs["rule"],
        credit=inputs["credit"], starts_at=datetime.fromisoformat(start) if start else None,
        period_months=inputs.get("period_months"), rule_version=inputs.get("rule_version", 1),
        credit_version=inputs.get("credit_version", 1), rebuy=_paid_and_used(inputs.get("rebuy")),
        components=[component_of(stored) for stored in inputs["components"]],
    )  # fmt: skip
    return price, document(
        price, tax_of(inputs), minimum=inputs.get("minimum", 0), voucher=_terms(inputs.get("voucher"))
    )


def tax_of(inputs: dict[str, Any]) -> TaxRule:
    """The tax rule of frozen inputs."""
    tax = inputs["tax"]
    return TaxRule(rate=Decimal(tax["rate"]), included=tax["included"], rounding=tax["rounding"])


def component_of(stored: dict[str, Any]) -> Component:
    """One frozen component."""
    return Component(
        name=stored["name"], old=Decimal(stored["old"]), new=Decimal(stored["new"]),
        old_schedule=tiers_of(stored["old_schedule"]), new_schedule=tiers_of(stored["new_schedule"]),
        layers=tuple(_paid(layer) for layer in stored["layers"]),
        old_made=stored.get("old_made", ""), new_made=stored.get("new_made", ""),  # older quotes have none
    )  # fmt: skip


def _voucher(voucher: Voucher | None) -> dict[str, Any] | None:
    if voucher is None:
        return None
    return {
        "code": voucher.code, "amount": voucher.amount, "off": None if voucher.off is None else str(voucher.off),
        "at_most": voucher.at_most, "minimum_spend": voucher.minimum_spend,
        "scope": None if voucher.scope is None else sorted(voucher.scope),
    }  # fmt: skip


def _terms(stored: dict[str, Any] | None) -> Voucher | None:
    if stored is None:
        return None
    return Voucher(
        code=stored["code"], amount=stored["amount"], off=None if stored["off"] is None else Decimal(stored["off"]),
        at_most=stored["at_most"], minimum_spend=stored["minimum_spend"],
        scope=None if stored["scope"] is None else frozenset(stored["scope"]),
    )  # fmt: skip


def _rebuy(rebuy: Rebuy | None) -> dict[str, Any] | None:
    if rebuy is None:
        return None
    return {
        "paid": str(rebuy.paid), "monthly": str(rebuy.monthly), "schedule": tiers_text(rebuy.schedule),
        "bought": [
            {"since": b.since.isoformat(), "monthly": str(b.monthly), "hourly": None if b.hourly is None else str(b.hourly)}
            for b in rebuy.bought
        ],
    }  # fmt: skip


def _paid_and_used(stored: dict[str, Any] | None) -> Rebuy | None:
    if stored is None:
        return None
    return Rebuy(
        paid=Decimal(stored["paid"]), monthly=Decimal(stored["monthly"]), schedule=tiers_of(stored["schedule"]),
        bought=tuple(
            Bought(date.fromisoformat(b["since"]), Decimal(b["monthly"]), Decimal(b["hourly"]) if b["hourly"] else None)
            for b in stored["bought"]
        ),
    )  # fmt: skip


def tiers_text(schedule: Schedule | None) -> list[list[str]] | None:
    return None if schedule is None else [[str(tier.months), str(tier.off)] for tier in schedule.tiers]


def tiers_of(tiers: list[list[str]] | None) -> Schedule | None:
    return (
        None if tiers is None else Schedule(tuple(Tier(int(months), Decimal(off)) for months, off in tiers))
    )


def _layer(paid: PaidShare) -> dict[str, str]:
    return {
        "key": paid.key, "amount": str(paid.amount), "starts": paid.starts.isoformat(), "ends": paid.ends.isoformat(),
        "share": str(paid.share), "tax": str(paid.tax), "gifted": str(paid.gifted),
    }  # fmt: skip


def _paid(layer: dict[str, str]) -> PaidShare:
    return PaidShare(
        key=layer["key"], amount=Decimal(layer["amount"]), starts=date.fromisoformat(layer["starts"]),
        ends=date.fromisoformat(layer["ends"]), share=Fraction(layer["share"]), tax=Decimal(layer["tax"]),
        gifted=Decimal(layer["gifted"]),
    )  # fmt: skip
