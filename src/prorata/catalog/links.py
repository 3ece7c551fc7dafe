"""Linked limits as plain values: so much of one resource needs so much of another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from prorata.pricing.rates import Value


@dataclass(frozen=True, kw_only=True)
class Link:
    """If `of` is at least `at_least` (or is the option `option`), `needs` must be at least `minimum`."""

    of: str
    at_least: int | None = None
    option: str | None = None
    needs: str
    minimum: int

    def applies(self, value: Value) -> bool:
        """Whether so much, or this option, of `of` asks for something."""
        if self.option is not None:
            return value == self.option
        return not isinstance(value, str) and self.at_least is not None and value >= self.at_least


def never_possible(links: Sequence[Link], values: Mapping[str, Sequence[Value]]) -> tuple[str, Value] | None:
    """A value that the rules together shut out, with its resource, or None: 8 cores need 8 GB, and those 16 cores.

    `values` are the quantities, ascending, and option codes sold, by resource code.
    """
    for code, sold in values.items():
        choices = list(_options(links, values, code))
        for value in sold:
            if not any(_stands(code, value, options, links, values) for options in choices):
                return code, value
    return None


def _options(
    links: Iterable[Link], values: Mapping[str, Sequence[Value]], but: str
) -> Iterator[dict[str, Value]]:
    """Every choice of the other resources whose options ask for something."""
    codes = sorted({link.of for link in links if link.option is not None and link.of != but})
    for chosen in product(*(values[code] for code in codes)):
        yield dict(zip(codes, chosen, strict=True))


def _stands(
    code: str,
    value: Value,
    options: Mapping[str, Value],
    links: Sequence[Link],
    values: Mapping[str, Sequence[Value]],
) -> bool:
    """Whether `value` stays as it is when the least of everything else is raised as far as it must."""
    least = {name: sold[0] for name, sold in values.items() if not isinstance(sold[0], str)}
    has: dict[str, Value] = {**least, **options, code: value}
    while lacking := next((link for link in links if _lacks(link, has)), None):
        if lacking.needs == code:
            return False
        has[lacking.needs] = lacking.minimum
    return True


def _lacks(link: Link, has: Mapping[str, Value]) -> bool:
    return link.of in has and link.applies(has[link.of]) and int(has[link.needs]) < link.minimum
