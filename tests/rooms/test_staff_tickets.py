"""Tickets at the desk: what waits first, answers with live figures, notes, and the trail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from prorata.customers.models import User
from prorata.services.models import Service
from prorata.support import canned as canned_answers
from prorata.support.attach import Sent
from prorata.support.figures import PLAIN, Figures
from prorata.support.models import Attachment, CannedAnswer, Message, Ticket
from prorata.trail.models import Deed
from support.forms import problems, send
from support.portal import hidden, text
from support.tickets import PNG, answered, ask, upload
from support.world import World

LIST = "admin:support_ticket_changelist"


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def place(ticket: Ticket) -> str:
    return reverse("admin:support_ticket_change", args=[ticket.pk])


def filled(ticket: Ticket, body: str) -> str:
    made = CannedAnswer(title="x", body_en=body)
    made.full_clean()
    return canned_answers.filled(made, ticket)


# --- the desk -----------------------------------------------------------------------------------------------


def test_what_waits_longest_stands_first(world: World, web: Service, staff: Client) -> None:
    tickets = []
    for n in range(3):
        tickets.append(ask(world.owner, key=f"k{n}"))
        world.clock.forward(timedelta(hours=1))
    answered(world.staff, tickets[1])
    rows = [one.reference for one in staff.get(reverse(LIST)).context["cl"].result_list]
    assert rows == [tickets[0].reference, tickets[2].reference]
    shown = staff.get(reverse(LIST), {"show": "answered"}).context["cl"].result_list
    assert [one.reference for one in shown] == [tickets[1].reference]
    assert len(staff.get(reverse(LIST), {"show": "all"}).context["cl"].result_list) == 3
    figures = {one["title"]: one for one in staff.get(reverse("admin:index")).context["figures"]}
    assert (figures["Tickets that wait for us"]["value"], figures["Tickets that wait for us"]["bad"]) == (
        2,
        True,
    )


def test_an_answer_a_note_taking_it_and_closing_it(world: World, web: Service, staff: Client) -> None:
    ticket = ask(world.owner, about=f"service:{web.pk}", files=[Sent(name="a.png", data=PNG)])
    ken = User.objects.get(email="ken@example.com")
    page = staff.get(place(ticket))
    shown = text(page)
    for words in ("Tanaka Design", "It does not grow.", "a.png", "web-01", "answered in English", "nobody"):
        assert words in shown
    said = text(staff.post(place(ticket), {"do": "assign"}, follow=True))
    assert f"You look after {ticket.reference} now." in said
    sent = {
        "do": "answer",
        "answer-text": "It grows now.",
        "answer-key": hidden(page, "answer-key"),
        "files": [upload("b.png")],
    }
    for _ in range(2):
        sent["files"] = [upload("b.png")]
        assert staff.post(place(ticket), sent).status_code == 302
    staff.post(place(ticket), {"do": "note", "note-text": "Host was full", "note-key": "n"})
    staff.post(place(ticket), {"do": "close"})
    staff.post(place(ticket), {"do": "close"})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assigned_to) == ("closed", ken)
    written = list(ticket.messages.values_list("author", "internal", "text"))
    assert written == [
        ("customer", False, "It does not grow."), ("staff", False, "It grows now."), ("staff", True, "Host was full"),
        ("system", False, "Closed by our staff."),
    ]  # fmt: skip
    deeds = Deed.objects.filter(place=f"support_ticket {ticket.pk}").order_by("id")
    assert [(one.what, one.actor_name) for one in deeds] == [
        (what, "ken@example.com")
        for what in ("ticket.assigned", "ticket.answered", "ticket.noted", "ticket.closed")
    ]
    assert [one.name for one in Attachment.objects.order_by("id")] == ["a.png", "b.png"]


def test_files_are_saved_by_staff_from_their_own_ticket_alone(
    world: World, web: Service, staff: Client
) -> None:
    ticket, other = ask(world.owner, key="a", files=[Sent(name="a.png", data=PNG)]), ask(world.owner, key="b")
    file = Attachment.objects.get()
    sent = staff.get(reverse("admin:support_ticket_file", args=[ticket.pk, file.pk]))
    assert (sent.content, sent["Content-Security-Policy"]) == (PNG, "default-src 'none'; sandbox")
    assert staff.get(reverse("admin:support_ticket_file", args=[other.pk, file.pk])).status_code == 404


def test_who_may_only_look_does_nothing(world: World, web: Service) -> None:
    ticket = ask(world.owner)
    reader = User.objects.create_user("eri@example.com", "a-long-password", is_staff=True)
    client = Client()
    client.force_login(reader)
    assert client.get(place(ticket)).status_code == 403
    reader.user_permissions.add(Permission.objects.get(codename="view_ticket"))
    assert "Send the answer" not in text(client.get(place(ticket)))
    with world.unchanged():
        for what in ("answer", "note", "assign", "close"):
            sent = {"do": what, f"{what}-text": "x", f"{what}-key": "k"}
            assert client.post(place(ticket), sent).status_code == 403
    reader.user_permissions.add(Permission.objects.get(codename="change_ticket"))
    assert client.post(place(ticket), {"do": "assign"}).status_code == 302


def test_what_cannot_be_sent_stays_typed(world: World, web: Service, staff: Client) -> None:
    ticket = ask(world.owner)
    for typed, files, said in (
        (" ", [], "This field is required"),
        ("You owe [?due].", [], "[?due] has no figure here"),
        ("See the file.", [upload("a.exe")], "“a.exe” cannot be sent."),
    ):
        with world.unchanged():
            page = staff.post(
                place(ticket), {"do": "answer", "answer-text": typed, "answer-key": "k", "files": files}
            )
        assert said in text(page)
        assert typed.strip() in text(page)


# --- canned answers -----------------------------------------------------------------------------------------


def test_floors_and_their_reasons_are_those_of_now(world: World, web: Service) -> None:
    ticket = ask(world.owner, about=f"service:{web.pk}")
    body = "Memory: {now.memory}, {used.memory} used, not below {floor.memory}, at most {ceiling.memory}.\n{floor_reasons}"
    world.hypervisor.change_machine(web.external_id, usage={"memory": "2.9"})
    world.measure(web)
    first = filled(ticket, body)
    assert "Memory: 4 GB, 2.9 GB used, not below 3 GB, at most 64 GB." in first.replace("\u00a0", " ")
    assert "Memory cannot go below 3" in first
    world.hypervisor.change_machine(web.external_id, usage={"memory": "3.2"})
    world.measure(web)
    assert "not below 4 GB" in filled(ticket, body).replace("\u00a0", " ")


def test_state_deadline_and_money_of_a_change_are_those_of_now(world: World, web: Service) -> None:
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    change = world.change(web, memory=8)
    ticket = ask(world.owner, about=change.origin)
    body = "{change}: {change.state}. {change.lines}, {change.amount}. {due} until {deadline}. "
    body += "Credit {credit}. {service}, {invoice}."
    assert filled(ticket, body) == (
        f"{change.reference}: Waiting for payment. Memory 4 → 8 GB, 5,596 JPY. 4,096 JPY until "
        f"15 Aug 2026, 15:02 Asia/Tokyo. Credit 0 JPY. web-01, {change.invoice}."
    )
    world.pay(change)
    world.work()
    assert filled(ticket, "{change.state}, {due}, {deadline}") == "Applied, 0 JPY, [?deadline]"


@pytest.mark.parametrize("kind", ["invoice", "payment", "credit_note"])
def test_documents_lead_to_their_change(world: World, web: Service, kind: str) -> None:
    world.pay(world.change(web, memory=8))
    world.work()
    down = world.change(world.reread(web), backups=4)
    world.work()
    rows = world.customer
    origin, change = {
        "invoice": lambda: (
            f"invoice:{rows.invoices.get().reference}",
            rows.changes.earliest("id").reference,
        ),
        "payment": lambda: (f"payment:{rows.captures.get().pk}", rows.changes.earliest("id").reference),
        "credit_note": lambda: (f"credit_note:{rows.credit_notes.get().number}", down.reference),
    }[kind]()
    assert filled(ask(world.owner, about=origin), "{change}, {service}") == f"{change}, web-01"


def test_every_placeholder_has_a_figure_somewhere(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    ticket = ask(world.owner, about=change.origin)
    names = {name for name, _ in Figures(ticket).all()}
    assert set(PLAIN) - names == {"change.reason"}
    assert {"floor.memory", "ceiling.disk", "now.cpu"} <= names


def test_the_language_is_the_customer_s_and_english_where_it_is_not_written(
    world: World, web: Service
) -> None:
    User.objects.filter(pk=world.owner.pk).update(language="ja")
    world.owner.refresh_from_db()
    ticket = ask(world.owner)
    made = CannedAnswer(title="x", body_en="Hello {person}", body_ja="{person} 様")
    assert canned_answers.filled(made, ticket) == "Tanaka Design 様"
    made.body_ja = ""
    assert canned_answers.filled(made, ticket) == "Hello Tanaka Design"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("You owe {dues}.", "There is no {dues}."),
        ("{floor.nothing}", "There is no {floor.nothing}."),
        ("{secret.memory}", "There is no {secret.memory}."),
        ("{change.__class__}", "There is no {change.__class__}."),
        ("{} and {due", "There is no {}."),
        ("if (x) { y", "A brace stands alone."),
    ],
)
def test_an_unknown_placeholder_is_refused_when_it_is_saved(
    world: World, web: Service, staff: Client, body: str, said: str
) -> None:
    page = send(staff, reverse("admin:support_cannedanswer_add"), title="Floors", body_en=body, body_ja="")
    assert said in text(page), problems(page)
    assert "{floor.cpu}" in text(page), "what can be written is said"
    assert not CannedAnswer.objects.exists()


def test_a_canned_answer_is_a_preview_that_staff_correct_before_they_send(
    world: World, web: Service, staff: Client
) -> None:
    saved = send(
        staff, reverse("admin:support_cannedanswer_add"), title="What is due",
        body_en="Dear {person}, {due} is to be paid.", body_ja="",
    )  # fmt: skip
    assert saved.status_code == 302, problems(saved)
    canned = CannedAnswer.objects.get()
    assert Deed.objects.filter(what="cannedanswer.added").exists()
    change = world.change(web, memory=8)
    ticket = ask(world.owner, about=change.origin)
    with world.unchanged():
        page = staff.post(
            place(ticket),
            {"do": "insert", "canned": str(canned.pk), "answer-text": "Hello.", "answer-key": "k"},
        )
    assert (
        page.context["answer_form"]["text"].value()
        == "Hello.\n\nDear Tanaka Design, 5,596 JPY is to be paid."
    )
    world.pay(change)
    other = ask(world.owner, key="without")
    page = staff.post(place(other), {"do": "insert", "canned": str(canned.pk), "answer-text": ""})
    assert "This ticket has no figure for [?due]." in text(page)
    assert "Choose one of the canned answers." in text(
        staff.post(place(other), {"do": "insert", "canned": "0"})
    )
    typed = page.context["answer_form"]["text"].value().replace("[?due]", "nothing")
    staff.post(place(other), {"do": "answer", "answer-text": typed, "answer-key": "k"})
    assert Message.objects.latest("id").text == "Dear Tanaka Design, nothing is to be paid."
