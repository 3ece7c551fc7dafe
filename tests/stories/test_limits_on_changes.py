"""How often a product lets its services be changed: told before, refused with the reason and until when.

Days are those of Tokyo. web-01's term is 1 June 08:00 to 1 December 08:00.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from prorata.catalog.models import Product
from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change, Quote
from prorata.changes.refusals import Refused, way_out, words
from prorata.changes.situation import situation
from prorata.services.models import Service
from support.portal import part, person, text
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.gift(1_000_000, until="2026-12-31T00:00+09:00")
    return web


def policy(world: World, **limits: int | None) -> None:
    Product.objects.filter(pk=world.cloud.pk).update(**limits)


def done(world: World, web: Service, **wanted: Any) -> Change:
    """A change that is paid by credit and applied."""
    world.measure(web)
    change: Change = world.change(world.reread(web), **wanted)
    world.work()
    change = world.reread(change)
    assert change.status == states.APPLIED
    return change


def pages(world: World, web: Service) -> list[str]:
    """What stands on the service's page and on the change page."""
    aiko = person(world.owner)
    return [text(aiko.get(f"/services/{web.pk}/{page}")) for page in ("resources", "change")]


def refused(world: World, web: Service, **wanted: Any) -> list[str]:
    """Every sentence with which it is refused, by the estimate, on Continue and on Submit alike: nothing is written."""
    with world.unchanged(), pytest.raises(Refused) as no:
        world.quote(web, **wanted)
    aiko = person(world.owner)
    page = aiko.post(f"/services/{web.pk}/estimate", {code: str(value) for code, value in wanted.items()})
    sentences = [f"{words(r)} {way_out(r)}".strip().replace("\u00a0", " ") for r in no.value.refusals]
    assert page.status_code in (200, 422)
    for sentence in sentences:
        assert sentence in text(page)
    return sentences


# --- a day ----------------------------------------------------------------------------------------------------


def test_two_changes_a_day(world: World, web: Service) -> None:
    for page in pages(world, web):
        assert "more time" not in page
    policy(world, changes_a_day=2)
    for page in pages(world, web):
        assert "You can change this service 2 more times today." in page
    done(world, web, memory=6)
    for page in pages(world, web):
        assert "You can change this service 1 more time today." in page
    done(world, web, memory=8)

    said = (
        "This service can be changed 2 times a day, and today it was. "
        "It can be changed again from 16 Aug 2026, 00:00 JST on."
    )
    assert refused(world, web, memory=12) == [said]
    for page in pages(world, web):
        assert said in page
        assert "Upgrade / Downgrade" not in page
    world.at("2026-08-15T23:59:59+09:00")
    assert refused(world, web, memory=12) == [said]
    world.at("2026-08-16T00:00+09:00")
    assert "You can change this service 2 more times today." in pages(world, web)[0]
    done(world, web, memory=12)


def test_what_was_given_up_or_undone_does_not_count(world: World, web: Service) -> None:
    """One change a day: cancelled, expired and reversed ones leave it free; one that waits for its money takes it."""
    policy(world, changes_a_day=1)
    first = world.submit(world.quote(web, memory=6), use_gifted=False)
    assert situation(world.reread(web)).allowance.changes_left == 0
    cancel(world.owner, first.reference)
    assert situation(world.reread(web)).allowance.changes_left == 1

    second = world.submit(world.quote(web, memory=6), use_gifted=False)
    world.wait(hours=1, minutes=6)
    assert world.reread(second).status == states.EXPIRED
    assert situation(world.reread(web)).allowance.changes_left == 1

    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    third = world.change(world.reread(web), memory=6)
    world.work()
    assert world.reread(third).status == states.REVERSED
    assert situation(world.reread(web)).allowance.changes_left == 1


def test_a_quote_of_before_is_looked_at_again_when_it_is_submitted(world: World, web: Service) -> None:
    """Both quotes were made while one change was left; the other used it up."""
    policy(world, changes_a_day=1)
    waiting = world.quote(web, cpu=4)
    done(world, web, memory=6)
    with world.refusing("This service can be changed once a day, and today it was."):
        world.submit(waiting)
    review = text(person(world.owner).get(f"/quotes/{waiting.reference}"))
    assert "It can be changed again from 16 Aug 2026, 00:00 JST on." in review


# --- hours between ----------------------------------------------------------------------------------------------


def test_hours_between_two_changes(world: World, web: Service) -> None:
    """Counted from Submit: 15 August 14:02 and 48 hours are 17 August 14:02."""
    policy(world, cooldown_hours=48)
    for page in pages(world, web):
        assert "After a change, 48 hours pass before the next." in page
    done(world, web, memory=6)
    said = "48 hours pass between two changes of this service. It can be changed again from 17 Aug 2026, 14:02 JST on."
    assert refused(world, web, memory=8) == [said]
    world.at("2026-08-17T14:01:59+09:00")
    assert refused(world, web, memory=8) == [said]
    world.at("2026-08-17T14:02+09:00")
    done(world, web, memory=8)


# --- a term -----------------------------------------------------------------------------------------------------


def test_one_reduction_a_term(world: World, web: Service) -> None:
    policy(world, reductions_a_term=1)
    assert "1 reduction left in this term." in pages(world, web)[1]
    done(world, web, memory=8)  # an increase is none
    assert "1 reduction left in this term." in pages(world, web)[1]
    done(world, web, memory=12, backups=6)  # a mixed change is one

    said = (
        "Memory cannot go below 12 GB: the one reduction of this term was made. "
        "Less is possible in your next term, from 1 Dec 2026, 08:00 JST on."
    )
    resources, change = pages(world, web)
    assert (
        "No reduction is left in this term, which ends on 1 Dec 2026, 08:00 JST; increases are possible."
        in resources
    )
    assert said in change
    assert refused(world, web, memory=8) == [said]
    assert refused(world, web, memory=16, backups=5) == [
        said.replace("Memory", "Backup generations").replace("12 GB", "6")
    ]
    done(world, web, memory=16)

    limit = situation(world.reread(web)).limits["memory"]
    assert (limit.floor, limit.allowed[0]) == (16, 16)


def test_a_new_term_has_its_own_reductions(world: World, web: Service) -> None:
    policy(world, reductions_a_term=1)
    done(world, web, backups=6)
    assert situation(world.reread(web)).allowance.reductions_left == 0
    world.breaking("adopted-terms-are-their-layers")  # a term that nobody sold
    Service.objects.filter(pk=web.pk).update(
        term_starts_at="2026-09-01T08:00+09:00", term_ends_at="2027-03-01T08:00+09:00"
    )
    world.at("2026-09-01T08:00+09:00")
    assert situation(world.reread(web)).allowance.reductions_left == 1
    # Nor when the hours between two changes reach back into the old term.
    policy(world, cooldown_hours=24 * 30)
    left = situation(world.reread(web)).allowance
    assert (left.reductions_left, left.ready_at is not None) == (1, True)


def test_no_reduction_at_all(world: World, web: Service) -> None:
    policy(world, reductions_a_term=0)
    (said,) = refused(world, web, backups=6)
    assert said == (
        "Backup generations cannot go below 7: this product is not reduced during a term. "
        "Less is possible in your next term, from 1 Dec 2026, 08:00 JST on."
    )


def test_what_cannot_shrink_anyway_says_its_own_reason(world: World, web: Service) -> None:
    world.cloud.resource_types.filter(code="disk").update(may_shrink=False)
    policy(world, reductions_a_term=0)
    assert (
        "NVMe SSD can grow but not shrink: 100 GB is the lowest possible." in refused(world, web, disk=80)[0]
    )


def test_freeing_room_is_not_asked_for_in_vain(world: World, web: Service) -> None:
    """88.4 of 100 GB are used; to free some would not help."""
    world.hypervisor.change_machine(web.external_id, usage={"disk": "88.4"})
    world.clock.forward(timedelta(minutes=1))
    assert "To choose 80 GB, free" in pages(world, web)[1]
    policy(world, reductions_a_term=0)
    assert "To choose 80 GB, free" not in pages(world, web)[1]
    assert (
        "NVMe SSD cannot go below 100 GB: this product is not reduced during a term."
        in refused(world, web, disk=80)[0]
    )


def test_cheaper_options_are_not_offered(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    cvm = world.cvm_01()
    world.gift(1_000_000, until="2026-12-31T00:00+09:00", currency="USD")
    Product.objects.filter(pk=world.vm.pk).update(reductions_a_term=1)
    done(world, cvm, instance_type="4c8g")
    assert situation(world.reread(cvm)).limits["instance_type"].allowed == ("1c1g", "2c4g", "4c8g")
    done(world, cvm, instance_type="2c4g")

    cvm = world.reread(cvm)
    assert situation(cvm).limits["instance_type"].allowed == ("2c4g", "4c8g")
    page = person(world.owner).get(f"/services/{cvm.pk}/change")
    assert 'value="1c1g"' not in page.content.decode()
    said = (
        "Instance type cannot go below 2C4G: the one reduction of this term was made. "
        "Less is possible in your next term, from 1 Dec 2026, 08:00 JST on."
    )
    assert said in part(page, "card-instance_type")
    assert refused(world, cvm, instance_type="1c1g") == [said]
    done(world, cvm, instance_type="4c8g")


def test_each_limit_counts_for_itself(world: World, web: Service) -> None:
    """Yesterday's change is none of today's, is the last one, and is none of the reductions."""
    policy(world, changes_a_day=1, cooldown_hours=48, reductions_a_term=1)
    done(world, web, memory=6)
    world.at("2026-08-16T09:00+09:00")
    left = situation(world.reread(web)).allowance
    assert (left.changes_left, left.reductions_left) == (1, 1)
    assert left.ready_at == datetime.fromisoformat("2026-08-17T14:02+09:00")
    policy(world, cooldown_hours=1)
    done(world, web, backups=6)
    left = situation(world.reread(web)).allowance
    assert (left.changes_left, left.reductions_left) == (0, 0)


def test_everything_at_once_is_told_at_once(world: World, web: Service) -> None:
    policy(world, changes_a_day=1, cooldown_hours=1, reductions_a_term=0)
    done(world, web, memory=6)
    said = " ".join(refused(world, web, memory=8))
    assert "changed once a day" in said
    assert "1 hour passes between two changes of this service." in said
    assert Quote.objects.count() == 1


def test_a_reduction_quoted_before_the_last_one_was_used_is_refused_on_submit(
    world: World, web: Service
) -> None:
    waiting = world.quote(web, backups=6)
    policy(world, reductions_a_term=0)
    with world.refusing("Backup generations cannot go below 7: this product is not reduced during a term."):
        world.submit(waiting)
    policy(world, reductions_a_term=1)
    assert world.submit(waiting).status == states.APPLYING
