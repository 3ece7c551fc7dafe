"""What other prices or another rule would bring: three customers, two products, every figure worked by hand.

Tanaka Design   web-01, six months to 1 December 2026, memory 4 to 8 GB on 15 August        JPY, 10 % tax on top
Mori Studio     app-01, three months to 1 September 2026, CPU 8 to 6 cores on 15 August     JPY
Lindqvist       cvm-01, six months to 1 December 2026, 1C1G to 2C4G on 15 August            USD, no tax
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prorata import clock
from prorata.catalog.models import PriceBook, Product
from prorata.catalog.values import forget
from prorata.changes import states
from prorata.changes.simulate import replays as replaying
from prorata.changes.simulate.command import main
from prorata.changes.simulate.months import months_before
from prorata.changes.simulate.question import of_rule
from prorata.changes.simulate.replays import replays
from prorata.changes.simulate.run import simulate
from prorata.customers.models import Membership
from prorata.services.models import Service
from support.world import WEB, ZONE, World

APP = WEB | {"cpu": 8, "memory": 2, "disk": 40, "backups": 1, "snapshots": 0}
OTHER_CLOUD = {
    "product": "bestnet-cloud", "currency": "JPY",
    "rates": {"cpu": "700", "memory": "400", "disk": "15", "backups": "300", "snapshots": "200"},
}  # fmt: skip
OTHER_VM = {
    "product": "cloud-vm", "currency": "USD",
    "rates": {"instance_type": {"options": {"1c1g": "60", "2c4g": "240", "4c8g": "400"}}},
}  # fmt: skip


@pytest.fixture
def provider(world: World) -> World:
    """All three changes are applied; it is 31 August 2026, noon in Tokyo."""
    world.open("2026-06-01T08:00+09:00")
    mori, lindqvist = (
        world.new_customer(name, mail)[0]
        for name, mail in (("Mori Studio", "m@example.com"), ("Lindqvist", "l@example.com"))
    )
    for customer in (mori, lindqvist):
        Membership.objects.create(customer=customer, user=world.owner, role="owner")
    web = world.service(paid=34_188)
    # 6,800 a month, three months at 20 % off: 16,320, with tax 17,952.
    app = world.service(APP, paid=17_952, months=3, name="app-01", customer=mori)
    options = {"instance_type": {"grow": "restart", "shrink": "restart", "options": ["1c1g", "2c4g", "4c8g"]}}
    cvm = world.service(
        {"instance_type": "1c1g"}, paid=27_300, name="cvm-01", customer=lindqvist, currency="USD", product=world.vm,
        components=options,
    )  # fmt: skip
    world.at("2026-08-15T14:02+09:00")
    world.measure(web)
    world.measure(app)
    for service, wanted in ((web, {"memory": 8}), (app, {"cpu": 6}), (cvm, {"instance_type": "2c4g"})):
        change = world.change(service, **wanted)
        if change.status == states.AWAITING_PAYMENT:
            world.pay(change)
        world.work()
        assert world.reread(change).status == states.APPLIED
    # Nobody paid for this one: it brings nothing.
    world.measure(web)
    assert world.change(web, snapshots=4).status == states.AWAITING_PAYMENT
    world.at("2026-08-31T12:00+09:00")
    return world


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def sides(amounts: dict[str, Any]) -> tuple[int, str, str, str]:
    return amounts["count"], amounts["now"], amounts["then"], amounts["difference"]


def test_two_other_price_books(provider: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Renewals, by the tier of their months (six: 30 % off, three: 20 %):
    web-01   2 × 600 + 8 × 450 + 100 × 20 + 7 × 300 + 2 × 150 = 9,200, × 6 × 0.70 = 38,640
             2 × 700 + 8 × 400 + 100 × 15 + 7 × 300 + 2 × 200 = 8,600, × 6 × 0.70 = 36,120
    app-01   6 × 600 + 2 × 450 + 40 × 20 + 300 = 5,600, × 3 × 0.80 = 13,440
             6 × 700 + 2 × 400 + 40 × 15 + 300 = 5,900, × 3 × 0.80 = 14,160
    cvm-01   218 × 6 × 0.70 = 915.60, and 240 × 6 × 0.70 = 1,008.00
    Changes on 15 August:
    web-01   3 months and 16/30: 4 × 450 × 106/30 × 0.80 = 5,088, and 4 × 400 × 106/30 × 0.80 = 4,522.67: 4,523
    app-01   two cores of eight, 17/31 of a month: -658.06, and -767.74 at 700. The opening layer holds
             11,520 × 16/92 × 2/8 = 500.87, at either price: -501
    cvm-01   153 × 106/30 × 0.80 = 432.48, and 180 × 106/30 × 0.80 = 508.80
    """
    one, other = tmp_path / "cloud.json", tmp_path / "vm.json"
    one.write_text(json.dumps(OTHER_CLOUD))
    other.write_text(json.dumps([OTHER_VM]))
    with provider.unchanged():
        said = told(capsys, "--price-book", str(one), "--price-book", str(other))
    jpy, usd = said["currencies"]

    assert (jpy["currency"], usd["currency"], said["left_out"]) == ("JPY", "USD", [])
    assert sides(jpy["renewals"]) == (2, "52080", "50280", "-1800")
    assert sides(jpy["changes"]) == (2, "4587", "4022", "-565")
    assert sides(usd["renewals"]) == (1, "915.60", "1008.00", "92.40")
    assert sides(usd["changes"]) == (1, "432.48", "508.80", "76.32")
    assert [(each["name"], sides(each["total"])) for each in jpy["products"]] == [
        ("BESTNET-CLOUD", (4, "56667", "54302", "-2365"))
    ]
    assert [(each["name"], sides(each["renewals"]), sides(each["changes"])) for each in jpy["customers"]] == [
        ("Mori Studio", (1, "13440", "14160", "720"), (1, "-501", "-501", "0")),
        ("Tanaka Design", (1, "38640", "36120", "-2520"), (1, "5088", "4523", "-565")),
    ]
    assert [each["name"] for each in jpy["pay_less"]] == ["Tanaka Design"]
    assert [each["name"] for each in jpy["pay_more"]] == ["Mori Studio"]
    assert (usd["pay_less"], [each["name"] for each in usd["pay_more"]]) == ([], ["Lindqvist"])


def test_the_same_in_words(provider: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cloud.json"
    file.write_text(json.dumps(OTHER_CLOUD))

    assert main(["--price-book", str(file)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Renewals: the next one of every active service, at prices of 2026-08-31 12:00 Asia/Tokyo.",
        "Changes: those submitted since 2026-07-31 12:00. Amounts are before tax.",
        "",
        "JPY                                            now            then      difference",
        "Renewals (2)                                52,080          50,280          -1,800",
        "Changes (2)                                  4,587           4,022            -565",
        "",
        "By product",
        "  BESTNET-CLOUD                             56,667          54,302          -2,365",
        "",
        "By customer",
        "  Mori Studio                               12,939          13,659            +720",
        "  Tanaka Design                             43,728          40,643          -3,085",
        "",
        "Pay less",
        "  Tanaka Design                             43,728          40,643          -3,085",
        "",
        "Pay more",
        "  Mori Studio                               12,939          13,659            +720",
    ]


def test_another_rule_prices_the_changes_alone(provider: World, capsys: pytest.CaptureFixture[str]) -> None:
    """108 days to 1 December are 108 × 12/365 months: 1,800 × 1,296/365 × 0.80 = 5,112.99, and 153 dollars 434.60.
    app-01 has 17 days: 1,200 × 204/365 = 670.68 back by the formula, 500.87 by the layer."""
    jpy, usd = told(capsys, "--rule", "average-months")["currencies"]

    assert sides(jpy["renewals"]) == (2, "52080", "52080", "0")
    assert sides(jpy["changes"]) == (2, "4587", "4612", "25")
    assert sides(usd["changes"]) == (1, "432.48", "434.60", "2.12")


def test_a_rule_of_the_period_takes_the_term_for_the_period(
    provider: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """108 of 183 days of six months, 20 % off for three whole months left: 1,800 × 6 × 108/183 × 0.80 = 5,099.02, and for
    153 dollars 433.42. app-01 has 17 of 92 days of three months: 665.22 back by the formula, 500.87 by the layer."""
    jpy, usd = told(capsys, "--rule", "period-days")["currencies"]

    assert sides(jpy["changes"]) == (2, "4587", "4598", "11")
    assert sides(usd["changes"]) == (1, "432.48", "433.42", "0.94")


def test_quotes_of_the_time_before_rules_had_periods(
    provider: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They know neither versions nor the start of a period: it is the term's, also after the service was renewed."""
    told_now = told(capsys, "--rule", "period-days")
    read = replaying._replay

    def as_of_old(fact: dict[str, Any], *others: Any) -> Any:
        newer = ("rule_version", "credit_version", "starts_at", "period_months", "minimum", "voucher")
        kept = {name: value for name, value in fact["quote__inputs"].items() if name not in newer}
        return read({**fact, "quote__inputs": kept}, *others)

    monkeypatch.setattr(replaying, "_replay", as_of_old)
    assert told(capsys, "--rule", "period-days") == told_now
    provider.breaking("adopted-terms-are-their-layers")  # a term that nobody sold
    Service.objects.filter(name="web-01").update(
        term_starts_at="2026-12-01T08:00+09:00", term_ends_at="2027-06-01T08:00+09:00"
    )
    assert told(capsys, "--rule", "period-days") == told_now


def test_a_minimum_charge_holds_on_both_sides(
    provider: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With at least 5,100 for a change that costs something: 5,088 becomes 5,100, and 5,113 stays. A credit is none.
    At the other prices 4,523 becomes 5,100 as well, and 6,000 where the other book asks for as much."""
    read = replaying._replay

    def with_minimum(fact: dict[str, Any], *others: Any) -> Any:
        return read({**fact, "quote__inputs": fact["quote__inputs"] | {"minimum": 5_100}}, *others)

    monkeypatch.setattr(replaying, "_replay", with_minimum)
    (jpy,) = told(capsys, "--rule", "average-months", "--product", "bestnet-cloud")["currencies"]

    assert sides(jpy["changes"]) == (2, "4599", "4612", "13")
    for book_says, then in (
        ({}, "4599"),
        ({"minimum_charge": "6000"}, "5499"),
        ({"minimum_charge": 0}, "4022"),
    ):
        file = tmp_path / "cloud.json"
        file.write_text(json.dumps(OTHER_CLOUD | book_says))
        (jpy,) = told(capsys, "--price-book", str(file))["currencies"]
        assert sides(jpy["changes"])[1:3] == ("4599", then)


def test_one_product_alone(provider: World, capsys: pytest.CaptureFixture[str]) -> None:
    (usd,) = told(capsys, "--rule", "average-months", "--product", "cloud-vm")["currencies"]

    assert (usd["currency"], [each["name"] for each in usd["customers"]]) == ("USD", ["Lindqvist"])


def test_discounts_of_the_file_hold_on_both_sides(
    provider: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the prices of today and half price from three months on: 915.60 becomes 218 × 6 × 0.50 = 654.00, and 153 ×
    106/30 × 0.50 = 270.30. With no discounts at all 1,308.00 and 540.60."""
    today = OTHER_VM | {"rates": {"instance_type": {"options": {"1c1g": "65", "2c4g": "218", "4c8g": "420"}}}}
    for discounts, renewed, changed in (
        ([{"months": 3, "off": "0.5"}], "654.00", "270.30"),
        ([], "1308.00", "540.60"),
    ):
        file = tmp_path / "vm.json"
        file.write_text(json.dumps(today | {"discounts": discounts}))
        (usd,) = told(capsys, "--price-book", str(file))["currencies"]

        assert sides(usd["renewals"])[1:3] == ("915.60", renewed)
        assert sides(usd["changes"])[1:3] == ("432.48", changed)


def test_prices_with_tax_are_held_against_prices_without_it(
    provider: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The prices of today with their 10 % in them, so that nothing changes but by rounding: web-01 10,120 × 4.2 = 42,504
    holds 3,864; its change 5,596.80: 5,597 holds 508. app-01's layer is what was paid for it before tax: 501 less 45."""
    rates = {"cpu": "660", "memory": "495", "disk": "22", "backups": "330", "snapshots": "165"}
    file = tmp_path / "cloud.json"
    file.write_text(json.dumps(OTHER_CLOUD | {"rates": rates, "tax_included": True}))
    (jpy,) = told(capsys, "--price-book", str(file))["currencies"]
    mori, tanaka = jpy["customers"]

    assert sides(tanaka["renewals"]) == (1, "38640", "38640", "0")
    assert sides(tanaka["changes"]) == (1, "5088", "5089", "1")
    assert sides(mori["renewals"]) == (1, "13440", "13440", "0")
    assert sides(mori["changes"]) == (1, "-501", "-456", "45")


def test_what_changed_costs_now_what_it_cost_then(provider: World) -> None:
    """Replayed with nothing changed, every change costs exactly what its quote says before tax."""
    since = months_before(clock.now(), 1, ZONE)
    found = sorted((row.currency, row.now) for row in replays(of_rule("calendar-months"), since, clock.now()))

    assert found == [("JPY", -501), ("JPY", 5088), ("USD", 43248)]
    assert all(row.now == row.then for row in replays(of_rule("calendar-months"), since, clock.now()))


def test_changes_older_than_a_month_are_past(provider: World) -> None:
    provider.at("2026-09-15T14:01+09:00")
    assert [one.changes.count for one in simulate(of_rule("average-months"), clock.now()).currencies] == [
        2,
        1,
    ]
    provider.at("2026-09-15T14:03+09:00")
    assert [one.changes.count for one in simulate(of_rule("average-months"), clock.now()).currencies] == [
        0,
        0,
    ]


def test_a_line_that_was_not_delivered_brings_nothing(world: World) -> None:
    """CPU 2 to 4 is delivered, 1,200 × 106/30 × 0.80 = 3,392; memory 4 to 8 is not, and its 5,088 went back. By average
    months CPU is 1,200 × 1,296/365 × 0.80 = 3,408.66."""
    web = world.web_01("2026-08-15T14:02+09:00")
    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    world.measure(web)
    change = world.change(web, cpu=4, memory=8)
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.PARTLY_APPLIED
    (jpy,) = simulate(of_rule("average-months"), clock.now()).currencies

    assert (jpy.changes.count, jpy.changes.now, jpy.changes.then) == (1, 3_392, 3_409)


def test_services_without_a_price_today_are_named(
    provider: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    PriceBook.objects.filter(product__code="bestnet-cloud").update(starts_at="2027-01-01T00:00Z")
    forget()
    said = told(capsys, "--rule", "calendar-sum")

    assert said["left_out"] == [
        "BESTNET-CLOUD has no price book in JPY at this time. Add one that has started."
    ]
    assert [sides(one["renewals"])[0] for one in said["currencies"]] == [0, 1]
    assert Product.objects.count() == 2


def test_what_buying_anew_lowered_is_compared_by_its_layers(world: World) -> None:
    """The credit of all that shrinks is 8,728; the layers hold 31,080 x 107/183 x 5,950/7,400 = 14,611.7."""
    web = world.web_01("2026-08-15T14:02+09:00")
    Product.objects.update(credit_model="rebuy")
    change = world.change(web, cpu=1, memory=1, disk=20, backups=0, snapshots=0)
    world.work()
    assert change.quote.net_minor == -8_728

    (row,) = replays(of_rule("calendar-months"), months_before(clock.now(), 1, ZONE), clock.now())
    assert (row.now, row.then) == (-14_612, -14_612)
