"""What is asked: other prices for some products in some currencies, or another rule, or both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from prorata.catalog.models import PriceBook, Product, ResourceType
from prorata.catalog.values import NoPrice, book, live_book
from prorata.changes.simulate.per_cent import changed_by
from prorata.pricing.book_file import BookFile
from prorata.pricing.rates import OptionPrices, Rate
from prorata.pricing.rules import RULES
from prorata.pricing.tiers import Schedule

# A product's price book is one per currency.
Pair = tuple[int, str]


class CannotSimulate(ValueError):
    """What was asked cannot be worked out; one line that says what to do."""


@dataclass(frozen=True, kw_only=True)
class OtherBook:
    """Prices instead of those in force. `keeps_discounts`: the discounts stay what they are (or were); None as the
    minimum charge (minor units) likewise."""

    name: str
    tax_included: bool
    rates: Mapping[str, Rate]
    schedule: Schedule | None = None
    keeps_discounts: bool = True
    minimum_charge_minor: int | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """`books` are the other prices by product id and currency; with none, every product's own prices hold and only the
    `rule` is another. `product` restricts a rule to one product."""

    books: Mapping[Pair, OtherBook] = field(default_factory=dict)
    rule: str | None = None
    product: Product | None = None

    def concerns(self, product_id: int, currency: str) -> bool:
        if self.books:
            return (product_id, currency) in self.books
        return self.product is None or product_id == self.product.pk


def of_files(
    given: Iterable[tuple[str, BookFile]], *, rule: str | None = None, product: Product | None = None
) -> Question:
    """The books of some files, each with the name of its file. Raises CannotSimulate."""
    books: dict[Pair, OtherBook] = {}
    for name, file in given:
        sold = product_of(file.product, f"{name}: product")
        if product is not None and sold != product:
            raise CannotSimulate(
                f"{name} is for {sold.code}, not for {product.code}: leave one of the two out"
            )
        if (sold.pk, file.currency) in books:
            raise CannotSimulate(
                f"{name}: there are two price books for {sold.code} in {file.currency}: keep one"
            )
        _check_rates(file.rates, sold, name)
        books[sold.pk, file.currency] = OtherBook(
            name=name, tax_included=file.tax_included, rates=file.rates, schedule=file.schedule,
            keeps_discounts=file.keeps_discounts, minimum_charge_minor=file.minimum_charge_minor,
        )  # fmt: skip
    return Question(books=books, rule=known_rule(rule), product=product)


def of_version(version: PriceBook, *, rule: str | None = None) -> Question:
    """Another version of a price book, also one that has not started. The discounts stay."""
    values = book(version.pk)
    other = OtherBook(
        name=str(version), tax_included=values.tax_included, rates=values.rates,
        minimum_charge_minor=values.minimum_charge_minor,
    )  # fmt: skip
    return Question(books={(version.product_id, version.currency): other}, rule=known_rule(rule))


def of_per_cent(
    product: Product, currency: str, per_cent: Decimal, now: datetime, *, rule: str | None = None
) -> Question:
    """Every rate in force dearer by so many per cent (or cheaper, below 0). Raises CannotSimulate."""
    try:
        live = live_book(product, currency, now)
    except NoPrice as missing:
        raise CannotSimulate(str(missing)) from None
    if per_cent < -100:
        raise CannotSimulate("Prices cannot fall by more than 100 per cent.")
    rates = {code: changed_by(rate, per_cent) for code, rate in live.rates.items()}
    other = OtherBook(name=f"{live} {per_cent:+f} %", tax_included=live.tax_included, rates=rates)
    return Question(books={(product.pk, currency): other}, rule=known_rule(rule))


def of_rule(rule: str, product: Product | None = None) -> Question:
    """The prices in force under another rule."""
    return Question(rule=known_rule(rule), product=product)


def known_rule(rule: str | None) -> str | None:
    if rule is not None and rule not in RULES:
        raise CannotSimulate(f"the rule {rule!r} is not available: use {', '.join(RULES)}")
    return rule


def product_of(code: str, place: str) -> Product:
    """The product of that code."""
    found = Product.objects.filter(code=code).first()
    if found is None:
        codes = ", ".join(Product.objects.order_by("code").values_list("code", flat=True)[:12])
        raise CannotSimulate(
            f"{place} {code!r} is not sold here: use {codes}"
            if codes
            else f"{place} {code!r}: no product is set up yet"
        )
    return found


def _check_rates(rates: Mapping[str, Rate], product: Product, name: str) -> None:
    kinds = {kind.code: kind.kind for kind in product.resource_types.all()}
    for code, rate in rates.items():
        if code not in kinds:
            raise CannotSimulate(
                f"{name}: rates.{code} is no resource of {product.code}: use {', '.join(kinds)}"
            )
        if (kinds[code] == ResourceType.Kind.OPTION) != isinstance(rate, OptionPrices):
            form = "one price per option" if kinds[code] == ResourceType.Kind.OPTION else "a price per unit"
            raise CannotSimulate(f"{name}: rates.{code} needs {form}")
