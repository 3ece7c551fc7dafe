"""Sold, invoiced and measured, side by side: what differs is found, kept once, and closed when it is gone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from prorata.changes import states
from prorata.changes.drift import compare
from prorata.changes.drift.open_now import open_now
from prorata.changes.refusals import way_out
from prorata.changes.situation import situation
from prorata.notices.models import Mail
from prorata.services.models import Service
from support.drift import by_hand, compared, figures, found, paid
from support.world import World

TOLD = "Memory cannot be changed now: our staff are looking at a difference"


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


# --- what is compared -----------------------------------------------------------------------------------------


def test_what_agrees_is_no_difference(world: World, web: Service) -> None:
    """Adopted, then grown with an invoice, then reduced with a credit note: three kinds of settled value."""
    run = compared(world)
    assert (run.services, run.machines, run.opened, run.still_open, run.left_out) == (1, 1, 0, 0, [])
    paid(world, web, memory=8)
    world.change(web, backups=4)
    world.work()
    run = compared(world)
    assert (run.services, run.opened, run.still_open) == (1, 0, 0)
    assert world.reread(web).differing == []


def test_a_size_made_by_hand_is_found_counted_and_closed_when_it_is_gone(world: World, web: Service) -> None:
    change = paid(world, web, memory=8)
    one = found(world, web, memory=12)
    assert figures(one) == (8, 8, 12)
    assert (one.service, one.component, one.kind, one.invoiced_by) == (web, "memory", "size", change.origin)
    assert one.first_seen_at == datetime.fromisoformat("2026-08-15T14:02+09:00")
    assert world.reread(web).differing == ["memory"]

    world.at("2026-08-16T11:23+09:00")
    run = compared(world)
    assert (run.opened, run.closed, run.still_open) == (0, 0, 1), "one open difference a component"
    one = world.reread(one)
    assert (one.times_seen, one.last_seen_at - one.first_seen_at) == (2, timedelta(hours=21, minutes=21))

    by_hand(world, web, memory=8)
    run = compared(world)
    assert (run.closed, run.still_open) == (1, 0)
    one = world.reread(one)
    assert (one.ended, one.closed_at) == ("gone", datetime.fromisoformat("2026-08-16T11:23+09:00"))
    assert world.reread(web).differing == []
    by_hand(world, web, memory=12)
    compared(world)
    assert open_now().get().pk != one.pk, "what comes back is a new one, with its own beginning"


def test_a_configuration_that_no_document_knows_is_a_difference(world: World, web: Service) -> None:
    """Somebody edited the database: the machine agrees with it, the documents do not."""
    world.breaking("services-are-their-changes")
    Service.objects.filter(pk=web.pk).update(configuration={**web.configuration, "memory": 6})
    by_hand(world, web, memory=6)
    compared(world)
    one = open_now().get()
    assert figures(one) == (6, 4, 6)
    assert one.invoiced_by == f"adopted:{web.pk}"


def test_a_purchase_that_is_not_paid_yet_is_invoiced_as_nothing(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    term = world.sell(world.wanted(months=3))
    assert compared(world).opened == 0
    by_hand(world, term.service, memory=6)
    compared(world)
    one = open_now().get()
    assert (figures(one), one.invoiced_by) == ((4, None, 6), "")
    by_hand(world, term.service, memory=4)
    world.pay(term)
    world.work()
    by_hand(world, term.service, memory=6)
    compared(world)
    one = open_now().get()
    assert (figures(one), one.invoiced_by) == ((4, 4, 6), term.origin)


def test_what_is_not_measured_is_no_difference_and_closes_none(world: World, web: Service) -> None:
    one = found(world, web, memory=6)
    world.hypervisor.fault(call="read", kind="error", times=50)
    run = compared(world)
    world.hypervisor.clear_faults()
    assert (run.services, run.unmeasured, run.still_open) == (0, 1, 1)
    assert run.left_out[0]["name"] == "web-01"
    assert run.left_out[0]["why"].startswith("not measured: ")
    assert world.reread(one).times_seen == 1


def test_a_growth_that_waits_for_the_restart_is_no_difference(world: World, web: Service) -> None:
    world.hypervisor.change_component(web.external_id, "memory", grow="restart")
    change = world.submit(world.quote(web, memory=8), may_restart=False)
    world.pay(change)
    world.work()
    assert world.reread(change).restart_pending
    assert world.measured(web)["memory"] == 4
    assert compared(world).opened == 0
    by_hand(world, web, cpu=3)
    assert compared(world).opened == 1


def test_a_change_in_flight_leaves_its_service_out(world: World, web: Service) -> None:
    one = found(world, web, cpu=3)
    change = world.change(web, memory=8)
    run = compared(world)
    assert (run.services, run.in_flight, run.still_open) == (0, 1, 1)
    assert run.left_out == [
        {"place": f"services_service {web.pk}", "name": "web-01", "why": f"in flight: {change.reference}"}
    ]
    assert world.reread(one).times_seen == 1


def test_a_change_delivered_while_the_machine_was_read_leaves_its_service_out(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reading is of before, the configuration of after: that is no difference."""
    measure = compare.measure

    def slowly(service: Service) -> object:
        reading = measure(service)
        paid(world, web, memory=8)
        return reading

    monkeypatch.setattr(compare, "measure", slowly)
    run = compared(world)
    assert (run.in_flight, run.opened) == (1, 0)


def test_machines_without_a_service_and_services_without_a_machine(world: World, web: Service) -> None:
    alone = world.machine(dict(web.configuration))
    gone = world.service(name="web-02")
    Service.objects.filter(pk=gone.pk).update(external_id="vm-gone")
    ended = world.service(name="web-03")
    Service.objects.filter(pk=ended.pk).update(status="terminated")
    run = compared(world)
    assert (run.services, run.machines, run.opened) == (2, 4, 4)
    seen = {(one.kind, one.external_id, str(one.service or "")) for one in open_now()}
    assert seen == {
        ("orphan", alone, ""), ("orphan", gone.external_id, ""), ("unknown", "vm-gone", "web-02"),
        ("left", ended.external_id, "web-03"),
    }  # fmt: skip
    assert world.reread(gone).differing == sorted(gone.configuration), "nothing of it can be changed"

    Service.objects.filter(pk=gone.pk).update(external_id=gone.external_id)
    run = compared(world)
    assert (run.closed, run.still_open) == (2, 2)
    assert world.reread(gone).differing == []


def test_two_services_cannot_have_one_machine(world: World, web: Service) -> None:
    """PostgreSQL refuses it, so no comparison has to look for it."""
    other = world.service(name="web-02")
    with pytest.raises(IntegrityError, match="machine_sold_once"), transaction.atomic():
        Service.objects.filter(pk=other.pk).update(external_id=web.external_id)


def test_a_purchase_that_was_never_paid_leaves_an_orphan(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    term = world.sell(world.wanted(months=3), days=1)
    assert compared(world).opened == 0
    world.wait(days=2)
    assert world.reread(term.service).status == "unstarted"
    compared(world)
    assert [(one.kind, one.external_id) for one in open_now()] == [("orphan", term.service.external_id)]


def test_a_hypervisor_that_lists_nothing_changes_nothing(world: World, web: Service) -> None:
    world.machine(dict(web.configuration))
    compared(world)
    world.hypervisor.fault(call="list", kind="error", times=5)
    run = compared(world)
    world.hypervisor.clear_faults()
    assert (run.machines, run.still_open) == (0, 1)
    assert [one["driver"] for one in run.silent] == ["sandbox"]


# --- what the customer can do meanwhile -----------------------------------------------------------------------


def test_what_differs_cannot_be_changed_and_everything_else_can(world: World, web: Service) -> None:
    quote = world.quote(web, memory=8)
    found(world, web, memory=6)
    web = world.reread(web)
    limit = situation(web).limits["memory"]
    assert (limit.floor, limit.ceiling, limit.allowed) == (4, 4, (4,))
    assert [r.code for r in (*limit.floor_reasons, *limit.ceiling_reasons)] == ["differs", "differs"]
    assert way_out(limit.floor_reasons[0]).startswith("Everything else can be changed.")
    for wanted in (8, 2):
        with world.refusing(TOLD):
            world.quote(web, memory=wanted)
    with world.refusing(TOLD):  # a price made before the night
        world.submit(quote)
    change = world.change(web, cpu=4)
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert (world.measured(web)["cpu"], world.measured(web)["memory"]) == (4, 6)


def test_an_option_that_differs_cannot_be_chosen_either(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    cvm = world.cvm_01()
    found(world, cvm, instance_type="2c4g")
    with world.refusing("Instance type cannot be changed now: our staff"):
        world.quote(world.reread(cvm), instance_type="4c8g")


def test_staff_are_mailed_once_about_what_is_new(world: World, web: Service, settings: Settings) -> None:
    settings.PRORATA_STAFF_EMAIL = "desk@example.com"
    found(world, web, memory=6)
    mail = Mail.objects.get()
    assert mail.subject == "Needs you: 1 difference between what is sold and what runs"
    assert "web-01 (sandbox/vm-1): memory is sold as 4, invoiced as 4 and measured as 6" in mail.body
    compared(world)
    assert Mail.objects.count() == 1
