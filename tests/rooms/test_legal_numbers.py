"""Legal numbers of series that are long, and of series that somebody wants to change (2026-11-26)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from psycopg.errors import RestrictViolation

from prorata.invoices.models import CreditNote, Invoice, NumberSeries
from prorata.services.models import Service
from support.attacks import Attack, attack, everybody, refused
from support.forms import problems, send
from support.world import World

__all__ = ["attack"]


@pytest.fixture
def web(world: World) -> Service:
    """With credit enough, so that a change is settled at once."""
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(30_000, until="2026-12-31T00:00+09:00")
    return web


def series() -> list[tuple[str, str, int]]:
    return sorted(NumberSeries.objects.values_list("kind", "prefix", "next_number"))


def test_after_999_999_comes_a_million(world: World, web: Service) -> None:
    """A number of seven digits is not cut to six: that would be one which was given before."""
    NumberSeries.objects.update(next_number=999_999)
    for memory, backups in ((6, 6), (8, 5)):
        world.change(web, memory=memory)
        world.work()
        world.change(web, backups=backups)
        world.work()
    assert sorted(Invoice.objects.values_list("number", flat=True)) == ["INV-1000000", "INV-999999"]
    assert sorted(CreditNote.objects.values_list("number", flat=True)) == ["CN-1000000", "CN-999999"]


def test_a_series_that_has_given_a_number_goes_on_as_it_is(
    world: World, web: Service, attack: Attack
) -> None:
    world.change(web, memory=8, backups=4)
    world.work()
    assert series() == [("credit_note", "CN-", 1), ("invoice", "INV-", 2)]
    for sql in everybody(attack):
        for change in ("prefix = 'INV26-'", "next_number = 500", "kind = 'credit_note'"):
            refused(
                sql, RestrictViolation, f"UPDATE invoices_numberseries SET {change} WHERE kind = 'invoice'",
                says="keeps its prefix and leaves no number out",
            )  # fmt: skip
        sql.execute(
            "UPDATE invoices_numberseries SET prefix = 'GS-', next_number = 70 WHERE kind = 'credit_note'"
        )


def test_staff_may_not_change_it_either(world: World, web: Service, staff: Client) -> None:
    """What the page sends of a series that goes on counts for nothing; the other one is still free."""
    page = reverse("admin:invoices_seller_change", args=[world.seller.pk])
    free = send(staff, page, **{"series-0-prefix": "RE-", "series-0-next_number": "100"})
    assert free.status_code == 302, problems(free)
    kinds = dict(enumerate(NumberSeries.objects.order_by("id").values_list("kind", flat=True)))
    assert kinds[0] == "invoice"
    world.change(web, memory=8)
    world.work()
    assert Invoice.objects.get().number == "RE-000100"

    typed = {
        "series-0-prefix": "X-",
        "series-0-next_number": "500",
        "series-1-prefix": "GS-",
        "name": "Bestnet",
    }
    answer = send(staff, page, **typed)

    assert answer.status_code == 302, problems(answer)
    assert series() == [("credit_note", "GS-", 1), ("invoice", "RE-", 101)]
    assert world.reread(world.seller).name == "Bestnet"
