"""What is asked of the simulation: bad files in one line, percentages, versions; more services cost no more statements."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prorata import clock as business
from prorata.catalog.models import PriceBook, Rate
from prorata.changes.simulate.command import main
from prorata.changes.simulate.months import months_before
from prorata.changes.simulate.outcome import InCurrency
from prorata.changes.simulate.per_cent import changed_by
from prorata.changes.simulate.question import CannotSimulate, Question, of_per_cent, of_rule, of_version
from prorata.changes.simulate.run import simulate
from prorata.clock import HandClock
from prorata.pricing.instants import read_zone
from prorata.pricing.rates import rate_from_json
from prorata.services.models import Service
from support.sold import provider, services
from support.world import clear_caches

RIGHT: dict[str, Any] = {
    "product": "turbo-host", "currency": "EUR", "rates": {"cpu": "12", "support": {"options": {"mail": "1"}}},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _now(db: None, clock: HandClock) -> None:
    clear_caches()
    clock.move_to(datetime.fromisoformat("2026-06-01T08:00+00:00"))


def asked(question: Question) -> InCurrency:
    (found,) = simulate(question, business.now()).currencies
    return found


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("prorata: ")
    assert said.err.count("\n") == 1
    return said.err.removeprefix("prorata: ").rstrip("\n")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("nonsense", "the input is not one JSON object: Expecting value at column 1"),
        ("[]", "the list is empty: give one price book or more"),
        ("7", "the input must be a JSON object, not 7"),
        ({"product": None}, "product must be a string, not null"),
        ({"currency": "EURO"}, "unknown currency 'EURO': use an ISO 4217 code such as USD, JPY or KWD"),
        ({"tax_included": "yes"}, 'tax_included must be true or false, not "yes"'),
        ({"rates": {}}, 'rates must be rates by resource, such as {"cpu": "12.50"}, not {}'),
        ({"rates": {"cpu": 1.5}}, "has no price for support mail, which service-00000 has: add it"),
        ({"rates": {"cpu": "-1"}}, 'rates.cpu must be a price in quotes such as "65" or "1.50", not "-1"'),
        ({"rates": {"cpu": {"tiered": []}}}, "rates.cpu.tiered: a rate in bands needs at least one band"),
        (
            {"vat": "1"},
            "vat is not a known key: use product, currency, tax_included, minimum_charge, rates, discounts",
        ),
        ({"discounts": [{"months": 1, "off": "2"}]}, 'discounts[0].off must be between 0 and 1, not "2"'),
        ({"minimum_charge": "0.001"}, 'minimum_charge must have at most 2 decimals, not "0.001"'),
        ({"discounts": "none"}, 'discounts must be a list, not "none"'),
        ({"product": "turbo"}, "product 'turbo' is not sold here: use turbo-host"),
        ({"rates": {"gpu": "1"}}, "rates.gpu is no resource of turbo-host: use cpu, support"),
        ({"rates": {"cpu": {"options": {"1": "2"}}}}, "rates.cpu needs a price per unit"),
        ({"rates": {"cpu": "1", "support": "2"}}, "rates.support needs one price per option"),
        ({"rates": {"cpu": "1"}}, "has no price for support mail, which service-00000 has: add it"),
        (
            {"rates": {"cpu": "1", "support": {"options": {"phone": "9"}}}},
            "has no price for support mail, which service-00000 has: add it",
        ),
    ],
)
def test_a_bad_file_is_refused_in_one_line(
    wrong: Any, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    services(provider(), 1)
    file = tmp_path / "book.json"
    file.write_text(wrong if isinstance(wrong, str) else json.dumps(RIGHT | wrong))
    assert refused(capsys, "--price-book", str(file)) in (f"{file}: {words}", f"{file} {words}")


def test_files_that_cannot_be_read_or_do_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    provider()
    provider("other")
    file, latin = tmp_path / "book.json", tmp_path / "latin.json"
    file.write_text(json.dumps(RIGHT))
    latin.write_bytes(b'{"product": "\xe9"}')
    given = ("--price-book", str(file))

    assert (
        refused(capsys, "--price-book", "/nowhere.json")
        == "/nowhere.json cannot be read: No such file or directory"
    )
    assert refused(capsys, "--price-book", str(latin)) == f"{latin} is not UTF-8 text: save it as UTF-8"
    assert refused(capsys, *given, "--product", "other") == (
        f"{file} is for turbo-host, not for other: leave one of the two out"
    )
    assert refused(capsys, *given, *given) == (
        f"{file}: there are two price books for turbo-host in EUR: keep one"
    )
    assert refused(capsys, *given, "--rule", "moon").startswith(
        "the rule 'moon' is not available: use calendar-"
    )
    assert refused(capsys, "--rule", "calendar-sum", "--product", "x") == (
        "--product 'x' is not sold here: use other, turbo-host"
    )
    assert refused(capsys) == "name what is to be tried: --price-book FILE, --rule NAME, or both"


def test_without_a_seller(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--rule", "calendar-sum").startswith("No seller is set up.")


def test_with_no_services_there_is_nothing_to_compare(capsys: pytest.CaptureFixture[str]) -> None:
    provider()
    assert main(["--rule", "calendar-sum"]) == 0
    assert "Nothing to compare: no active service and no change of last month" in capsys.readouterr().out


def test_only_active_services_in_the_currency_of_the_book_count(tmp_path: Path) -> None:
    """Threads 1 and 2 at 10 a month: 30; the suspended third and the one in dollars do not renew by this book."""
    product = provider()
    found = services(product, 3)
    Service.objects.filter(pk=found[2].pk).update(status="suspended")
    Service.objects.filter(pk=services(product, 1, currency="USD")[0].pk).update(configuration={})
    one = asked(of_per_cent(product, "EUR", Decimal(10), business.now()))

    assert (one.currency, one.renewals.count, one.renewals.now, one.renewals.then) == ("EUR", 2, 3000, 3300)


def test_a_version_that_has_not_started() -> None:
    product = provider()
    services(product, 2)
    later = PriceBook.objects.create(
        product=product, currency="EUR", version=2, starts_at=business.now() + timedelta(days=90)
    )
    for rate in Rate.objects.filter(price_book__version=1):
        Rate.objects.create(
            price_book=later, resource_type=rate.resource_type, option=rate.option, monthly=rate.monthly + 5
        )

    # (1 + 2) x 10, and (1 + 2) x 15 with support at 5 for each.
    assert (asked(of_version(later)).renewals.now, asked(of_version(later)).renewals.then) == (3000, 5500)


def test_per_cent_goes_over_every_price_of_every_form() -> None:
    for before, after in (
        ("1.50", "1.65"),
        ("0.00000005", "0.00000006"),  # 5.5 to the even one
        ({"options": {"a": "10", "b": "0"}}, {"options": {"a": "11", "b": "0"}}),
        (
            {"tiered": [{"up_to": 4, "unit": "10"}, {"unit": "8", "flat": "5"}]},
            {"tiered": [{"up_to": 4, "unit": "11"}, {"unit": "8.8", "flat": "5.5"}]},
        ),
        ({"volume": [{"unit": "3"}]}, {"volume": [{"unit": "3.3"}]}),
    ):
        assert changed_by(rate_from_json(before), Decimal(10)) == rate_from_json(after)
    assert changed_by(rate_from_json("8"), Decimal("-12.5")) == rate_from_json("7")


def test_prices_cannot_fall_below_nothing() -> None:
    product = provider()
    with pytest.raises(CannotSimulate, match="more than 100 per cent"):
        of_per_cent(product, "EUR", Decimal(-101), business.now())
    with pytest.raises(CannotSimulate, match="has no price book in USD"):
        of_per_cent(product, "USD", Decimal(1), business.now())


def test_currencies_are_never_added_up() -> None:
    services(provider(), 1)
    services(provider("other", "USD"), 2, currency="USD")
    found = simulate(of_rule("calendar-sum"), business.now()).currencies

    assert [(one.currency, one.renewals.count, one.renewals.now) for one in found] == [
        ("EUR", 1, 1000),
        ("USD", 2, 3000),
    ]


def test_the_statements_do_not_grow_with_the_services() -> None:
    product = provider()
    question = of_per_cent(product, "EUR", Decimal(5), business.now())

    def statements() -> int:
        clear_caches()
        with CaptureQueriesContext(connection) as captured:
            simulate(question, business.now())
        return len(captured)

    services(product, 1)
    few = statements()
    services(product, 300, customers=1)
    Service.objects.update(customer=Service.objects.first().customer_id)  # type: ignore[union-attr]
    assert statements() == few <= 15
    services(provider("second"), 40, customers=40)
    assert asked(question).renewals.count == 301


def test_reading_leaves_everything_as_it_is() -> None:
    product = provider()
    services(product, 5)
    with CaptureQueriesContext(connection) as captured:
        simulate(of_per_cent(product, "EUR", Decimal(5), business.now()), business.now())
    assert all(query["sql"].startswith(("SELECT", "DECLARE", "FETCH", "CLOSE")) for query in captured)


def test_a_month_before_is_clamped() -> None:
    """31 March less a month is 28 February, at the same time of day although the clocks moved in between."""
    zone = read_zone("Europe/Berlin")
    at = datetime.fromisoformat("2026-03-31T12:00+02:00")
    assert months_before(at, 1, zone) == datetime.fromisoformat("2026-02-28T12:00+01:00")


@pytest.mark.django_db(transaction=True)
def test_the_command_itself(
    process_environment: dict[str, str], prorata_command: str, tmp_path: Path
) -> None:
    services(provider(), 2)
    file = tmp_path / "book.json"
    file.write_text(json.dumps(RIGHT))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [prorata_command, "simulate", *arguments], env=process_environment, capture_output=True, text=True
        )

    done = run("--price-book", str(file), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["currencies"][0]["renewals"] == {
        "count": 2, "now": "30.00", "then": "38.00", "difference": "8.00",
    }  # fmt: skip
    wrong = run("--price-book", str(tmp_path))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == f"prorata: {tmp_path} cannot be read: Is a directory\n"
