"""How a price is worked out, to take along: the same words and figures as on the page, as text and as CSV."""

from __future__ import annotations

import csv
import html
import io
import re

import pytest
from django.http import HttpResponse
from django.test import Client

from prorata.catalog.models import ResourceType
from prorata.changes.models import Quote
from prorata.services.models import Service
from support.portal import part, person, text
from support.world import World

# The machine of the stories is restarted for a reduction; before it is asked, the product's own word stands.
QUOTED, ASKED = "One restart, for Backup generations.", "No interruption."
MIXED = """Quote {reference} for web-01
At 15 Aug 2026, 14:02 JST, in Japanese yen (JPY).

1. Time left
   15 Aug → 15 Nov: 3 whole months
   15 Nov → 1 Dec: 16 of 30 days
   Together: 3 + 16/30 = 106/30 months

2. Your rate
   3 to 5 months left: 20 % off, so × 0.80
   Under 3 months: no discount.
   6 or more months: 30 % off.
   You keep this rate if you submit before 2 Sep 2026, 00:00 JST.

3. Each line
   (new − old monthly price) × 106/30 × 0.80
   Memory (3,600 − 1,800): 5,088.00
   Backup generations (1,200 − 2,100) (does not count): −2,544.00
   at most what you paid: 8,820 × 107/183 days × 3/7: −2,210.16393443

4. Rounding and tax
   Lines together: 2,877.83606557
   Rounded once: 2,878
   Consumption tax 10 %, once, rounded down: 287
   The −0.16393443 left over is carried to your next change.

Amounts
   Memory, 4 GB → 8 GB: ¥5,088, Consumption tax ¥508, together ¥5,596
   Backup generations, 7 → 4: −¥2,210, Consumption tax −¥221, together −¥2,431
   Total: ¥2,878, Consumption tax ¥287, together ¥3,165

The end date does not change: 1 Dec 2026.
{restart}
Going back today (Backup generations 7) would cost ¥2,798.
Renewal on 1 Dec 2026: ¥34,860 for 6 months; before the change ¥31,080 (before tax).
"""


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


@pytest.fixture
def aiko(world: World, web: Service) -> Client:
    return person(world.owner)


def table(answer: HttpResponse) -> list[list[str]]:
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def told(page: HttpResponse, id: str) -> str:
    """The words of one element as they are read."""
    return re.sub(r"\s+([.,:;)])", r"\1", part(page, id))


def to_copy(page: HttpResponse) -> str:
    """What the page's button copies."""
    found = re.search(r'data-copy="([^"]*)"', page.content.decode())
    assert found, "no button copies the explanation"
    return html.unescape(found[1])


def test_a_quote_is_explained_in_text_with_exact_figures(world: World, web: Service, aiko: Client) -> None:
    quote = world.quote(web, memory=8, backups=4)
    answer = aiko.get(f"/quotes/{quote.reference}/explanation.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"] == f'inline; filename="{quote.reference}.txt"'
    assert answer.content.decode() == MIXED.format(reference=quote.reference, restart=QUOTED)


def test_review_and_change_copy_the_very_text_of_the_quote(world: World, web: Service, aiko: Client) -> None:
    quote = world.quote(web, memory=8, backups=4)
    said = MIXED.format(reference=quote.reference, restart=QUOTED)
    assert to_copy(aiko.get(f"/quotes/{quote.reference}")) == said
    change = world.submit(quote)
    for _ in range(2):
        page = aiko.get(f"/changes/{change.reference}")
        assert to_copy(page) == said
        for address in (f"/quotes/{quote.reference}/explanation.{form}" for form in ("txt", "csv")):
            assert f'href="{address}"' in page.content.decode()
            assert aiko.get(address).status_code == 200
        # What is sold later changes neither name nor figure of what was quoted.
        ResourceType.objects.filter(code="memory").update(name="RAM", unit="GiB")
        world.at("2027-01-01T00:00+09:00")


def test_a_quote_is_explained_in_rows(world: World, web: Service, aiko: Client) -> None:
    quote = world.quote(web, memory=8, backups=4)
    answer = aiko.get(f"/quotes/{quote.reference}/explanation.csv")
    assert answer["Content-Disposition"] == f'attachment; filename="{quote.reference}.csv"'
    rows = table(answer)
    assert rows[0] == ["Part", "Step", "Figure", "Net", "Tax", "With tax", "Currency"]
    assert rows[1][:2] == [f"Quote {quote.reference} for web-01", "15 Aug 2026, 14:02 JST"]
    for row in (
        ["Time left", "15 Aug → 15 Nov", "3 whole months", "", "", "", ""],
        ["Time left", "Together", "3 + 16/30 = 106/30 months", "", "", "", ""],
        ["Your rate", "3 to 5 months left", "20 % off, so × 0.80", "", "", "", ""],
        ["Each line", "Memory (3,600 − 1,800)", "5,088.00", "", "", "", ""],
        ["Rounding and tax", "Rounded once", "2,878", "", "", "", ""],
        ["Lines", "Memory, 4 GB → 8 GB", "", "5088", "508", "5596", "JPY"],
        ["Lines", "Backup generations, 7 → 4", "", "-2210", "-221", "-2431", "JPY"],
        ["Total", "", "", "2878", "287", "3165", "JPY"],
    ):
        assert row in rows
    sums = [row for row in rows if row[0] == "Lines"]
    assert [sum(int(row[n]) for row in sums) for n in (3, 4, 5)] == [2_878, 287, 3_165]


def test_an_estimate_is_explained_for_the_values_of_its_page(
    world: World, aiko: Client, web: Service
) -> None:
    page = aiko.get(f"/services/{web.pk}/change?memory=8&backups=4")
    here = f"/services/{web.pk}/estimate"
    said = MIXED.replace(
        "Quote {reference} for web-01", "Estimate for web-01; the price is fixed when you continue"
    ).format(restart=ASKED)
    assert to_copy(page) == said
    assert f'href="{here}.txt?memory=8&amp;backups=4"' in page.content.decode()
    assert aiko.get(f"{here}.txt?memory=8&backups=4").content.decode() == said
    rows = table(answer := aiko.get(f"{here}.csv?memory=8&backups=4"))
    assert answer["Content-Disposition"] == f'attachment; filename="estimate-{web.pk}-20260815-1402.csv"'
    assert ["Total", "", "", "2878", "287", "3165", "JPY"] in rows
    assert not Quote.objects.exists(), "an estimate is stored nowhere"


def test_without_a_price_the_reasons_are_the_answer(world: World, aiko: Client, web: Service) -> None:
    for form in ("txt", "csv"):
        answer = aiko.get(f"/services/{web.pk}/estimate.{form}?memory=5&backups=1")
        assert answer.status_code == 422
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        said = answer.content.decode()
        assert "There is no price for these values." in said
        assert "Memory can be 4 GB or 6 GB." in said
        assert "Backup generations" in said
    nothing = aiko.get(f"/services/{web.pk}/estimate.txt")
    assert nothing.status_code == 422
    assert len(nothing.content.decode().strip().splitlines()) == 4


def test_explanations_of_others_do_not_exist(world: World, web: Service) -> None:
    quote = world.quote(web, memory=8)
    _customer, stranger = world.new_customer("Sato Print", "ryo@example.com")
    addresses = [f"/quotes/{quote.reference}/explanation.{form}" for form in ("txt", "csv")]
    addresses += [f"/services/{web.pk}/estimate.{form}?memory=8" for form in ("txt", "csv")]
    for address in addresses:
        assert person(stranger).get(address).status_code == 404, address
        assert Client().get(address).status_code == 302, address
        assert person(world.owner).post(address).status_code == 405, address
        assert person(world.owner).get(address).status_code == 200, address


def test_a_name_is_never_a_formula(world: World, aiko: Client, web: Service) -> None:
    ResourceType.objects.filter(code="memory").update(name='=HYPERLINK("https://example.com")')
    quote = world.quote(world.reread(web), memory=8)
    rows = table(aiko.get(f"/quotes/{quote.reference}/explanation.csv"))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]
    assert '\'=HYPERLINK("https://example.com"), 4 GB → 8 GB' in [row[1] for row in rows]
    copied = to_copy(aiko.get(f"/quotes/{quote.reference}"))
    assert '=HYPERLINK("https://example.com"), 4 GB → 8 GB: ¥5,088' in copied


def test_an_option_is_explained_by_its_names(world: World, aiko: Client) -> None:
    vm = world.cvm_01()
    quote = world.quote(vm, instance_type="2c4g")
    said = aiko.get(f"/quotes/{quote.reference}/explanation.txt").content.decode()
    names = quote.figures["lines"][0]
    assert f"Instance type, {names['before_name']} → {names['after_name']}: $" in said
    assert "Consumption tax" not in said


# --- what stands beside the price ---------------------------------------------------------------------------


def test_rate_renewal_and_the_way_back_stand_on_every_page(world: World, aiko: Client, web: Service) -> None:
    """A mixed change: going back means the backups alone; the rate steps on 2 September; the renewal before and after."""
    quote = world.quote(web, memory=8, backups=4)
    rate = "You keep this rate if you submit before 2 Sep 2026, 00:00 JST."
    back = "Going back today (Backup generations 7) would cost ¥2,798."
    renewal = "Renewal on 1 Dec 2026: ¥34,860 for 6 months; before the change ¥31,080 (before tax)."
    estimate = told(aiko.get(f"/services/{web.pk}/change?memory=8&backups=4"), "estimate")
    assert estimate.count(rate) == 2, "in the explanation and beside the price"
    assert back in estimate
    assert "Renewal on 1 Dec 2026, 6 months was ¥31,080; before tax ¥34,860" in estimate
    review = told(aiko.get(f"/quotes/{quote.reference}"), "review")
    assert review.count(rate) == 2
    assert back in review
    assert renewal in review

    change = world.submit(quote)
    world.pay(change)
    world.work()
    page = aiko.get(f"/changes/{change.reference}")
    result = told(page, "price")
    assert "The rate of this price was good for a change submitted before 2 Sep 2026, 00:00 JST." in result
    assert back in result
    assert renewal in result
    world.at("2026-08-16T00:00+09:00")
    later = told(aiko.get(f"/changes/{change.reference}"), "price")
    assert "Going back on 15 Aug 2026 (Backup generations 7) would have cost ¥2,798." in later
    assert "Going back today" not in later


def test_what_cannot_change_is_not_said(world: World, aiko: Client, web: Service) -> None:
    """An increase has no way back to price; in the last stretch of time no rate can be lost."""
    world.at("2026-11-20T10:00+09:00")
    page = text(aiko.get(f"/quotes/{world.quote(web, memory=8).reference}"))
    assert "Going back" not in page
    assert "You keep this rate" not in page
    assert "Renewal on 1 Dec 2026: ¥38,640 for 6 months; before the change ¥31,080 (before tax)." in page


def test_going_back_on_the_same_day_costs_what_was_said(world: World, aiko: Client, web: Service) -> None:
    """The backups go from 7 to 4 and back to 7: 900 a month, 106/30 months, 20 % off, and 10 % tax."""
    down = world.change(web, backups=4)
    world.work()
    said = told(aiko.get(f"/changes/{down.reference}"), "price")
    again = world.quote(world.reread(web), backups=7)
    assert again.gross_minor == 2_798
    assert "Going back today (Backup generations 7) would cost ¥2,798." in said


def test_the_way_back_counts_what_rounding_left_over(world: World) -> None:
    """7 to 4 backups on 17 July: −0.36956522 is left over. Back: 900 × 184/31 × 0.80 = 4,273.54838710, less that 4,273.18,
    rounded 4,273, tax 427. Without it 4,701 would be announced, and 4,700 charged."""
    world.open("2026-07-15T08:00+09:00")
    web = world.service(paid=34_188)
    world.at("2026-07-17T10:00+09:00")
    down = world.quote(web, backups=4)
    assert down.figures["carry_out"] == "-0.36956522"
    assert down.figures["back_today_minor"] == 4_700
    world.submit(down)
    world.work()
    assert world.quote(world.reread(web), backups=7).gross_minor == 4_700


def test_a_voucher_is_a_step_and_the_lines_are_what_is_charged(
    world: World, aiko: Client, web: Service
) -> None:
    """5,088 less 1,000 is 4,088; 10 % of it is 408."""
    world.voucher("SUMMER", amount_minor=1_000)
    quote = world.quote(web, voucher="SUMMER", memory=8)
    said = aiko.get(f"/quotes/{quote.reference}/explanation.txt").content.decode()
    assert "SUMMER" in said
    assert "Memory, 4 GB → 8 GB: ¥4,088, Consumption tax ¥408, together ¥4,496" in said
    assert "Total: ¥4,088, Consumption tax ¥408, together ¥4,496" in said
    rows = table(aiko.get(f"/quotes/{quote.reference}/explanation.csv"))
    assert ["Total", "", "", "4088", "408", "4496", "JPY"] in rows
    assert any("SUMMER" in row[1] for row in rows)
