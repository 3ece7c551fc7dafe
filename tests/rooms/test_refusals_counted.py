"""What refused people at Continue and at Submit is counted, exactly, by nobody's name, and never in anybody's way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection

from prorata.changes.count_refusals import CONTINUE, refusals_counted
from prorata.changes.models import RefusalCount
from prorata.changes.refusals import _COUNTED, Refusal, Refused, _sentences
from prorata.customers.models import User
from prorata.services.models import Service
from prorata.staff.refusal_words import KINDS, refusal_words
from support.portal import part, person, text
from support.threads import all_at_once
from support.world import World

AS_IT_IS = {"cpu": "2", "memory": "4", "disk": "100", "backups": "7", "snapshots": "2"}
# Of a change that is given up: nobody meets them at Continue or Submit.
ELSEWHERE = {"not_cancellable", "payment_running"}


@pytest.fixture
def web(world: World) -> Service:
    world.open("2026-06-01T08:00+09:00")
    service = world.service(usage={"memory": "2.9", "disk": "88.4"})
    world.at("2026-08-15T23:58+09:00")
    world.measure(service)
    return service


def counted() -> list[tuple[Any, ...]]:
    rows = RefusalCount.objects.order_by("day", "step", "component", "code", "language")
    return list(rows.values_list("day", "step", "component", "code", "language", "times"))


def test_each_reason_is_counted_by_day_step_and_language(world: World, web: Service) -> None:
    aiko, change = person(world.owner), f"/services/{web.pk}/change"
    for _twice in range(2):
        assert aiko.post(change, AS_IT_IS | {"disk": "80"}).status_code == 422
    assert aiko.post(change, AS_IT_IS | {"disk": "80", "cpu": "17"}).status_code == 422
    aiko.post(f"/services/{web.pk}/estimate", AS_IT_IS | {"disk": "80"})  # an estimate is no wish
    aiko.get(f"{change}?disk=80")
    assert aiko.post(change, AS_IT_IS).status_code == 422

    world.at("2026-08-16T00:01+09:00")  # the next day of the seller's, the same of UTC
    User.objects.filter(pk=world.owner.pk).update(language="ja")
    assert person(world.owner).post(change, AS_IT_IS | {"disk": "80"}).status_code == 422
    first, second = date(2026, 8, 15), date(2026, 8, 16)
    assert counted() == [
        (first, "continue", "", "nothing_to_change", "en", 1),
        (first, "continue", "cpu", "above_maximum", "en", 1),
        (first, "continue", "disk", "in_use_reserve", "en", 3),
        (second, "continue", "disk", "in_use_reserve", "ja", 1),
    ]
    assert set(RefusalCount.objects.values_list("product", flat=True)) == {web.product_id}


def test_submit_a_voucher_and_a_renewed_price_are_counted_past_the_rollback(
    world: World, web: Service
) -> None:
    """The second quote is refused under the lock, in the transaction that is rolled back."""
    aiko = person(world.owner)
    first, second = world.quote(web, memory=8), world.quote(web, cpu=4)
    voucher = aiko.post(f"/quotes/{second.reference}/voucher", {"voucher_code": "NO-SUCH"})
    assert voucher.status_code == 422
    world.submit(first)
    form = {"use_gifted": "1", "use_account": "1", "method": "card", "shown_due_minor": second.gross_minor}
    page = aiko.post(f"/quotes/{second.reference}/submit", form)
    assert page.status_code == 422
    assert "is still open" in text(page)
    assert aiko.post(f"/quotes/{second.reference}/renew").status_code == 302
    assert [row[1:] for row in counted()] == [
        ("continue", "", "open_change", "en", 1),
        ("continue", "", "voucher_unknown", "en", 1),
        ("submit", "", "open_change", "en", 1),
    ]


def test_a_count_that_fails_is_logged_and_the_page_is_as_it_would_be(
    world: World, web: Service, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        return execute(sql.replace("(day,", "(no_such_column,"), *more)

    aiko, change = person(world.owner), f"/services/{web.pk}/change"
    logger = logging.getLogger("prorata.changes.count_refusals")
    with caplog.at_level(logging.ERROR, logger=logger.name), connection.execute_wrapper(broken):
        page = aiko.post(change, AS_IT_IS | {"disk": "80"})
    assert page.status_code == 422
    assert "88.4 GB is used" in part(page, "error-disk")
    assert [record.getMessage() for record in caplog.records if record.name == logger.name] == [
        "a refusal could not be counted"
    ]
    assert counted() == []
    aiko.post(change, AS_IT_IS | {"disk": "80"})
    assert len(counted()) == 1


def test_many_at_once_lose_no_count_and_never_lock_each_other_up(world: World, web: Service) -> None:
    """Half of them meet the reasons the other way round."""
    reasons = [Refusal("in_use", "disk"), Refusal("in_use", "memory"), Refusal("in_use", "disk")]

    def meet(met: list[Refusal]) -> None:
        for _time in range(20):
            with pytest.raises(Refused), refusals_counted(web, CONTINUE):
                raise Refused(*met)

    doing = all_at_once([lambda n=n: meet(reasons[:: 1 if n % 2 else -1]) for n in range(6)])
    assert [one.error() for one in doing] == [None] * 6
    assert [(row[2], row[5]) for row in counted()] == [("disk", 240), ("memory", 120)]


def test_every_refusal_has_words_for_staff() -> None:
    assert set(KINDS) == {*_sentences(), *_COUNTED} - ELSEWHERE
    assert refusal_words("in_use") == "Floor: in use"
    assert refusal_words("of_an_older_version") == "of_an_older_version"
