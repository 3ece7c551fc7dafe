"""What a quote keeps of its price gives the same price and the same document again, through JSON text."""

from __future__ import annotations

import json
from random import Random
from types import SimpleNamespace
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from pricing.drawn import Drawn
from pricing.random_books import NAMES, voucher
from pricing.sizes import examples
from prorata.changes.estimate import Estimate
from prorata.changes.inputs import freeze, replay
from prorata.pricing.explain import steps
from prorata.pricing.funding import fund
from prorata.pricing.tax import document
from prorata.pricing.voucher import NotForThis


@examples(300, 50_000)
@given(st.randoms(use_true_random=False))
def test_a_stored_price_is_the_same_for_ever(rng: Random) -> None:
    drawn = Drawn(rng)
    price = drawn.price([drawn.component(name) for name in NAMES[: rng.randint(0, 5)]])
    minimum, code = rng.choice((0, 0, 1, 500)), voucher(rng)
    try:
        paper = document(price, drawn.book.tax, minimum=minimum, voucher=code)
    except NotForThis:
        paper = document(price, drawn.book.tax, minimum=minimum)
    estimate = SimpleNamespace(price=price, document=paper, tax=drawn.book.tax, slices={})

    stored = json.dumps(freeze(cast(Estimate, estimate)))
    again, same_paper = replay(json.loads(stored))

    assert again == price
    assert same_paper == paper
    assert [line.amount for line in again.lines] == [line.amount for line in price.lines]
    assert (again.total, again.carry_out, again.exact) == (price.total, price.carry_out, price.exact)
    assert steps(again, document=same_paper, tax=drawn.book.tax) == steps(
        price, document=paper, tax=drawn.book.tax
    )
    assert fund(again, same_paper).layers == fund(price, paper).layers
