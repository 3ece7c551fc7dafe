"""Steps that several stories take through the portal, and what is read off its pages on the way."""

from __future__ import annotations

import re
from datetime import timedelta

from django.db import connection
from playwright.sync_api import expect

from browser.demo_service import MACHINE
from prorata.provisioning.models import Job
from prorata.services.models import Service
from support.browser import Visitor
from support.installation import Installation
from support.sandboxes import ACCEPTED, wait_until

# A change takes its steps while the computer does other things too.
SLOW = 240_000
FOR_AGES = 3_600
# Every drawing of the list of steps, as (name, state), written down as the page changes by itself.
WATCH_STEPS = """() => {
  const look = () => [...document.querySelectorAll(".prog li")].map((step) => [
    step.querySelector("b").textContent.replace(/,[^,]*$/, "").replace(/\\s+/g, " ").trim(), step.className]);
  window.seenSteps = [look()];
  new MutationObserver(() => window.seenSteps.push(look())).observe(document.querySelector("main"),
    {subtree: true, childList: true});
}"""


def takes(installed: Installation, seconds: float) -> None:
    """How long a step of the machine takes from now on, one that is running included."""
    for code in measured(installed, MACHINE):
        installed.hypervisor.change_component(MACHINE, code, seconds=seconds)


def steps_until_applied(installed: Installation, visitor: Visitor, picture: str) -> list[str]:
    """Watch the change's page until it says that it is done, without touching it; the names of its steps. The machine,
    whose steps take ages (see `takes`) until the page shows one under way, must have been seen half-way, and no step may
    ever have gone back."""
    page = visitor.page
    visitor.arrived()
    page.evaluate(WATCH_STEPS)
    visitor.shot(f"{picture}-under-way")
    expect(page.locator(".prog li.doing b").filter(has_text=" to ")).to_have_count(1, timeout=SLOW)
    takes(installed, 1.8)
    expect(page.locator("#headline")).to_have_text(re.compile("Changed at [0-9:]{8}"), timeout=SLOW)
    seen = page.evaluate("window.seenSteps")
    states = {name: [state for drawn in seen for one, state in drawn if one == name] for name, _ in seen[-1]}
    assert {story[-1] for story in states.values()} == {"done"}
    takes(installed, FOR_AGES)
    assert any(half_way(drawn) for drawn in seen), states
    for name, story in states.items():
        order = ["waiting", "doing", "done"]
        assert story == sorted(story, key=order.index), (name, story)
    return list(states)


def half_way(drawn: list[tuple[str, str]]) -> bool:
    """A step of the machine is under way, or one is done and another is to come."""
    machine = [state for name, state in drawn if " to " in name]
    return "doing" in machine or {"done", "waiting"} <= set(machine)


def wait_until_applied(visitor: Visitor) -> None:
    """The change's page comes to its end by itself."""
    expect(visitor.page.locator("#headline")).to_have_text(re.compile("Changed at [0-9:]{8}"), timeout=SLOW)


def let_alone(installed: Installation) -> None:
    """The worker tries a change that waits for the machine no more by itself, for hours: what happens next is the story's.
    Otherwise it may be trying just when staff press a button, and they are told that the machine is being worked on."""
    later = installed.now() + timedelta(hours=3)
    waiting = Job.objects.filter(service__external_id=MACHINE, state=Job.State.PARKED)

    def rests() -> bool:
        return (
            bool(waiting.update(retry_at=later)) and not _trying() and waiting.filter(retry_at=later).exists()
        )

    wait_until(rests, "the worker to let the machine alone", seconds=60)


def _trying() -> bool:
    """Whether the worker is at a machine, or looking for one that is to be tried again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE task_name IN ('provisioning.run', 'provisioning.sweep') "
            "AND status IN ('todo', 'doing')"
        )
        return cursor.fetchone() is not None


def pay_with(visitor: Visitor, card: str = ACCEPTED) -> None:
    """On the processor's own page."""
    visitor.page.get_by_label("Card number").fill(card)
    visitor.page.get_by_label("Expiry").fill("12 / 34")
    visitor.page.get_by_label("CVC").fill("123")
    visitor.page.get_by_role("button", name=re.compile("^Pay ")).click()


def measured(installed: Installation, machine: str) -> dict[str, int]:
    """What a machine really has, asked there."""
    return dict(installed.hypervisor.machine(machine)["configuration"])


def log(visitor: Visitor) -> list[tuple[str, ...]]:
    """The credit log without its months and who did it, newest first: (what, purse, amount, balance after)."""
    lines = [row for row in visitor.rows("#log table tbody tr") if len(row) == 6]
    return [(what, purse, *money) for _when, what, purse, _by, *money in lines]


def credit_of(visitor: Visitor) -> int:
    """Available Credit in the top menu, in minor units."""
    return int(re.sub(r"[^0-9]", "", visitor.text("#available-credit b")))


def read_mail(visitor: Visitor, subject: str) -> str:
    """Wait until a mail with this beginning of its subject has been sent, open it, and return its text."""

    def sent() -> bool:
        visitor.open("/demo/mails")
        return visitor.page.get_by_role("link", name=subject).count() > 0

    wait_until(sent, f"the mail {subject!r}", seconds=120)
    visitor.click("link", subject)
    visitor.arrived()
    return str(visitor.page.locator(".letter").inner_text())


def have(visitor: Visitor) -> list[str]:
    """What the Resources page says the machine has."""
    visitor.arrived()
    return [" ".join(text.split()) for text in visitor.page.locator(".have").all_inner_texts()]


def open_sliders(visitor: Visitor, *, offered: bool = True) -> None:
    """The change page of web-01."""
    visitor.open(f"/services/{Service.objects.get(name='web-01').pk}/change")
    expect(visitor.page.locator("#change-form")).to_have_count(1 if offered else 0)


def park(demo: Installation, aiko: Visitor, **values: str) -> str:
    """Submit and pay a change while the machine is busy; its reference."""
    demo.hypervisor.busy(MACHINE, "backup")
    open_sliders(aiko)
    for code, value in values.items():
        aiko.page.locator(f"#{code}").fill(value)
    expect(aiko.page.locator("#total")).to_be_visible()
    aiko.page.locator("#continue").click()
    aiko.arrived()
    if aiko.page.get_by_role("radio", name="Credit card").count():
        aiko.page.get_by_role("radio", name="Credit card").check()
        aiko.page.locator("#submit").click()
        aiko.click("button", "Pay Now!")
        pay_with(aiko)
    else:
        aiko.page.locator("#submit").click()
    expect(aiko.page.locator("#headline")).to_have_text("Waiting for the machine")
    return aiko.path.rpartition("/")[2]
