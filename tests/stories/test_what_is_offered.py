"""What the page offers is what estimate, quote and submit accept and what the machine does: drawn services, every value."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from conftest import PROVE
from prorata.catalog.models import ResourceType
from prorata.changes import states
from prorata.changes.estimate import estimate
from prorata.changes.models import Quote
from prorata.changes.refusals import Refused
from prorata.changes.situation import Situation, situation
from prorata.config import demo_data
from prorata.provisioning.models import Reservation
from prorata.services.models import Service
from support.portal import person
from support.world import World

SEEDS = range(300 if PROVE else 6)
STOPS: dict[str, list[int]] = {
    code: facts.get("steps") or list(range(facts["minimum"], facts["maximum"] + 1))
    for code, facts in demo_data.CLOUD.items()
}


def drawn(world: World, chance: Random) -> Service:
    """A service in some state: sizes, use now and at its peak, things stored, what never shrinks, room on the host."""
    world.open("2026-06-01T08:00+09:00")
    for code in STOPS:
        ResourceType.objects.filter(code=code).update(
            may_shrink=chance.random() > 0.15,
            reserve_percent=chance.choice([0, 0, 10, 25]) if code in ("memory", "disk") else 0,
            peak_days=chance.choice([0, 7]) if code in ("memory", "disk") else 0,
        )
    size = {code: chance.choice(stops) for code, stops in STOPS.items()}
    stored = [
        {"kind": kind, "name": f"{kind}-{n}"}
        for kind in ("backups", "snapshots")
        for n in range(chance.randint(0, size[kind]))
    ]
    room = {code: size[code] + chance.randint(0, 40) for code in STOPS if chance.random() < 0.4}
    service = world.service(
        size, capacity={code: units + 4 for code, units in room.items()}, usage=use(chance, size), objects=stored,
        components={
            code: {"grow": chance.choice(["live", "restart"]), "shrink": chance.choice(["live", "restart", "never"])}
            for code in STOPS
        },
    )  # fmt: skip
    if chance.random() < 0.5:
        # Somebody else has submitted, and holds room on the same host.
        other, owner = world.new_customer("Mori", "mori@example.com")
        theirs = world.service({**demo_data.SMALL, "memory": 2}, name="db-09", customer=other)
        limit = situation(theirs).limits["memory"]
        world.change(theirs, by=owner, memory=int(limit.allowed[-1] if limit.allowed[-1] != 2 else 1))
    world.at("2026-08-15T14:02+09:00")
    world.measure(service)
    world.hypervisor.change_machine(service.external_id, usage=use(chance, size))
    world.clock.forward(timedelta(minutes=1))
    world.measure(service)
    return service


def use(chance: Random, size: dict[str, int]) -> dict[str, str]:
    """In tenths; now and then nobody can tell."""
    return {
        code: f"{chance.randint(0, size[code] * 10) / 10:.1f}"
        for code in ("memory", "disk")
        if chance.random() < 0.9
    }


def accepted(ask: Any) -> str:
    """Empty, or the code of what was refused first."""
    try:
        ask()
    except Refused as refused:
        return refused.refusals[0].code
    return ""


def on_the_page(world: World, service: Service) -> dict[str, set[int]]:
    """What the sliders can be put to, out of the page's own markup."""
    page = person(world.owner).get(f"/services/{service.pk}/change").content.decode()
    cards = re.findall(r'data-card="(\w+)"[^>]*? data-allowed="([^"]*)"', page, flags=re.S)
    return {code: {int(n) for n in html.unescape(values).split()} for code, values in cards}


def values(now: Situation) -> list[tuple[str, int]]:
    """Every value sold, and some that are not, but for those that stand already."""
    found = []
    for code, limit in now.limits.items():
        stops = [int(n) for n in limit.stops]
        found += [
            (code, n) for n in sorted({*stops, stops[-1] + 1, max(stops[0] - 1, 0)}) if n != limit.current
        ]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_offered_is_what_is_accepted(world: World, seed: int) -> None:
    chance = Random(seed)
    world.breaking("quotes-add-up")  # the forged ones
    service = drawn(world, chance)
    now, page = situation(service), on_the_page(world, service)
    assert set(page) == set(now.limits)
    anything = world.quote(service, **{code: int(n) for code, n in [first_offered(now)]})
    offered = 0
    for code, value in values(now):
        because = f"{code}={value} of {now.limits[code]}"
        can = value in page[code]
        offered += can
        why = accepted(lambda code=code, value=value: estimate(situation(service), {code: value}))
        assert (why == "") == can, because
        assert accepted(lambda code=code, value=value: world.quote(service, **{code: value})) == why, because
        # Room that others hold is looked at when it is reserved, from the growth that a forged quote does not have.
        if not can and not (why == "host_full" and Reservation.objects.exists()):
            forged = forge(anything, code, value)
            assert accepted(lambda forged=forged: world.submit(forged)) == why, because
    assert offered

    # And what is accepted the machine does, all at once, when nothing changes in between.
    world.gift(10_000_000, until="2026-12-31T00:00+09:00")
    wanted = {code: int(chance.choice(ends(now, code))) for code in now.limits}
    wanted |= dict([first_offered(now)]) if wanted == service.configuration else {}
    change = world.submit(world.quote(service, **wanted))
    world.work()
    assert world.reread(change).status == states.APPLIED, wanted
    assert world.measured(service) == {**service.configuration, **wanted}


def forge(quote: Quote, code: str, value: int) -> Quote:
    """As if a quote for this value had come to be all the same."""
    forged = Quote.objects.get(pk=quote.pk)
    forged.pk, forged.reference = None, f"Q-{code}-{value}"
    forged.to_configuration = {**quote.from_configuration, code: value}
    forged._state.adding = True
    forged.save(force_insert=True)
    return forged


def first_offered(now: Situation) -> tuple[str, int]:
    return next(
        (code, int(n)) for code, limit in now.limits.items() for n in limit.allowed if n != limit.current
    )


def ends(now: Situation, code: str) -> list[int | str]:
    """Its floor, its ceiling, where it stands, and anything between."""
    limit = now.limits[code]
    return [limit.allowed[0], limit.allowed[-1], limit.current, *limit.allowed]
