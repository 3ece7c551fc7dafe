"""Staff replay a stored quote: the same to the last digit, or loudly not; and what the same wish would cost today."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from psycopg.errors import RestrictViolation

from prorata.catalog.models import SOLD_CREDIT_MODELS, PriceBook, Product, Rate, ResourceType
from prorata.changes.models import Quote
from prorata.changes.refusals import Refused
from prorata.changes.replayed import replayed
from prorata.customers.models import User
from prorata.pricing.rules import RULES
from prorata.services.models import Service
from support.attacks import Attack, attack, refused, triggers_asleep
from support.portal import text
from support.world import World

__all__ = ["attack"]

SAME = "The same to the last digit."


def page_of(quote: Quote) -> str:
    return reverse("admin:changes_quote_replay", args=[quote.pk])


def halves(staff: Client, quote: Quote) -> tuple[str, str]:
    """The words of what was worked out again, and of what it would be today."""
    again, today = text(staff.get(page_of(quote))).split("Would be today")
    return again, today


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


# --- the same -----------------------------------------------------------------------------------------------


def upgrade(world: World) -> Quote:
    return world.quote(world.web_01("2026-08-15T14:02+09:00"), memory=8, cpu=4)


def reduction_of_several_layers(world: World) -> Quote:
    """Memory was bought at the beginning and twice since; going to 2 takes back two layers and a part of the first."""
    web = world.web_01("2026-08-15T14:02+09:00")
    for instant, memory in (("2026-08-16T09:00+09:00", 8), ("2026-09-20T09:00+09:00", 12)):
        world.at(instant)
        world.pay(world.change(world.reread(web), memory=memory))
        world.work()
    world.at("2026-10-03T09:00+09:00")
    quote = world.quote(world.reread(web), memory=3)
    assert len(quote.inputs["slices"]["memory"]) == 3
    return quote


def mixed(world: World) -> Quote:
    return world.quote(world.web_01("2026-08-15T14:02+09:00"), memory=8, backups=4)


def with_carry(world: World) -> Quote:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.pay(world.change(web, memory=8, backups=4))
    world.work()
    quote = world.quote(world.reread(web), snapshots=5)
    assert quote.figures["carry_in"] == "-0.16393443"
    return quote


def tax_included(world: World) -> Quote:
    world.open("2026-06-01T08:00+09:00", rounding="half_up")
    begin = world.clock.now() - timedelta(days=1)
    product: Product = world.product("eu-box", "EU-BOX", begin, Decimal("0.20"))
    book = PriceBook.objects.create(product=product, currency="EUR", starts_at=begin, tax_included=True)
    kind = ResourceType.objects.create(product=product, code="memory", name="Memory", minimum=1, maximum=50)
    Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal("4.90"))
    box = world.service({"memory": 4}, paid=8_652, name="box-01", currency="EUR", product=product)
    world.at("2026-09-01T10:00+09:00")
    return world.quote(box, memory=8)


def option_in_dollars(world: World) -> Quote:
    world.open("2026-06-01T08:00+09:00")
    return world.quote(world.cvm_01(), instance_type="2c4g")


def with_voucher(world: World) -> Quote:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.voucher("SUMMER", amount_minor=1_000)
    quote = world.quote(web, voucher="SUMMER", memory=8)
    assert quote.figures["discount_minor"] == 1_000
    return quote


def gifts_in_the_layer(world: World) -> Quote:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(1_500, until="2026-09-30T00:00+09:00")
    world.pay(world.change(web, memory=8))
    world.work()
    world.at("2026-08-16T10:00+09:00")
    quote = world.quote(world.reread(web), memory=4)
    assert quote.figures["returned_gifted_minor"] == 1_472
    return quote


KINDS: list[Callable[[World], Quote]] = [
    upgrade, reduction_of_several_layers, mixed, with_carry, tax_included, option_in_dollars, with_voucher,
    gifts_in_the_layer,
]  # fmt: skip


@pytest.mark.parametrize("made", KINDS)
def test_every_kind_of_quote_comes_out_the_same(
    made: Callable[[World], Quote], world: World, staff: Client
) -> None:
    quote = made(world)
    found = replayed(quote)
    assert found.same, [one for one in (*found.figures, *found.steps) if not one.same]
    again, _today = halves(staff, quote)
    assert SAME in again
    assert f"{len(found.figures)} figures of the stored inputs, worked out now, are what was stored." in again
    assert "different" not in again.lower().replace("different:", "")
    for one in (*found.figures, *found.steps):
        assert " ".join(one.again.replace("\u00a0", " ").split()) in again


def test_random_quotes_under_every_rule_come_out_the_same(world: World) -> None:
    """Twenty days, each with some rule and credit model, some wish, sometimes carried out."""
    rng = Random("replay")
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188)
    made, directions = 0, set()
    for day in range(20):
        world.clock.forward(timedelta(days=rng.randint(1, 7), minutes=rng.randint(0, 900)))
        Product.objects.filter(pk=world.cloud.pk).update(
            rule=rng.choice(list(RULES)), credit_model=rng.choice(SOLD_CREDIT_MODELS)
        )
        web = Service.objects.get(pk=web.pk)
        wanted: dict[str, int | str] = {
            "cpu": rng.randint(1, 8), "memory": rng.choice((3, 4, 6, 8, 12)), "backups": rng.randint(3, 14),
        }  # fmt: skip
        try:
            quote = world.quote(web, **wanted)
        except Refused:
            continue
        stored = Quote.objects.get(pk=quote.pk)
        found = replayed(stored)
        assert found.same, (
            day,
            [one for one in (*found.figures, *found.steps) if not one.same],
            found.problem,
        )
        made += 1
        directions.add(quote.figures["direction"])
        change = world.submit(quote)
        if change.status == "awaiting_payment":
            world.pay(change)
        world.work()
    assert made >= 10
    assert directions >= {"upgrade", "downgrade"}


# --- not the same -------------------------------------------------------------------------------------------


def tamper(world: World, attack: Attack, quote: Quote, *, amounts: bool = True, **columns: Any) -> Quote:
    """Below the application, with PostgreSQL's own guards asleep: nothing else could. Where `amounts` change, the check of
    the books sees it as well."""
    if amounts:
        world.breaking("quotes-replay", "quotes-add-up")
    with attack("eraser") as sql:
        refused(sql, RestrictViolation, "UPDATE changes_quote SET net_minor = 0 WHERE id = %s", [quote.pk])
        with triggers_asleep(sql):
            plain = [json.dumps(value) if isinstance(value, dict) else value for value in columns.values()]
            columns_set = ", ".join(f"{column} = %s" for column in columns)
            sql.execute(f"UPDATE changes_quote SET {columns_set} WHERE id = %s", [*plain, quote.pk])
        sql.commit()
    return Quote.objects.get(pk=quote.pk)


def test_a_changed_input_is_shown_loudly(world: World, web: Service, staff: Client, attack: Attack) -> None:
    """The old price of memory is made 1,700 instead of 1,800: 100 × 106/30 × 0.80 = 282.67 more."""
    quote = world.quote(web, memory=8)
    inputs = json.loads(json.dumps(quote.inputs))
    inputs["components"][0]["old"] = "1700"
    page = staff.get(page_of(tamper(world, attack, quote, inputs=inputs)))
    said = text(page)
    assert SAME not in said
    assert re.search(r"Different: \d+ figures and steps are not what was stored\.", said)
    assert 'class="desk-verdict desk-verdict-bad" role="alert"' in page.content.decode()
    assert "Monthly price before 1,800 1,700 different" in said
    assert "Exact amount 5,088 5,370.66666667 different" in said
    assert "With tax 5,596 JPY 5,908 JPY different" in said
    assert "Monthly price after 3,600 3,600 same" in said
    assert "Stored: Memory: (3,600 − 1,800) × 106/30 × 0.80 = 5,088" in said
    assert "Worked out now: Memory: (3,600 − 1,700) × 106/30 × 0.80 = 5,370.66666667" in said


def test_a_changed_amount_is_shown_loudly(world: World, web: Service, staff: Client, attack: Attack) -> None:
    quote = tamper(world, attack, world.quote(web, memory=8), net_minor=5_000, gross_minor=5_508)
    found = replayed(quote)
    assert [(one.about, one.name) for one in found.figures if not one.same] == [
        ("What is charged", "Net"), ("What is charged", "With tax"),
    ]  # fmt: skip
    assert "Different: 2 figures and steps are not what was stored." in text(staff.get(page_of(quote)))


def test_a_changed_step_is_shown_though_every_amount_is_right(
    world: World, web: Service, staff: Client, attack: Attack
) -> None:
    quote = world.quote(web, memory=8)
    figures = json.loads(json.dumps(quote.figures))
    figures["steps"][0]["params"]["months"] = "4"
    quote = tamper(world, attack, quote, amounts=False, figures=figures)
    assert "Different: 1 figure or step is not what was stored." in text(staff.get(page_of(quote)))


def test_a_step_whose_words_hide_the_difference_shows_its_figures(
    world: World, web: Service, staff: Client, attack: Attack
) -> None:
    quote = world.quote(web, memory=8)
    figures = json.loads(json.dumps(quote.figures))
    formula = next(step for step in figures["steps"] if step["key"] == "line.formula")
    formula["params"]["exact"] = "05088"
    said = text(staff.get(page_of(tamper(world, attack, quote, amounts=False, figures=figures))))
    assert "Different: 1 figure or step is not what was stored." in said
    assert "'exact': '05088'" in said
    assert "'exact': '5088'" in said


@pytest.mark.parametrize("figures", [{}, {"lines": []}, {"steps": [{"key": "none"}]}])
def test_figures_that_cannot_be_read_say_so(
    figures: dict[str, Any], world: World, web: Service, staff: Client, attack: Attack
) -> None:
    quote = tamper(world, attack, world.quote(web, memory=8), figures=figures)
    said = text(staff.get(page_of(quote)))
    assert "Different: what was stored can no longer be worked out." in said
    assert "Not possible today What was stored cannot be read." in said


@pytest.mark.parametrize(
    "broken", [{}, {"rule": "no-such-rule"}, {"components": [{}]}, {"at": "yesterday"}, {"carry": "x"}]
)
def test_inputs_that_cannot_be_read_say_so(
    broken: dict[str, Any], world: World, web: Service, staff: Client, attack: Attack
) -> None:
    quote = world.quote(web, memory=8)
    quote = tamper(world, attack, quote, inputs=broken and {**quote.inputs, **broken})
    page = staff.get(page_of(quote))
    assert page.status_code == 200
    assert "Different: what was stored can no longer be worked out." in text(page)


# --- today --------------------------------------------------------------------------------------------------


def test_would_be_today_at_once_is_the_same_price(world: World, web: Service, staff: Client) -> None:
    quote = world.quote(web, memory=8)
    _again, today = halves(staff, quote)
    assert "5,596 JPY (0 JPY against then)" in today
    assert "Price book BESTNET-CLOUD JPY v1 the same" in today


def test_would_be_today_has_the_time_and_the_price_book_of_today(
    world: World, web: Service, staff: Client
) -> None:
    """On 10 September 2 + 21/30 months are left, at no discount, and memory costs 500 a month: 2,000 × 2.7 = 5,400."""
    quote = world.quote(web, memory=8)
    world.at("2026-09-09T00:00+09:00")
    book = PriceBook.objects.create(
        product=world.cloud, currency="JPY", version=2, starts_at=world.clock.now() + timedelta(hours=1)
    )
    for kind in world.cloud.resource_types.all():
        rate = {"memory": 500, "cpu": 600, "disk": 20, "backups": 300, "snapshots": 150}[kind.code]
        Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal(rate))
    world.at("2026-09-10T10:00+09:00")
    world.measure(web)
    with world.unchanged():
        again, today = halves(staff, quote)
    assert SAME in again, "what was stored is priced as it was, whatever is sold now"
    assert "5,940 JPY (+344 JPY against then)" in today
    assert "Memory, 4 → 8 GB 5,596 JPY 5,940 JPY +344 JPY" in today
    assert "Price book BESTNET-CLOUD JPY v1 BESTNET-CLOUD JPY v2" in today
    assert "Whole months left 3 2" in today
    assert "Memory: (4,000 − 2,000) × 81/30 = 5,400" in today


def test_would_be_today_says_why_it_is_not_possible(world: World, web: Service, staff: Client) -> None:
    quote = world.quote(web, memory=8)
    world.submit(quote)
    _again, today = halves(staff, quote)
    assert "Not possible today" in today
    assert "is under way" in today or "change" in today.lower()
    world.at("2026-12-02T00:00+09:00")
    _again, today = halves(staff, quote)
    assert "The term" in today
    assert "against then" not in today


def test_a_wish_that_was_carried_out_has_nothing_to_change(world: World, web: Service, staff: Client) -> None:
    quote = world.quote(web, memory=8)
    world.pay(world.submit(quote))
    world.work()
    again, today = halves(staff, quote)
    assert SAME in again
    assert "Not possible today" in today
    assert "Memory 4 8" in today, "the service as it was, and as it is"


def test_a_voucher_that_is_used_up_is_named(world: World, web: Service, staff: Client) -> None:
    world.voucher("SUMMER", amount_minor=1_000, until="2026-08-20T00:00+09:00")
    quote = world.quote(web, voucher="SUMMER", memory=8)
    assert "(0 JPY against then)" in halves(staff, quote)[1]
    world.at("2026-08-20T09:00+09:00")
    world.measure(web)
    _again, today = halves(staff, quote)
    assert "Without the voucher SUMMER:" in today


# --- who and what -------------------------------------------------------------------------------------------


def test_a_replay_writes_nothing(world: World, web: Service, staff: Client) -> None:
    quote = world.quote(web, memory=8, backups=4)
    with world.unchanged():
        assert staff.get(page_of(quote)).status_code == 200


def test_who_may_see_a_quote_may_replay_it(world: World, web: Service, client: Client) -> None:
    quote = world.quote(web, memory=8)
    assert client.get(page_of(quote)).status_code == 302
    client.force_login(world.owner)
    assert client.get(page_of(quote), follow=True).status_code == 403
    clerk = User.objects.create_user("new@example.com", "a-long-password", is_staff=True)
    client.force_login(clerk)
    assert client.get(page_of(quote)).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_quote"))
    assert SAME in text(client.get(page_of(quote)))
    shown = client.get(reverse("admin:changes_quote_change", args=[quote.pk])).content.decode()
    assert f'href="{page_of(quote)}"' in shown
    for nothing in ("0", "x"):
        assert client.get(reverse("admin:changes_quote_replay", args=[nothing])).status_code == 404
