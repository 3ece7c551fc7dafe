"""The rule and the credit model of a product: what PostgreSQL admits, and what a quote keeps of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from prorata.catalog.models import SOLD_CREDIT_MODELS, Product
from prorata.changes.estimate import estimate
from prorata.changes.inputs import replay
from prorata.changes.models import Quote
from prorata.changes.situation import situation
from prorata.pricing.rules import RULES
from support.world import World


@pytest.mark.parametrize(
    ("name", "value"),
    [("rule", "backwards"), ("rule", ""), ("credit_model", "symmetric"), ("credit_model", "at-renewal")],
)
def test_what_no_product_is_sold_by_is_refused_by_the_form_and_by_postgresql(
    db: None, name: str, value: str
) -> None:
    product = Product.objects.create(code="cloud", name="Cloud")
    assert (product.rule, product.credit_model) == ("calendar-months", "capped")

    with pytest.raises(IntegrityError, match=f"product_{name}_known"), transaction.atomic():
        Product.objects.filter(pk=product.pk).update(**{name: value})
    setattr(product, name, value)
    with pytest.raises(ValidationError) as refused:
        product.full_clean()
    assert name in refused.value.message_dict


def test_every_rule_and_model_can_be_sold(db: None) -> None:
    for rule in RULES:
        for model in SOLD_CREDIT_MODELS:
            Product.objects.create(code=f"{rule}-{model}", name=rule, rule=rule, credit_model=model)


def same(quote: Quote, inputs: dict[str, Any]) -> bool:
    price, paper = replay(inputs)
    lines = [(line["code"], Decimal(line["exact"])) for line in quote.figures["lines"]]
    return (paper.net, paper.tax, paper.gross) == (
        quote.net_minor, quote.tax_minor, quote.gross_minor,
    ) and [(line.name, line.exact) for line in price.lines] == lines  # fmt: skip


@pytest.mark.parametrize("rule", list(RULES))
def test_a_quote_replays_under_its_rule_whatever_the_product_becomes(world: World, rule: str) -> None:
    web = world.web_01("2026-08-15T14:02+09:00")
    Product.objects.update(rule=rule, credit_model="none")
    quote = world.reread(world.quote(web, memory=8, backups=4))
    Product.objects.update(
        rule="average-months" if rule == "calendar-months" else "calendar-months", credit_model="capped"
    )

    assert (quote.rule, quote.rule_version, quote.credit_model, quote.credit_version) == (rule, 1, "none", 1)
    assert quote.inputs["starts_at"] == "2026-05-31T23:00:00+00:00"
    assert quote.inputs["period_months"] == 6
    assert same(quote, quote.inputs)
    assert not same(quote, quote.inputs | {"rule": world.reread(world.cloud).rule})


def test_a_quote_replays_with_what_was_paid_when_it_was_made(world: World) -> None:
    """A reduction to 8,728 of what is left; another change is made before it is looked at again."""
    web = world.web_01("2026-08-15T14:02+09:00")
    Product.objects.update(credit_model="rebuy")
    quote = world.quote(web, cpu=1, memory=1, disk=20, backups=0, snapshots=0)
    world.pay(world.change(web, memory=8))
    world.work()
    quote = world.reread(quote)
    assert (quote.credit_model, quote.credit_version, quote.net_minor) == ("rebuy", 1, -8_728)
    assert same(quote, quote.inputs)
    assert not same(quote, quote.inputs | {"credit": "capped"})


def test_a_quote_of_the_time_of_one_rule_still_replays(world: World) -> None:
    """It kept neither a version nor the start of the term."""
    web = world.web_01("2026-08-15T14:02+09:00")
    quote = world.quote(web, memory=8, backups=4)
    added = ("rule_version", "credit_version", "starts_at", "period_months")
    older = {name: value for name, value in quote.inputs.items() if name not in added}

    assert len(older) == len(quote.inputs) - len(added)
    assert same(quote, older)


@pytest.mark.parametrize(
    ("rule", "until"),
    [
        ("calendar-months", "2026-09-02T00:00:00+09:00"),
        ("average-months", "2026-09-01T00:00:00+09:00"),
        ("thirty-day-months", "2026-09-02T09:00:00+09:00"),
        ("calendar-sum", "2026-09-01T00:00:00+09:00"),
        ("period-days", "2026-09-02T00:00:00+09:00"),
        ("period-seconds", "2026-09-02T00:00:00+09:00"),
    ],
)
def test_until_when_the_rate_is_kept_is_told_by_the_rule(world: World, rule: str, until: str) -> None:
    """The term ends on 1 December at 08:00. Three average months are 91.25 days, so 92 dates; three of thirty days are
    2,160 hours, and with 2,159 to go, on 2 September at 09:00, they no longer fit; three calendar months summed need
    the whole of September, October and November, and the day of the change does not count: 31 August is the last."""
    web = world.web_01("2026-08-15T14:02+09:00")
    Product.objects.update(rule=rule)
    found = estimate(situation(world.reread(web)), {"memory": 8})

    assert found.keep_rate_until is not None
    assert found.keep_rate_until.isoformat() == until
    said = [step.params["until"] for step in found.steps if step.key == "rate.until"]
    assert said == [until]
