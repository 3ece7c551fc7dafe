"""Steps refused for good, reductions and undoings that fail, machines changed by hand: money and machine agree."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from prorata.changes import states
from prorata.changes.models import Change, Intervention
from prorata.changes.progress import progress
from prorata.changes.staff_actions import NotPossible, needs_somebody, overwrite, retry, reverse, take_over
from prorata.customers.models import User
from prorata.invoices.models import CreditNote, Layer, Unwinding
from prorata.notices.models import Mail
from prorata.provisioning import step as steps
from prorata.provisioning.drivers.base import Step
from prorata.provisioning.models import JobStep
from prorata.provisioning.registry import driver
from prorata.services.models import Service
from support.world import WEB, World

LIVE = {"grow": "live", "shrink": "live"}
QUOTAS = {"components": {"backups": LIVE, "snapshots": LIVE}}


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00", **QUOTAS)


@pytest.fixture
def staff(world: World) -> User:
    return User.objects.create_user("ken@example.com", "a-long-password", name="Ken Sato", is_staff=True)


def states_of(change: Change) -> dict[str, str]:
    return {line.component: line.state for line in change.lines.all()}


def assert_as_before(world: World, web: Service) -> None:
    """The machine, the configuration and the layers are what they were before the change."""
    assert world.measured(web) == world.reread(web).configuration == WEB
    assert (world.reread(web).carry, world.reread(web).version) == (0, 1)
    assert Layer.objects.count() == 5, "the opening layers alone"
    assert not Unwinding.objects.exists()


# --- growth that is refused -----------------------------------------------------------------------------------


def test_growth_that_is_refused_for_good_is_given_back_line_by_line(world: World, web: Service) -> None:
    """cpu 3,392 and memory 5,088, tax 848 (339 + 509). Memory is refused: 5,597 comes back, cpu stays."""
    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    change = world.change(web, cpu=4, memory=8)
    world.pay(change)
    world.work()

    change = world.reread(change)
    assert (change.status, change.reason) == (states.PARTLY_APPLIED, "step_failed")
    assert change.detail == "no hot-plug on this machine"
    assert states_of(change) == {"cpu": "applied", "memory": "reversed"}
    note = CreditNote.objects.get()
    assert (note.number, note.net_minor, note.tax_minor, note.gross_minor) == ("CN-000001", 5_088, 509, 5_597)
    assert world.log() == [("reversed", 5_597, 5_597)]
    assert world.measured(web) == world.reread(web).configuration == WEB | {"cpu": 4}
    assert world.ledger() == {
        "gateway/sandbox/clearing": 9_328, "purse/1": -5_597, "revenue/deferred": -3_392, "tax/0.1": -339,
    }  # fmt: skip
    assert [layer.component for layer in Layer.objects.filter(origin=change.origin)] == ["cpu"]
    assert Mail.objects.filter(key=f"change.partly_applied:{change.reference}", state="sent").count() == 1
    assert [(s.key, s.state) for s in progress(change).steps] == [
        ("submitted", "done"), ("paid", "done"), ("cpu-grow", "done"), ("memory-grow", "failed"), ("measured", "done"),
    ]  # fmt: skip


def test_growth_that_is_refused_whole_is_given_back_whole(world: World, web: Service) -> None:
    world.gift(1_500, until="2026-09-30T00:00+09:00")
    change = world.change(web, memory=8)
    world.pay(change)
    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    world.work()

    assert world.reread(change).status == states.REVERSED
    assert world.purses() == [("gifted", 1_500, "2026-09-30"), ("account", 4_096, None)]
    assert_as_before(world, web)
    assert world.done(web) == []


def test_growth_refused_after_a_reduction_gives_back_what_the_reduction_had_paid(
    world: World, web: Service
) -> None:
    """Mixed, 6,897 paid: cpu 3,392 and memory 5,088 with 848 tax, less 2,210 and 221 for backups 7 to 4.
    The reduction was delivered and stays; both growths come back whole: 6,897 and the 2,431 of the reduction."""
    change = world.change(web, cpu=4, memory=8, backups=4)
    assert change.gross_minor == 6_897
    world.pay(change)
    for code in ("cpu", "memory"):
        world.hypervisor.change_component(web.external_id, code, refuses="the host is being emptied")
    world.work()

    change = world.reread(change)
    assert change.status == states.PARTLY_APPLIED
    assert states_of(change) == {"cpu": "reversed", "memory": "reversed", "backups": "applied"}
    assert world.measured(web) == world.reread(web).configuration == WEB | {"backups": 4}
    assert world.log() == [("reversed", 9_328, 9_328)]
    assert world.ledger() == {
        "gateway/sandbox/clearing": 6_897, "purse/1": -9_328, "revenue/deferred": 2_210, "tax/0.1": 221,
    }  # fmt: skip
    assert world.reread(web).carry == Decimal("-0.16393443"), "the reduction's own, as if it had been alone"
    assert Unwinding.objects.count() == 1


def test_growth_refused_in_a_change_that_gives_credit_adds_to_the_credit(world: World, web: Service) -> None:
    """backups 7 to 1: 7,560 paid for 183 days, 107 left: 4,420.33; cpu 2 to 3 is 1,696: net -2,724, tax 272 back.
    cpu is refused: its 1,696 and 170 are not earned, so 4,862 is credited instead of 2,996."""
    change = world.change(web, backups=1, cpu=3)
    assert (change.gross_minor, change.invoice) == (-2_996, None)
    world.hypervisor.change_component(web.external_id, "cpu", refuses="the host is being emptied")
    world.work()

    change = world.reread(change)
    assert change.status == states.PARTLY_APPLIED
    assert states_of(change) == {"cpu": "reversed", "backups": "applied"}
    assert world.measured(web) == world.reread(web).configuration == WEB | {"backups": 1}
    note = CreditNote.objects.get()
    assert (note.reason, note.net_minor, note.tax_minor, note.gross_minor) == ("reduced", 4_420, 442, 4_862)
    assert world.credit() == 4_862


def test_an_undelivered_growth_that_stopped_half_way_says_what_is_live(world: World, web: Service) -> None:
    """Memory stopped at 6 of 8 and will not go on: the line comes back whole, and the machine's 6 GB are seen."""
    change = world.change(web, memory=8)
    world.pay(change)
    world.hypervisor.fault(call="apply", kind="half_apply")
    world.work()
    world.hypervisor.change_component(web.external_id, "memory", refuses="out of slots")
    world.wait(minutes=1)

    change = world.reread(change)
    assert change.status == states.REVERSED
    assert world.credit() == 5_596
    line = change.lines.get()
    assert (line.state, line.measured) == ("reversed", 6)


# --- reductions that fail -------------------------------------------------------------------------------------


def test_a_reduction_that_is_refused_gives_nothing(world: World, web: Service) -> None:
    world.hypervisor.change_component(web.external_id, "backups", refuses="a restore is running")
    change = world.change(web, backups=4)
    world.work()

    change = world.reread(change)
    assert (change.status, change.detail) == (states.REVERSED, "a restore is running")
    assert (world.credit(), world.log(), world.ledger()) == (0, [], {})
    assert not CreditNote.objects.exists()
    assert_as_before(world, web)


def test_when_a_reduction_fails_everything_is_put_back_and_paid_back(world: World, web: Service) -> None:
    """Memory 5,088, less 2,210 for backups 7 to 4 and 368 for snapshots 2 to 1: 2,509 net, 250 tax, 1,500 of it gifted.
    Backups went down, snapshots are refused: nothing grows, backups return, and so does all the money."""
    world.gift(1_500, until="2026-09-30T00:00+09:00")
    change = world.change(web, memory=8, backups=4, snapshots=1)
    assert (change.gross_minor, change.invoice.due_minor) == (2_759, 1_259)
    world.pay(change)
    world.hypervisor.change_component(web.external_id, "snapshots", refuses="a restore is running")
    world.work()

    change = world.reread(change)
    assert (change.status, change.detail) == (states.REVERSED, "a restore is running")
    assert set(states_of(change).values()) == {"reversed"}
    assert world.done(web) == [("backups", 4), ("backups", 7)]
    assert world.purses() == [("gifted", 1_500, "2026-09-30"), ("account", 1_259, None)]
    assert world.ledger() == {
        "expense/gifts": 1_500, "gateway/sandbox/clearing": 1_259, "purse/2": -1_259, "purse/3": -1_500,
    }  # fmt: skip
    assert_as_before(world, web)
    assert [(s.key, s.state) for s in progress(change).steps][2:-1] == [
        ("backups-reduce", "done"), ("snapshots-reduce", "failed"), ("memory-grow", "skipped"), ("backups-undo", "done"),
    ]  # fmt: skip


def test_after_a_refused_reduction_no_other_reduction_is_begun(world: World, web: Service) -> None:
    world.hypervisor.change_component(web.external_id, "backups", refuses="a restore is running")
    change = world.change(web, backups=4, snapshots=1)
    world.work()
    assert world.reread(change).status == states.REVERSED
    assert world.done(web) == []
    assert_as_before(world, web)


def test_a_reduction_that_stopped_half_way_is_put_back(world: World, web: Service) -> None:
    """Backups stand at 5 of 7 and will go no further down: the seven that are paid for are given again."""
    change = world.change(web, backups=4)
    world.hypervisor.fault(call="apply", kind="half_apply")
    world.work()
    assert world.measured(web)["backups"] == 5
    for n in range(5):
        world.hypervisor.add_object(web.external_id, "backups", f"daily-{n}")
    world.wait(minutes=1)

    assert world.reread(change).status == states.REVERSED
    assert world.credit() == 0
    assert_as_before(world, web)


def test_a_reduction_that_waits_for_a_restart_at_the_deadline_is_taken_back(world: World) -> None:
    """The customer would restart himself and never did. The machine must not shrink at some later restart."""
    web = world.web_01("2026-08-15T14:02+09:00")
    change = world.submit(world.quote(web, memory=2), may_restart=False)
    world.work()
    assert (world.reread(change).status, world.reread(change).reason) == (states.PARKED, "restart")

    world.wait(hours=4)
    assert world.reread(change).status == states.REVERSED
    world.hypervisor.restart_machine(web.external_id)

    assert (world.credit(), world.ledger()) == (0, {})
    assert_as_before(world, web)


# --- undoing that fails ---------------------------------------------------------------------------------------


def stuck_undo(world: World, web: Service) -> Change:
    """2,759 paid for memory up, backups and snapshots down. Backups went to 4, snapshots are refused, and now the host
    has no room to give the backups back."""
    change = world.change(web, memory=8, backups=4, snapshots=1)
    world.pay(change)
    world.hypervisor.change_component(web.external_id, "snapshots", refuses="a restore is running")
    world.hypervisor.create_host("tokyo-1", backups=4)
    world.work()
    change = world.reread(change)
    assert (change.status, change.reason) == (states.ATTENTION, "undo_failed")
    assert world.measured(web)["backups"] == 4
    return change


FROZEN = {"gateway/sandbox/clearing": 2_759, "revenue/deferred": -2_509, "tax/0.1": -250}


def test_when_undoing_fails_a_person_looks_and_the_money_is_frozen(
    world: World, web: Service, staff: User
) -> None:
    change = stuck_undo(world, web)
    assert [c.reference for c in needs_somebody()] == [change.reference]
    assert (world.ledger(), world.credit()) == (FROZEN, 0)
    world.wait(hours=5)
    assert world.reread(change).status == states.ATTENTION, "no deadline decides this"
    take_over(staff, change.reference, "I look at the host.")
    assert world.reread(change).owner == staff

    for refuses in ("", "the array is degraded"):  # no room still, and then refused for good
        world.hypervisor.change_component(web.external_id, "backups", refuses=refuses)
        retry(staff, change.reference, "Let us see whether it goes now.")
        world.work()
        assert (world.reread(change).status, world.reread(change).reason) == (states.ATTENTION, "undo_failed")
        assert world.ledger() == FROZEN

    world.hypervisor.change_component(web.external_id, "backups", refuses="")
    world.hypervisor.create_host("tokyo-1", backups=50)
    retry(staff, change.reference, "There is room again.")
    world.work()
    assert world.reread(change).status == states.REVERSED
    assert world.log() == [("reversed", 2_759, 2_759)]
    assert_as_before(world, web)
    done = Intervention.objects.order_by("id").values_list("what", flat=True)
    assert list(done) == ["take_over", "retry", "retry", "retry"]


def test_what_staff_put_back_by_hand_ends_the_change(world: World, web: Service, staff: User) -> None:
    change = stuck_undo(world, web)
    world.hypervisor.change_machine(web.external_id, configuration={"backups": 7})
    reverse(staff, change.reference, "Put back by hand.")
    world.work()
    assert world.reread(change).status == states.REVERSED
    assert world.credit() == 2_759
    assert_as_before(world, web)


# --- changed by hand ------------------------------------------------------------------------------------------


def drifted(world: World, web: Service) -> Change:
    """Memory 4 to 8 is paid; an administrator has made it 6 meanwhile."""
    change = world.change(web, memory=8)
    world.pay(change)
    world.hypervisor.change_machine(web.external_id, configuration={"memory": 6})
    world.work()
    return change


def test_a_machine_changed_by_hand_is_not_overwritten(world: World, web: Service, staff: User) -> None:
    change = world.reread(drifted(world, web))
    assert (change.status, change.reason) == (states.ATTENTION, "drift")
    assert change.detail == "memory is 6 on the machine, 4 was expected"
    assert world.measured(web)["memory"] == 6
    assert world.done(web) == []
    assert world.credit() == 0
    assert list(needs_somebody()) == [change]


def test_staff_retry_after_putting_it_right(world: World, web: Service, staff: User) -> None:
    change = drifted(world, web)
    world.hypervisor.change_machine(web.external_id, configuration={"memory": 4})
    retry(staff, change.reference, "Set back to what was sold.")
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["memory"] == 8
    note = Intervention.objects.get()
    assert (note.what, note.reason, note.by) == ("retry", "Set back to what was sold.", staff)


def test_staff_reverse_gives_the_money_back_and_leaves_the_hand_made_value(
    world: World, web: Service, staff: User
) -> None:
    change = drifted(world, web)
    reverse(staff, change.reference, "The customer asked for it.")
    world.work()
    change = world.reread(change)
    assert (change.status, change.detail) == (states.REVERSED, "given up by staff")
    assert world.log() == [("reversed", 5_596, 5_596)]
    assert world.measured(web)["memory"] == 6
    assert world.reread(web).configuration["memory"] == 4


def test_a_reduction_drifted_by_hand_is_left_alone_when_reversed(
    world: World, web: Service, staff: User
) -> None:
    change = world.change(web, backups=4)
    world.hypervisor.change_machine(web.external_id, configuration={"backups": 6})
    world.work()
    assert world.reread(change).status == states.ATTENTION
    reverse(staff, change.reference, "Somebody is at it by hand.")
    world.work()
    assert world.reread(change).status == states.REVERSED
    assert world.measured(web)["backups"] == 6
    assert world.credit() == 0


def test_a_value_that_was_set_by_hand_to_the_target_counts_as_reached(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    world.pay(change)
    world.hypervisor.change_machine(web.external_id, configuration={"memory": 8})
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.done(web) == [], "the hypervisor had nothing to do"


def test_staff_need_a_reason_and_a_change_that_waits(world: World, web: Service, staff: User) -> None:
    change = drifted(world, web)
    with world.unchanged():
        for act in (retry, reverse, take_over):
            with pytest.raises(NotPossible, match="reason"):
                act(staff, change.reference, "   ")
            with pytest.raises(NotPossible, match="Only staff"):
                act(world.owner, change.reference, "Because.")
            with pytest.raises(NotPossible, match="no change"):
                act(staff, "C-0000-0000", "Because.")
    reverse(staff, change.reference, "The customer asked for it.")
    world.work()
    with world.unchanged():
        for act in (retry, reverse, take_over):
            with pytest.raises(NotPossible, match="has ended"):
                act(staff, change.reference, "Once more.")


def test_a_machine_that_is_gone_is_reversed_by_staff(world: World, web: Service, staff: User) -> None:
    """The hypervisor knows no such machine any more: only a person may decide that it stays so."""
    change = world.change(web, memory=8)
    world.pay(change)
    Service.objects.filter(pk=web.pk).update(external_id="vm-gone")
    world.work()
    assert (world.reread(change).status, world.reread(change).reason) == (states.ATTENTION, "machine_unknown")

    reverse(staff, change.reference, "The host burned down.")
    world.work()
    Service.objects.filter(pk=web.pk).update(external_id=web.external_id)

    assert world.reread(change).status == states.REVERSED
    assert world.credit() == 5_596
    assert JobStep.objects.get().state == "failed"
    assert_as_before(world, web)


# --- restarts -------------------------------------------------------------------------------------------------

RESTARTS = {"components": {"memory": {"grow": "restart", "shrink": "restart"}}}


def test_growth_that_needs_a_restart_is_done_with_the_restart_agreed_to(world: World) -> None:
    web = world.web_01("2026-08-15T14:02+09:00", **RESTARTS)
    quote = world.quote(web, memory=8)
    assert quote.figures["restart"] is True
    change = world.submit(quote)
    world.pay(change)
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.reread(change).restart_pending is False
    assert world.measured(web)["memory"] == 8
    assert world.hypervisor.restarts(web.external_id) == 1


def test_growth_whose_restart_the_customer_does_himself_is_applied_and_frees_the_slot(world: World) -> None:
    web = world.web_01("2026-08-15T14:02+09:00", **RESTARTS)
    change = world.submit(world.quote(web, memory=8), may_restart=False)
    world.pay(change)
    world.work()

    change = world.reread(change)
    assert (change.status, change.restart_pending) == (states.APPLIED, True)
    assert world.hypervisor.restarts(web.external_id) == 0
    assert world.measured(web)["memory"] == 4
    assert world.reread(web).configuration["memory"] == 8
    assert world.change(web, cpu=4).status == states.AWAITING_PAYMENT, "the next change is possible"

    world.hypervisor.restart_machine(web.external_id)
    assert world.measured(web)["memory"] == 8


def test_the_credit_of_a_reduction_waits_for_the_customers_restart(world: World) -> None:
    """memory 4 to 2: 3,780 paid for 183 days, 107 left: 2,210 and 221 tax."""
    web = world.web_01("2026-08-15T14:02+09:00", **RESTARTS)
    change = world.submit(world.quote(web, memory=2), may_restart=False)
    world.work()
    assert (world.reread(change).status, world.reread(change).reason) == (states.PARKED, "restart")
    assert world.credit() == 0
    assert Mail.objects.filter(key=f"change.parked:{change.reference}").count() == 1

    world.wait(minutes=30)
    assert (world.reread(change).status, world.credit()) == (states.PARKED, 0)
    world.hypervisor.restart_machine(web.external_id)
    world.wait(minutes=10)

    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["memory"] == 2
    assert world.log() == [("reduced", 2_431, 2_431)]
    assert Mail.objects.filter(key=f"change.parked:{change.reference}").count() == 1


@pytest.fixture
def waiting(world: World) -> Service:
    """2026-08-15: memory 4 to 8 was paid with 5,596, and waits for a restart that the customer does himself."""
    web = world.web_01("2026-08-15T14:02+09:00", **RESTARTS)
    change = world.submit(world.quote(web, memory=8), may_restart=False)
    world.pay(change)
    world.work()
    assert (world.reread(change).status, world.measured(web)["memory"]) == (states.APPLIED, 4)
    return web


def test_growth_that_still_waits_for_its_restart_is_taken_back_before_it_is_credited(
    world: World, waiting: Service
) -> None:
    """The machine has 4 GB already, and would have 8 from its next restart on: that must not come when it is paid back."""
    change = world.change(waiting, memory=4)
    world.work()
    assert (world.reread(change).status, world.reread(change).restart_pending) == (states.APPLIED, False)
    assert world.credit() == 5_544, "the layer was for 108 days, 107 are left"

    world.hypervisor.restart_machine(waiting.external_id)

    assert world.measured(waiting) == world.reread(waiting).configuration == WEB


@pytest.mark.parametrize("may_restart", [True, False])
def test_more_is_bought_while_the_first_growth_waits_for_its_restart(
    world: World, waiting: Service, may_restart: bool
) -> None:
    """What the customer left to his own restart was not changed by hand."""
    for more in (12, 16):
        change = world.submit(world.quote(waiting, memory=more), may_restart=may_restart)
        world.pay(change)
        world.work()
        assert world.reread(change).status == states.APPLIED
        assert world.measured(waiting)["memory"] == (more if may_restart else 4)
    world.hypervisor.restart_machine(waiting.external_id)
    assert world.measured(waiting) == world.reread(waiting).configuration == WEB | {"memory": 16}


def test_another_value_that_waits_for_a_restart_was_made_by_hand(world: World, web: Service) -> None:
    """Somebody set 8 GB by hand, to hold from the next restart on; the machine still has the 2 that are asked for."""
    world.hypervisor.change_component(web.external_id, "memory", grow="restart", shrink="live")
    key = {"key": "by-hand", "fence": 1, "may_restart": False}
    driver("sandbox").apply(web.external_id, Step("memory", 4, 8), **key)
    world.hypervisor.change_machine(web.external_id, configuration={"memory": 2})
    change = world.change(web, memory=2)
    world.work()
    assert (world.reread(change).status, world.reread(change).reason) == (states.ATTENTION, "drift")
    assert world.credit() == 0


def test_growth_that_is_given_back_does_not_come_at_a_later_restart(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine wrote down 8 GB for its next restart, and was away before anybody could read it, until 18:02."""
    web = world.web_01("2026-08-15T14:02+09:00", **RESTARTS)
    change = world.submit(world.quote(web, memory=8), may_restart=False)
    world.pay(change)
    with monkeypatch.context() as patched:
        answered = steps._answered
        patched.setattr(steps, "_answered", lambda *a: (answered(*a), world.hypervisor.settings(down=True)))
        world.work()
    assert world.reread(change).reason == "unreachable"
    world.clock.forward(timedelta(hours=4))
    world.hypervisor.settings(down=False)
    assert world.hypervisor.machine(web.external_id)["restart_pending"] == ["memory"]

    world.wait(seconds=1)

    assert (world.reread(change).status, world.credit()) == (states.REVERSED, 5_596)
    world.hypervisor.restart_machine(web.external_id)
    assert_as_before(world, web)


def test_what_was_made_by_hand_is_what_a_step_that_is_given_up_goes_back_to(
    world: World, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """12 GB by hand, which staff let go on over to the 8 that were bought: it is away until 18:02, and keeps the 12."""
    web = world.web_01("2026-08-15T14:02+09:00", **RESTARTS)
    change = world.submit(world.quote(web, memory=8), may_restart=False)
    world.pay(change)
    world.hypervisor.change_machine(web.external_id, configuration={"memory": 12})
    world.work()
    overwrite(staff, change.reference, "The trial is over.", found={"memory": 12})
    with monkeypatch.context() as patched:
        answered = steps._answered
        patched.setattr(steps, "_answered", lambda *a: (answered(*a), world.hypervisor.settings(down=True)))
        world.work()
    world.clock.forward(timedelta(hours=4))
    world.hypervisor.settings(down=False)
    assert world.hypervisor.machine(web.external_id)["restart_pending"] == ["memory"]

    world.wait(seconds=1)

    assert (world.reread(change).status, world.credit()) == (states.REVERSED, 5_596)
    world.hypervisor.restart_machine(web.external_id)
    assert world.measured(web)["memory"] == 12
