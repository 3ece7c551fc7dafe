"""The forms of a rate: one price, prices by option, in bands for each unit or for all of them."""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.sizes import examples
from prorata.pricing.errors import BadInput
from prorata.pricing.rates import (
    Band,
    OptionPrices,
    Rate,
    Tiered,
    UnitPrice,
    Volume,
    first_drop,
    parts_text,
    rate_from_json,
)

D = Decimal
CORES = Tiered((Band(4, D(10)), Band(None, D(8))))
MORE_IS_LESS = Volume((Band(9, D(10)), Band(None, D(8))))


def drawn(rng: Random) -> Rate:
    """A rate of any form, with prices down to 10^-8 and fees now and then."""

    def price() -> Decimal:
        return D(rng.randint(0, 10 ** rng.randint(1, 14))).scaleb(-rng.randint(0, 8))

    hour = price() if rng.random() < 0.3 else None
    form = rng.choice(("unit", "options", "tiered", "volume"))
    if form == "unit":
        return UnitPrice(price(), hour)
    if form == "options":
        prices = {f"o{n}": price() for n in range(rng.randint(1, 4))}
        return OptionPrices(prices, {"o0": price()} if hour is not None else {})
    ends = sorted(rng.sample(range(1, 40), rng.randint(0, 4)))
    fees = [price() if rng.random() < 0.4 else D(0) for _ in range(len(ends) + 1)]
    bands = tuple(Band(end, price(), fee) for end, fee in zip([*ends, None], fees, strict=True))
    return (Tiered if form == "tiered" else Volume)(bands, hour)


rates = st.randoms(use_true_random=False).map(drawn)


# --- prices ---


@pytest.mark.parametrize(("cores", "price"), [(0, 0), (1, 10), (4, 40), (5, 48), (6, 56), (100, 808)])
def test_each_unit_costs_what_its_band_says(cores: int, price: int) -> None:
    assert CORES.monthly(cores) == price


@pytest.mark.parametrize(("units", "price"), [(0, 0), (1, 10), (9, 90), (10, 80), (11, 88)])
def test_all_units_cost_what_the_band_of_their_number_says(units: int, price: int) -> None:
    assert MORE_IS_LESS.monthly(units) == price


def test_the_fee_of_a_band_is_due_once_it_is_reached() -> None:
    bands = (Band(4, D(10), D(3)), Band(8, D(8), D(5)), Band(None, D(6)))
    assert [Tiered(bands).monthly(n) for n in (0, 1, 4, 5, 8, 9)] == [0, 13, 43, 56, 80, 86]
    assert [Volume(bands).monthly(n) for n in (0, 1, 4, 5, 8, 9)] == [0, 13, 43, 45, 69, 54]


def test_a_monthly_price_never_rounds() -> None:
    fine = UnitPrice(D("0.12345678"))
    with localcontext() as context:
        context.prec = 5
        assert str(fine.monthly(10**9)) == "123456780.00000000"


def test_an_option_has_its_own_price() -> None:
    instances = OptionPrices({"1C1G": D(65), "2C4G": D(218)}, {"2C4G": D("0.32")})
    assert (instances.monthly("2C4G"), instances.hourly("2C4G"), instances.hourly("1C1G")) == (
        218,
        D("0.32"),
        None,
    )
    for unknown in ("4C8G", 2):
        with pytest.raises(BadInput, match=r"there is no price for option .*: use one of 1C1G, 2C4G"):
            instances.monthly(unknown)


def test_an_hour_is_sold_by_the_unit_whatever_the_bands() -> None:
    assert UnitPrice(D(10), D("0.02")).hourly(6) == D("0.12")
    assert Tiered(CORES.bands, D("0.02")).hourly(6) == D("0.12")
    assert CORES.hourly(6) is None


@pytest.mark.parametrize("rate", [UnitPrice(D(1)), CORES, MORE_IS_LESS])
@pytest.mark.parametrize("value", ["2C4G", -1])
def test_a_quantity_is_a_number(rate: Rate, value: int | str) -> None:
    with pytest.raises(BadInput, match="a quantity is a whole number of 0 or more"):
        rate.monthly(value)


@examples(200, 20_000)
@given(rates, st.integers(0, 60))
def test_parts_add_up_and_tiers_count_unit_by_unit(rate: Rate, count: int) -> None:
    if isinstance(rate, OptionPrices):
        return
    with localcontext() as context:
        context.prec = 100
        if isinstance(rate, UnitPrice):
            assert rate.monthly(count) == rate.unit * count
            return
        parts = rate.parts(count)
        assert sum(part.units for part in parts) == count
        assert rate.monthly(count) == sum((p.unit * p.units + p.flat for p in parts), D(0))
        if isinstance(rate, Tiered):
            each = [
                next(b for b in rate.bands if b.up_to is None or n <= b.up_to) for n in range(1, count + 1)
            ]
            reached = {band.up_to: band.flat for band in each}
            assert rate.monthly(count) == sum((b.unit for b in each), D(0)) + sum(reached.values(), D(0))


@examples(200, 20_000)
@given(rates)
def test_only_volume_prices_can_drop(rate: Rate) -> None:
    if isinstance(rate, OptionPrices):
        return
    prices = [rate.monthly(n) for n in range(61)]
    falls = [n for n, (less, more) in enumerate(pairwise(prices)) if more < less]
    found = first_drop(rate, range(61))
    assert (found.less if found else None) == (falls[0] if falls else None)
    assert not falls or isinstance(rate, Volume)


def test_a_drop_shows_both_figures() -> None:
    found = first_drop(MORE_IS_LESS, range(1, 20))
    assert found == (9, 90, 10, 80)
    assert (
        first_drop(MORE_IS_LESS, (2, 4, 8, 16)) is None
    )  # 8 cost 80, 16 cost 128: the step between is not sold


def test_a_price_says_how_it_is_made_up() -> None:
    assert parts_text(CORES.parts(6)) == "4 × 10 + 2 × 8"
    assert parts_text(Tiered((Band(4, D("10.50"), D(3)), Band(None, D(8)))).parts(4)) == "4 × 10.5 + 3"
    assert parts_text(CORES.parts(0)) == ""


# --- what is no rate ---


@pytest.mark.parametrize(
    ("bands", "says"),
    [
        ((), "a rate in bands needs at least one band"),
        ((Band(4, D(1)),), "the last band must be open: leave out its up_to, or add a band for more than 4"),
        ((Band(None, D(1)), Band(None, D(1))), "only the last band may be open: give the others an up_to"),
        ((Band(4, D(1)), Band(4, D(1)), Band(None, D(1))), "bands must rise: 4 does not come after 4"),
    ],
)
def test_impossible_bands_are_refused(bands: tuple[Band, ...], says: str) -> None:
    for form in (Tiered, Volume):
        with pytest.raises(BadInput, match=f"^{says}$"):
            form(bands)


@pytest.mark.parametrize("price", ["-1", "NaN", "Infinity", "0.000000001"])
def test_impossible_prices_are_refused(price: str) -> None:
    bad = D(price)
    for make in (
        lambda: UnitPrice(bad), lambda: UnitPrice(D(1), bad), lambda: OptionPrices({"a": bad}), lambda: Band(1, bad),
        lambda: Band(1, D(1), bad), lambda: Tiered((Band(None, D(1)),), bad), lambda: OptionPrices({"a": D(1)}, {"a": bad}),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=r"must be 0 or more|at most 8 decimals"):
            make()


# --- as JSON ---


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ('"1.50"', UnitPrice(D("1.5"))),
        ("65", UnitPrice(D(65))),
        ('{"unit": "1.50", "hourly": "0.004"}', UnitPrice(D("1.5"), D("0.004"))),
        ('{"options": {"2C4G": "65"}}', OptionPrices({"2C4G": D(65)})),
        (
            '{"options": {"2C4G": "65"}, "hourly": {"2C4G": "0.1"}}',
            OptionPrices({"2C4G": D(65)}, {"2C4G": D("0.1")}),
        ),
        ('{"tiered": [{"up_to": 4, "unit": "10"}, {"unit": "8"}]}', CORES),
        ('{"volume": [{"up_to": 9, "unit": "10"}, {"unit": "8"}]}', MORE_IS_LESS),
        (
            '{"volume": [{"unit": "8", "flat": "5"}], "hourly": "0.1"}',
            Volume((Band(None, D(8), D(5)),), D("0.1")),
        ),
    ],
)
def test_a_rate_in_a_file(text: str, rate: Rate) -> None:
    assert rate_from_json(json.loads(text)) == rate


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1.5", 'cpu must be a price in quotes such as "65" or "1.50", not 1.5'),
        ("true", 'cpu must be a price in quotes such as "65" or "1.50", not true'),
        ('"-1"', 'cpu must be a price in quotes such as "65" or "1.50", not "-1"'),
        ('"1e3"', 'cpu must be a price in quotes such as "65" or "1.50", not "1e3"'),
        ('"١"', 'cpu must be a price in quotes such as "65" or "1.50", not "\\u0661"'),
        ('"0.123456789"', 'cpu must have at most 8 decimals, not "0.123456789"'),
        ("{}", "cpu must have one of unit, options, tiered, volume"),
        ('{"unit": "1", "volume": []}', "cpu.volume is not a known key here: use unit, hourly"),
        ('{"options": {}}', 'cpu.options must be prices by option, such as {"2C4G": "65"}'),
        ('{"options": {"a": null}}', 'cpu.options.a must be a price in quotes such as "65" or "1.50", not null'),
        (
            '{"options": {"a": "1"}, "hourly": {"b": "1"}}',
            "cpu: the option 'b' has an hourly price but no monthly one: add it",
        ),
        ('{"options": {"a": "1"}, "hourly": "1"}', 'cpu.hourly must be prices by option, such as {"2C4G": "65"}'),
        ('{"tiered": {}}', "cpu.tiered must be a list of bands"),
        ('{"tiered": ["1"]}', 'cpu.tiered[0] must be a band such as {"up_to": 4, "unit": "10"}'),
        ('{"tiered": [{"up_to": 4}]}', "cpu.tiered[0].unit is missing: add the price of one unit"),
        ('{"tiered": [{"up_to": 4.5, "unit": "1"}]}', "cpu.tiered[0].up_to must be a whole number such as 4, not 4.5"),
        ('{"tiered": [{"up_to": 0, "unit": "1"}]}', "cpu.tiered[0]: a band ends at 1 unit or more, not at 0"),
        ('{"tiered": [{"upto": 4, "unit": "1"}]}', "cpu.tiered[0].upto is not a known key here: use up_to, unit, flat"),
        (
            '{"volume": [{"up_to": 4, "unit": "1"}]}',
            "cpu.volume: the last band must be open: leave out its up_to, or add a band for more than 4",
        ),
    ],
)  # fmt: skip
def test_a_strange_rate_is_refused_in_one_line(text: str, says: str) -> None:
    with pytest.raises(BadInput) as refused:
        rate_from_json(json.loads(text), "cpu")
    assert str(refused.value) == says
