"""A document has room for the longest names that staff may give (2026-11-26)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from prorata.catalog.models import Option, PriceBook, Rate, ResourceType
from prorata.invoices.models import CreditNoteLine, InvoiceLine
from support.world import World


def test_a_choice_with_names_as_long_as_can_be(world: World) -> None:
    """Both options and the choice itself have 80 letters: the line of the invoice has 245."""
    world.open("2026-06-01T08:00+09:00")
    begin = world.clock.now() - timedelta(days=1)
    product = world.product("box", "BOX", begin, Decimal("0.10"))
    kind = ResourceType.objects.create(product=product, code="instance_type", name="N" * 80, kind="option")
    book = PriceBook.objects.create(product=product, currency="JPY", starts_at=begin)
    for code, letter, monthly in (("small", "S", "1000"), ("large", "L", "2000")):
        option = Option.objects.create(resource_type=kind, code=code, name=letter * 80)
        Rate.objects.create(price_book=book, resource_type=kind, option=option, monthly=Decimal(monthly))
    options = {"instance_type": {"grow": "live", "shrink": "live", "options": ["small", "large"]}}
    service = world.service({"instance_type": "small"}, paid=4_620, product=product, components=options)
    world.gift(20_000, until="2026-12-31T00:00+09:00")

    world.change(service, instance_type="large")
    world.work()
    assert InvoiceLine.objects.get().text == f"{'N' * 80} {'S' * 80} to {'L' * 80}"
    world.change(world.reread(service), instance_type="small")
    world.work()
    assert CreditNoteLine.objects.get().text == f"{'N' * 80} {'L' * 80} to {'S' * 80}"
