"""The desk shows what differs, and every correction is a page that says what happens and asks for the reason."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from prorata.changes import states
from prorata.changes.drift.models import Comparison, Decision, Difference
from prorata.customers.models import User
from prorata.provisioning.models import Job
from prorata.services.models import Service
from prorata.trail.models import Deed
from support.drift import by_hand, compared, drifted, found
from support.forms import problems, send, words
from support.world import World

DESK = "admin:drift_difference_changelist"


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def shown(staff: Client, one: Difference) -> str:
    return words(staff.get(reverse("admin:drift_difference_change", args=[one.pk])))


def decide(staff: Client, one: Difference, what: str, **typed: str) -> str:
    """Open the page of a decision, type the reason, press its button: the page that follows."""
    answer = send(
        staff, reverse("admin:drift_decide", args=[one.pk, what]), **{"reason": "Looked at it", **typed}
    )
    assert answer.status_code == 302, problems(answer)
    return words(staff.get(answer["Location"]))


def test_the_dashboard_counts_and_the_list_shows_the_three_sizes(
    world: World, web: Service, staff: Client
) -> None:
    assert "0 Machines that are not as they were sold" in words(staff.get(reverse("admin:index")))
    one = found(world, web, memory=8)
    assert "1 Machines that are not as they were sold" in words(staff.get(reverse("admin:index")))
    page = words(staff.get(reverse(DESK)))
    for part in ("Another size", "web-01", "Tanaka Design", "Memory", "4 GB", "8 GB", "1 ×", "open"):
        assert part in page.replace("\u00a0", " "), part
    page = shown(staff, one).replace("\u00a0", " ")
    assert (
        "Sold 4 GB the service's configuration Invoiced 4 GB when the machine was adopted Measured 8 GB 15 Aug"
        in page
    )
    assert "once, 15 Aug 2026, 14:02" in page
    assert "sandbox/vm-1" in page


def test_the_list_asks_the_database_no_more_for_many_than_for_few(
    world: World, web: Service, staff: Client, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for name in ("web-02", "web-03", "web-04"):
        other = world.service(name=name)
        by_hand(world, other, memory=8, cpu=3)
        compared(world)
        with CaptureQueriesContext(connection) as asked:
            staff.get(reverse(DESK))
        counts.append(len(asked))
    assert counts[1] == counts[2]


def test_the_last_change_of_the_service_stands_beside_the_sizes(
    world: World, web: Service, staff: Client
) -> None:
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    one = found(world, web, memory=12)
    page = shown(staff, one)
    assert f"Last change of the service {change.reference} (applied, 15 Aug 2026)" in page
    assert f"Invoiced 8 GB {change.reference} Measured 12 GB" in page.replace("\u00a0", " ")


def test_bring_says_how_and_the_job_closes_the_difference(world: World, web: Service, staff: Client) -> None:
    one = found(world, web, memory=8)
    page = words(staff.get(reverse("admin:drift_decide", args=[one.pk, "bring"]))).replace("\u00a0", " ")
    assert "The machine goes from 8 GB to 4 GB, by a job with the ordinary journal." in page
    assert "The machine must be restarted for it." in page
    page = decide(staff, one, "bring", may_restart="on")
    assert "The machine's job is on its way." in page
    assert "Bring the machine to what is sold: Looked at it" in page
    assert "the machine's job: queued" in page
    assert "is under way: decide when it has ended." in page
    world.work()
    page = shown(staff, one)
    assert "Machine brought to what is sold, 15 Aug 2026, 14:02" in page
    assert "Proposed corrections" not in page
    assert world.measured(web)["memory"] == 4
    job = words(staff.get(reverse("admin:provisioning_job_change", args=[Job.objects.get().pk])))
    assert "a difference" in job


def test_bring_is_refused_with_the_reason_of_a_change(world: World, web: Service, staff: Client) -> None:
    world.hypervisor.change_machine(web.external_id, usage={"memory": "5.5"})
    one = found(world, web, memory=8)
    answer = staff.get(reverse("admin:drift_decide", args=[one.pk, "bring"]), follow=True)
    assert "Memory cannot go below 6 GB: 5.5 GB is used." in words(answer).replace("\u00a0", " ")
    assert not Decision.objects.exists()


def test_take_over_says_what_the_renewal_will_cost(world: World, web: Service, staff: Client) -> None:
    """Of 1,200 + 1,800 + 2,000 + 2,100 + 300 a month, 2 GB more are 900: six months at 30 % off."""
    one = found(world, web, memory=6)
    page = words(staff.get(reverse("admin:drift_decide", args=[one.pk, "accept"]))).replace("\u00a0", " ")
    assert "The service is from now on what its machine is: 6 GB instead of 4 GB." in page
    assert "The renewal of 6 months goes from 31,080 JPY to 34,860 JPY." in page
    page = decide(staff, one, "accept")
    assert "The service is what its machine is now." in page
    assert "Taken over without charge, 15 Aug 2026, 14:02" in page
    assert world.reread(web).configuration["memory"] == 6
    assert Deed.objects.get(what="drift.accept").actor_name == "ken@example.com"


def test_less_than_was_paid_for_has_no_button(world: World, web: Service, staff: Client) -> None:
    one = found(world, web, memory=2)
    assert "The machine has less than was paid for (2, not 4)." in shown(staff, one)
    answer = staff.get(reverse("admin:drift_decide", args=[one.pk, "accept"]), follow=True)
    assert "less than was paid for" in words(answer)


def test_a_size_that_changed_since_the_page_was_made_is_not_decided(
    world: World, web: Service, staff: Client
) -> None:
    one = found(world, web, memory=8)
    by_hand(world, web, memory=12)
    answer = send(staff, reverse("admin:drift_decide", args=[one.pk, "accept"]), reason="Looked at it")
    assert answer.status_code == 200
    assert "The machine has 12 by now, not 8." in words(answer)
    answer = staff.post(reverse("admin:drift_compare_one", args=[one.pk]), follow=True)
    assert "Compared just now." in words(answer)
    assert "12 GB" in words(answer).replace("\u00a0", " ")


def test_leave_is_until_a_date_and_has_a_view_of_its_own(world: World, web: Service, staff: Client) -> None:
    one = found(world, web, memory=8)
    answer = send(
        staff,
        reverse("admin:drift_decide", args=[one.pk, "leave"]),
        reason="A trial",
        until="2026-08-15T14:00",
    )
    assert "Choose a date in the future, within a year." in words(answer)
    page = decide(staff, one, "leave", until="2026-08-20T09:00")
    assert "left until 20 Aug 2026, 09:00" in page
    assert "0 Machines that are not as they were sold" in words(staff.get(reverse("admin:index")))
    assert "web-01" not in words(staff.get(reverse(DESK)))
    assert "web-01" in words(staff.get(reverse(DESK), {"show": "left"}))


def test_a_job_that_waits_is_tried_again_or_given_up(world: World, web: Service, staff: Client) -> None:
    world.hypervisor.busy(web.external_id, "backup")
    one = found(world, web, memory=8)
    decide(staff, one, "bring", may_restart="on")
    world.work()
    assert "the machine's job: parked, backup" in shown(staff, one)
    world.hypervisor.not_busy(web.external_id)
    assert "The machine is tried again." in decide(staff, one, "retry", reason="The backup is over")
    world.work()
    assert world.measured(web)["memory"] == 4
    assert Deed.objects.get(what="drift.retried").reason == "The backup is over"


def test_machines_without_services_say_what_to_do(world: World, web: Service, staff: Client) -> None:
    world.machine(dict(web.configuration))
    compared(world)
    one = Difference.objects.get()
    page = shown(staff, one)
    assert "Machine without a service" in page
    assert "Adopt it if somebody pays for it" in page
    assert "Take it over" not in page
    decide(staff, one, "leave", until="2026-08-20T09:00", reason="A test machine")
    assert "sandbox/vm-2" in words(staff.get(reverse(DESK), {"show": "left"}))


def test_staff_compare_everything_now(world: World, web: Service, staff: Client) -> None:
    by_hand(world, web, memory=8)
    page = words(staff.get(reverse("admin:drift_compare")))
    assert "Nothing was compared yet." in page
    answer = staff.post(reverse("admin:drift_compare"), follow=True)
    assert "Everything is being compared." in words(answer)
    world.work()
    assert Comparison.objects.get().opened == 1
    assert "1 services" in words(staff.get(reverse("admin:drift_compare")))
    run = words(staff.get(reverse("admin:drift_comparison_change", args=[Comparison.objects.get().pk])))
    assert "Nothing: every service was compared." in run
    assert "1 open" in words(staff.get(reverse("admin:drift_comparison_changelist")))


def test_who_may_look_may_not_decide(world: World, web: Service, staff: Client) -> None:
    one = found(world, web, memory=8)
    reader = User.objects.create_user("reader@example.com", "a-long-password", is_staff=True)
    client = Client()
    client.force_login(reader)
    assert client.get(reverse("admin:drift_difference_change", args=[one.pk])).status_code == 403
    reader.user_permissions.add(Permission.objects.get(codename="view_difference"))
    client.force_login(User.objects.get(pk=reader.pk))
    page = words(client.get(reverse("admin:drift_difference_change", args=[one.pk])))
    assert "4 GB" in page.replace("\u00a0", " ")
    assert "Proposed corrections" not in page
    for what in ("bring", "accept", "leave"):
        assert client.post(reverse("admin:drift_decide", args=[one.pk, what])).status_code == 403
    assert client.post(reverse("admin:drift_compare_one", args=[one.pk])).status_code == 403
    assert client.post(reverse("admin:drift_compare")).status_code == 403
    assert not Decision.objects.exists()


# --- a change that found its machine changed by hand ------------------------------------------------------------


def test_a_change_goes_on_over_what_was_made_by_hand(world: World, web: Service, staff: Client) -> None:
    change = drifted(world, web)
    address = reverse("admin:changes_change_act", args=[change.pk, "overwrite"])
    page = words(staff.get(address))
    assert "memory: the machine has 6, 4 was expected, 8 was bought." in page
    answer = send(staff, address, reason="The trial is over")
    page = words(staff.get(answer["Location"]))
    assert f"{change.reference} goes on over what was made by hand." in page
    assert "Set to what was bought: The trial is over" in page
    world.work()
    assert world.reread(change).status == states.APPLIED
    assert world.measured(web)["memory"] == 8


def test_only_a_change_that_drifted_has_that_button(world: World, web: Service, staff: Client) -> None:
    world.hypervisor.busy(web.external_id, "backup")
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    page = words(staff.get(reverse("admin:changes_change_change", args=[change.pk])))
    assert "Retry" in page
    assert "Set to what was bought" not in page
    answer = send(staff, reverse("admin:changes_change_act", args=[change.pk, "overwrite"]), reason="Go on")
    assert "Only a change that found its machine changed by hand can go on over it." in words(answer)
    unpaid = world.change(world.service(name="web-02"), memory=8)
    address = reverse("admin:changes_change_act", args=[unpaid.pk, "overwrite"])
    answer = staff.post(address, {"reason": "Go on", "found": '["memory"]'})
    assert "Only a change that found its machine changed by hand can go on over it." in words(answer)


# --- the command ------------------------------------------------------------------------------------------------


def test_the_command_prints_what_differs(
    world: World, web: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    from prorata.changes.drift.command import main

    assert main([]) == 0
    assert capsys.readouterr().out == "Nothing was compared yet: `prorata drift --now` does.\n"
    by_hand(world, web, memory=8)
    assert main(["--now"]) == 1
    first, last = capsys.readouterr().out.splitlines()
    assert first == (
        "web-01 (sandbox/vm-1): memory is sold as 4, invoiced as 4 and measured as 8, since 2026-08-15 05:02"
    )
    assert last == "compared 2026-08-15 05:02: 1 services, 0 in flight, 0 not measured, 1 machines: 1 open"
    assert main(["--json"]) == 1
    assert '"measured": 8' in capsys.readouterr().out
    by_hand(world, web, memory=4)
    assert main(["--now"]) == 0
