"""What customers and staff are told, with the figures of the documents."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from pytest_django import Settings

from prorata.changes import states
from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.changes.tasks import sweep
from prorata.credit.models import LogLine
from prorata.invoices.models import CreditNote
from prorata.notices import tasks
from prorata.notices.models import Mail
from prorata.payments.look import look
from prorata.payments.models import Capture
from prorata.provisioning.models import Job
from prorata.services.models import Service
from support.world import World


@pytest.fixture
def web(world: World, settings: Settings) -> Service:
    settings.PRORATA_BASE_URL = "https://portal.example.com"
    settings.PRORATA_STAFF_EMAIL = "desk@example.com"
    world.open("2026-06-01T08:00+09:00")
    service = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    return service


def the_mail(origin: str, key: str) -> Mail:
    return Mail.objects.get(origin=origin, key__startswith=key)


def test_an_upgrade_is_told_with_the_figures_of_its_invoice(world: World, web: Service) -> None:
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    change = world.reread(change)
    assert change.invoice is not None
    told = the_mail(change.origin, "change.applied")
    assert told.to == "aiko@example.com"
    assert told.subject == f"web-01: Memory 4→8 GB – done ({change.reference})"
    lines = [" ".join(line.split()) for line in told.body.splitlines()]
    assert "Memory 4 GB → 8 GB" in lines
    assert f"Money (invoice {change.invoice.number})" in lines
    for line in ("Subtotal 5,088 JPY", "Consumption tax 508 JPY", "Total 5,596 JPY"):
        assert line in lines
    assert "of it from gifted credit 1,500 JPY" in lines
    assert "of it paid by you now 4,096 JPY" in lines
    assert f"https://portal.example.com/changes/{change.reference}" in lines
    received = the_mail(change.origin, "payment.received")
    assert [m.subject for m in mail.outbox] == [received.subject, told.subject]


def test_a_downgrade_is_told_once_as_a_change_and_once_as_credit(world: World, web: Service) -> None:
    change = world.change(web, backups=4)
    world.work()
    note = CreditNote.objects.get()
    assert note.gross_minor == -change.gross_minor
    done, credit = the_mail(change.origin, "change.applied"), the_mail(change.origin, "credit.booked")
    assert done.subject == f"web-01: Backup generations 7→4 – done ({change.reference})"
    amount = f"{note.gross_minor:,} JPY"
    assert credit.subject == f"web-01: credit of {amount} booked ({note.number})"
    for told in (done, credit):
        lines = [" ".join(line.split()) for line in told.body.splitlines()]
        assert f"Total {amount}" in lines
        assert f"of it as account credit {amount}" in lines
        assert "not a refund to your card" in told.body
    assert len(mail.outbox) == 2


def test_the_same_event_twice_is_one_mail(world: World, web: Service) -> None:
    change = world.change(web, backups=4)
    world.work()
    tasks.change_applied(id=change.pk)
    tasks.credit_booked(id=CreditNote.objects.get().pk)
    world.work()
    assert (Mail.objects.count(), len(mail.outbox)) == (2, 2)


def test_a_step_that_fails_for_good_is_told_with_what_came_back(world: World, web: Service) -> None:
    """Memory 5,088 and CPU 3,392 bear 848 of tax: 509 and 339."""
    world.hypervisor.change_component(web.external_id, "memory", refuses="this machine type ends at 4 GB")
    change = world.change(web, memory=8, cpu=4)
    world.pay(change)
    world.work()
    change = world.reread(change)
    note = CreditNote.objects.get()
    assert (change.status, note.gross_minor) == (states.PARTLY_APPLIED, 5_597)
    told = the_mail(change.origin, "change.partly_applied")
    assert told.subject == f"web-01: CPU cores 2→4 – done; Memory 4→8 GB – not possible ({change.reference})"
    came_back = told.body.partition("Came back")[2]
    assert f"(credit note {note.number})" in came_back
    assert "5,597 JPY" in came_back
    assert not Mail.objects.filter(key__startswith="credit.booked").exists()


def test_a_reversed_change_is_told_with_what_came_back(world: World, web: Service) -> None:
    world.hypervisor.change_component(web.external_id, "memory", refuses="this machine type ends at 4 GB")
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    told = the_mail(change.origin, "change.reversed")
    assert told.subject == f"web-01: Memory 4→8 GB – not possible, 5,596 JPY came back ({change.reference})"
    assert "The machine is as it was before." in told.body


def test_a_reduction_that_fails_costs_nothing(world: World, web: Service) -> None:
    world.hypervisor.change_component(web.external_id, "backups", refuses="locked")
    change = world.change(web, backups=4)
    world.work()
    assert world.reread(change).status == states.REVERSED
    told = the_mail(change.origin, "change.reversed")
    assert "not possible, nothing was charged" in told.subject
    assert "Nothing was charged." in told.body


def test_a_cancelled_change_is_told_with_the_credit_that_came_back(world: World, web: Service) -> None:
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    change = world.change(web, memory=8)
    cancel(world.owner, change.reference)
    world.work()
    told = the_mail(change.origin, "change.cancelled")
    assert told.subject == f"web-01: Memory 4→8 GB – cancelled, nothing was changed ({change.reference})"
    assert "1,500 JPY came back to your credit." in told.body


def test_an_unpaid_change_expires_and_is_told(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    world.clock.forward(timedelta(hours=2))
    sweep(timestamp=0)
    world.work()
    told = the_mail(change.origin, "change.expired")
    assert "was not paid in time and has expired" in told.body
    assert "No money had moved." in told.body


def test_money_that_comes_too_late_is_told_as_credit(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    attempt = world.checkout(change)
    world.clock.forward(timedelta(hours=2))
    sweep(timestamp=0)
    world.gateway.add_capture(attempt.gateway_ref, 5_596)
    look(attempt.pk)
    world.work()
    capture = Capture.objects.get()
    assert capture.outcome == "credit"
    told = the_mail(change.origin, "payment.late")
    invoice = world.reread(change).invoice
    assert told.subject == f"Your payment of 5,596 JPY is account credit now ({invoice.reference})"
    assert LogLine.objects.get(transfer=capture.transfer_id).amount_minor == world.credit() == 5_596
    tasks.payment_late(id=capture.pk)
    assert Mail.objects.filter(key__startswith="payment.late").count() == 1


def in_attention(world: World, web: Service) -> Change:
    """Somebody changed the machine by hand after the change was paid."""
    change = world.change(web, memory=8)
    world.hypervisor.change_machine(web.external_id, configuration={"memory": 6})
    world.pay(change)
    world.work()
    change = world.reread(change)
    assert (change.status, change.reason) == (states.ATTENTION, "drift")
    return change


def test_staff_are_called_when_a_change_needs_somebody(world: World, web: Service) -> None:
    change = in_attention(world, web)
    told = the_mail(change.origin, "change.attention")
    assert (told.to, told.subject) == ("desk@example.com", f"Needs you: web-01, drift ({change.reference})")
    assert "memory is 6 on the machine, 4 was expected" in told.body
    assert (
        f"https://portal.example.com{reverse('admin:changes_change_change', args=[change.pk])}" in told.body
    )
    tasks.needs_you(id=change.pk)
    assert Mail.objects.filter(to="desk@example.com").count() == 1
    Job.objects.update(attempts=Job.objects.get().attempts + 1)  # tried again, and before staff again
    tasks.needs_you(id=change.pk)
    assert Mail.objects.filter(to="desk@example.com").count() == 2


def test_nobody_is_called_where_staff_have_no_address(world: World, web: Service, settings: Settings) -> None:
    settings.PRORATA_STAFF_EMAIL = ""
    in_attention(world, web)
    assert not Mail.objects.exclude(to=world.customer.email).exists()


def test_the_customer_is_asked_for_a_restart_once(world: World, web: Service) -> None:
    world.hypervisor.change_component(web.external_id, "memory", shrink="restart")
    change = world.submit(world.quote(web, memory=3), may_restart=False)
    world.work()
    change = world.reread(change)
    assert (change.status, change.reason) == (states.PARKED, "restart")
    told = the_mail(change.origin, "change.parked")
    assert told.subject == f"web-01: Memory 4→3 GB – restart it to finish ({change.reference})"
    assert "Restart web-01 before 15 Aug 2026, 18:02 Asia/Tokyo." in told.body
    tasks.change_parked(id=change.pk)
    assert Mail.objects.filter(key__startswith="change.parked").count() == 1


def test_a_busy_machine_troubles_no_customer(world: World, web: Service) -> None:
    world.hypervisor.busy(web.external_id, "backup")
    change = world.change(web, backups=4)
    world.work()
    assert world.reread(change).status == states.PARKED
    assert not Mail.objects.exists()


def test_an_event_that_comes_late_tells_nothing_that_is_no_longer_so(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    for task in (
        tasks.change_applied,
        tasks.change_reversed,
        tasks.change_expired,
        tasks.change_parked,
        tasks.needs_you,
    ):
        task(id=change.pk)
    assert not Mail.objects.exists()


def test_a_term_is_told_with_its_invoice_until_when_and_what_then(world: World, web: Service) -> None:
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    term = world.renew(web, 6, use_gifted=True)
    world.work()
    told = the_mail(term.origin, "term.awaiting_payment")
    assert told.to == "aiko@example.com"
    assert told.subject == f"web-01: renewal – 32,688 JPY to pay ({term.invoice})"
    for said in (
        "Here is the invoice for the next term of web-01.",
        "1 Dec 2026, 08:00 Asia/Tokyo – 1 Jun 2027, 08:00 Asia/Tokyo", "Memory 4", "7,560 JPY", "34,188 JPY", "1,500 JPY",
        "Pay 32,688 JPY by 22 Aug 2026, 14:02 Asia/Tokyo:", f"https://portal.example.com/invoices/{term.invoice}",
        "While this is unpaid the service cannot be changed.",
    ):  # fmt: skip
        assert said in told.body, said
    world.wait(days=8)
    told = the_mail(term.origin, "term.expired")
    assert told.subject == f"web-01: renewal – not paid in time, nothing was charged ({term.invoice})"
    assert "1,500 JPY came back to your credit." in told.body
    assert "the term that is paid goes on to its end" in told.body

    paid = world.renew(web, 6)
    world.pay(paid)
    world.work()
    told = the_mail(paid.origin, "term.paid")
    assert told.subject == "web-01: renewal – paid (INV-000001)"
    assert "The next term of web-01 is paid." in told.body
    assert f"https://portal.example.com/services/{web.pk}/resources" in told.body
    assert Mail.objects.filter(origin=paid.origin).count() == 1, "what was paid at once is told once"
