"""Tickets in the portal: what they are about, whose they are, what may be attached, and how they move."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client

from prorata.customers.models import Membership, User
from prorata.services.models import Service
from prorata.support import attach, limits
from prorata.support.answer import answer, write_note
from prorata.support.attach import MEGABYTE, Sent, why_not
from prorata.support.close import close_by_staff, close_mine
from prorata.support.models import Attachment, Content, Message, Ticket
from prorata.support.refused import CannotWrite, TooMuch
from prorata.support.reply import reply
from support.portal import hidden, part, person, text
from support.tickets import JPG, LOG, PDF, PNG, answered, ask, upload
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def form(client: Client, about: str = "", **typed: object) -> dict[str, object]:
    """What the page of a new ticket sends."""
    page = client.get("/tickets/new", {"about": about} if about else {})
    sent = {"key": hidden(page, "key"), "subject": "Memory", "text": "It does not grow.", **typed}
    return sent | ({"about": hidden(page, "about")} if about else {})


# --- opening ------------------------------------------------------------------------------------------------


def test_a_ticket_is_opened_from_a_change_with_it_attached(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    aiko = person(world.owner)
    page = aiko.get(f"/changes/{change.reference}")
    assert f"/tickets/new?about=change%3A{change.reference}" in page.content.decode()
    page = aiko.get("/tickets/new", {"about": change.origin})
    assert part(page, "about") == f"Change {change.reference} of web-01"
    sent = form(aiko, change.origin, files=[upload("screen.png"), upload("boot.log", LOG)])
    answer_page = aiko.post("/tickets/new", sent, follow=True)
    ticket = Ticket.objects.get()
    assert answer_page.redirect_chain[-1][0] == f"/tickets/{ticket.reference}"
    assert (ticket.about, ticket.customer, ticket.opened_by) == (change.origin, world.customer, world.owner)
    said = text(answer_page)
    for words in (
        "Open, waiting for us",
        f"Change {change.reference} of web-01",
        "It does not grow.",
        "screen.png",
        "boot.log",
    ):
        assert words in said
    listed = text(aiko.get("/tickets"))
    assert "Memory" in listed
    assert ticket.reference in listed


def test_every_page_of_one_s_own_things_offers_it(world: World, web: Service) -> None:
    """And each of them is what the ticket says it is about."""
    world.pay(world.change(web, memory=8))
    world.work()
    world.change(world.reread(web), backups=4)
    world.work()
    aiko = person(world.owner)
    invoice, note, capture = (
        world.customer.invoices.get(), world.customer.credit_notes.get(), world.customer.captures.get()
    )  # fmt: skip
    for page, origin, label in (
        (f"/services/{web.pk}/resources", f"service:{web.pk}", "web-01"),
        (f"/invoices/{invoice.reference}", f"invoice:{invoice.reference}", f"Invoice {invoice}"),
        (f"/credit-notes/{note.number}", f"credit_note:{note.number}", f"Credit note {note.number}"),
        (f"/receipts/{capture.pk}", f"payment:{capture.pk}", f"Payment R-{capture.pk:06d}"),
    ):
        assert f'/tickets/new?about={origin.replace(":", "%3A")}"' in aiko.get(page).content.decode(), page
        new = aiko.get("/tickets/new", {"about": origin})
        assert (part(new, "about"), f'href="{page}"' in new.content.decode()) == (label, True)


def test_pages_that_refuse_offer_it_too(world: World, web: Service) -> None:
    aiko = person(world.owner)
    assert 'href="/tickets/new"' in aiko.get("/nothing/here").content.decode()
    refused = aiko.post(f"/services/{web.pk}/change", {"memory": "5"})
    assert (refused.status_code, f"about=service%3A{web.pk}" in refused.content.decode()) == (422, True)
    assert 'href="/tickets/new"' not in Client().get("/nothing/here").content.decode()


def test_the_list_without_tickets_says_how_to_ask(world: World, web: Service) -> None:
    assert "No tickets yet" in text(person(world.owner).get("/tickets"))


def test_one_form_opens_one_ticket(world: World, web: Service) -> None:
    aiko = person(world.owner)
    sent = form(aiko)
    first = aiko.post("/tickets/new", sent)
    assert aiko.post("/tickets/new", sent)["Location"] == first["Location"]
    reference = Ticket.objects.get().reference
    reply_form = {"key": hidden(aiko.get(f"/tickets/{reference}"), "key"), "text": "And the disk?"}
    for _ in range(2):
        assert aiko.post(f"/tickets/{reference}", reply_form).status_code == 302
    assert list(Message.objects.values_list("text", flat=True)) == ["It does not grow.", "And the disk?"]


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"subject": " "}, "subject", "Write in a few words what it is about."),
        ({"subject": "x" * 121}, "subject", "The subject has 121 characters and can have 120."),
        ({"text": "\n "}, "text", "Write what you want to say."),
        ({"text": "x" * 10_001}, "text", "The text has 10001 characters and can have 10000."),
        ({"files": [upload("virus.exe")]}, "files", "“virus.exe” cannot be sent."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    world: World, web: Service, typed: dict[str, object], field: str, said: str
) -> None:
    aiko = person(world.owner)
    with world.unchanged():
        page = aiko.post("/tickets/new", form(aiko, **{"subject": "My subject", "text": "My text", **typed}))
    assert page.status_code == 422
    assert said in text(page)
    body = page.content.decode()
    assert f'href="#{field}"' in body
    assert "<title>Error: " in body
    assert ("My subject" in body, "My text" in body) == ("subject" not in typed, "text" not in typed)


def test_who_acts_for_two_customers_says_for_which(world: World, web: Service) -> None:
    other, _ = world.new_customer("Suzuki Works", "ken@example.com")
    Membership.objects.create(customer=other, user=world.owner, role="reader")
    aiko = person(world.owner)
    assert "For which customer" in text(aiko.get("/tickets/new"))
    for nobody in ("", "999999"):
        refused = aiko.post("/tickets/new", form(aiko, text="My text", customer=nobody))
        assert (refused.status_code, "Choose for which customer you ask." in text(refused)) == (422, True)
        assert "My text" in refused.content.decode()
        assert 'href="#customer"' in refused.content.decode()
        assert 'id="customer"' in refused.content.decode()
    aiko.post("/tickets/new", form(aiko, customer=str(other.pk)))
    assert Ticket.objects.get().customer == other


# --- whose it is --------------------------------------------------------------------------------------------


def test_what_is_another_customers_can_be_neither_attached_nor_read_nor_probed(
    world: World, web: Service
) -> None:
    change = world.change(web, memory=8)
    ticket = ask(world.owner, about=change.origin, files=[Sent(name="a.png", data=PNG)])
    file = Attachment.objects.get()
    _, mallory = world.new_customer("Mallory & Co", "mallory@example.com")
    stranger = person(mallory)
    place = f"/tickets/{ticket.reference}"
    for origin in (
        change.origin,
        f"service:{web.pk}",
        "change:C-2222-2222",
        "service:99999",
        "ticket:1",
        "service:1 or 1",
        "x",
    ):
        assert stranger.get("/tickets/new", {"about": origin}).status_code == 404, origin
        sent = {"about": origin, "subject": "Mine", "text": "Now", "key": "k"}
        with world.unchanged():
            assert stranger.post("/tickets/new", sent).status_code == 404, origin
    with world.unchanged():
        assert stranger.get(place).status_code == 404
        assert stranger.get(f"{place}/files/{file.pk}").status_code == 404
        assert stranger.post(place, {"text": "hello", "key": "k"}).status_code == 404
        assert stranger.post(f"{place}/close").status_code == 404
    assert ticket.reference not in text(stranger.get("/tickets"))
    own = ask(mallory)
    assert stranger.get(f"/tickets/{own.reference}/files/{file.pk}").status_code == 404
    sent = form(stranger, customer=str(world.customer.pk), key="another")
    stranger.post("/tickets/new", sent)
    assert Ticket.objects.latest("id").customer != world.customer


def test_who_is_not_signed_in_signs_in_first(world: World, web: Service, client: Client) -> None:
    ticket = ask(world.owner)
    for place in ("/tickets", "/tickets/new", f"/tickets/{ticket.reference}"):
        assert client.get(place)["Location"].startswith("/accounts/login/?next=")
    with world.unchanged():
        assert client.post(f"/tickets/{ticket.reference}", {"text": "x", "key": "y"}).status_code == 302


def test_a_reader_may_ask_and_who_left_may_not(world: World, web: Service) -> None:
    ticket = ask(world.owner)
    colleague = User.objects.create_user("ren@example.com", "a-long-password", name="Ren")
    membership = Membership.objects.create(customer=world.customer, user=colleague, role="reader")
    ren = person(colleague)
    assert ren.post(f"/tickets/{ticket.reference}", {"text": "Me too", "key": "k"}).status_code == 302
    assert Message.objects.latest("id").by == colleague
    membership.delete()
    assert ren.get(f"/tickets/{ticket.reference}").status_code == 404


def test_a_note_and_its_author_stay_with_staff(world: World, web: Service) -> None:
    ticket = ask(world.owner)
    write_note(world.staff, ticket.pk, "Looks like the host", key="n")
    answered(world.staff, ticket)
    shown = text(person(world.owner).get(f"/tickets/{ticket.reference}"))
    assert "Looks like the host" not in shown
    assert "Our staff" in shown
    assert "It grows now." in shown


def test_what_was_typed_is_text_never_markup(world: World, web: Service) -> None:
    ticket = ask(world.owner, "<script>alert(1)</script> & <b>bold</b>")
    body = person(world.owner).get(f"/tickets/{ticket.reference}").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;bold&lt;/b&gt;" in body
    assert "<b>bold</b>" not in body


# --- files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("screen.png", PNG), ("photo.jpg", JPG), ("PHOTO.JPEG", JPG), ("offer.pdf", PDF), ("boot.log", LOG),
        ("notes.txt", "メモリ\x1b[0m".encode()),
    ],
)  # fmt: skip
def test_few_kinds_of_files_may_be_sent(name: str, data: bytes) -> None:
    assert why_not(Sent(name=name, data=data)) == ""


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("page.html", b"<script>", "cannot be sent"),
        ("drawing.svg", b"<svg/>", "cannot be sent"),
        ("noending", PNG, "cannot be sent"),
        ("screen.png.exe", PNG, "cannot be sent"),
        ("screen.png", b"<html><script>", "is not what its name says"),
        ("screen.png", JPG, "is not what its name says"),
        ("photo.txt", PNG, "is not what its name says"),
        ("notes.txt", b"MZ\x90\x00", "is not what its name says"),
        ("notes.txt", "メモリ".encode("shift-jis"), "is not what its name says"),
        ("offer.pdf", b"hello %PDF-", "is not what its name says"),
        ("empty.txt", b"", "is empty"),
        ("long.txt", b"x" * (5 * MEGABYTE + 1), "is larger than 5 MB"),
    ],
)
def test_other_files_are_refused_with_what_to_do(name: str, data: bytes, said: str) -> None:
    assert said in why_not(Sent(name=name, data=data))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"), ("C:\\temp\\a.txt", "a.txt"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ("x" * 300 + ".txt", "x" * 116 + ".txt"), ("\u202egnp.txt", "gnp.txt"),
    ],
)  # fmt: skip
def test_a_name_is_a_name_and_nothing_else(name: str, kept: str) -> None:
    assert attach.clean_name(name) == kept


def test_too_many_or_too_large_together_is_refused_whole(world: World, web: Service) -> None:
    few = [Sent(name=f"{n}.txt", data=b"x") for n in range(6)]
    large = [Sent(name=f"{n}.txt", data=b"x" * (4 * MEGABYTE)) for n in range(3)]
    for files, said in ((few, "At most 5 files"), (large, "larger than 10 MB together")):
        with world.unchanged(), pytest.raises(CannotWrite, match=said):
            ask(world.owner, files=files)
    aiko = person(world.owner)
    sent = form(aiko, files=[upload(f"{n}.png") for n in range(6)])
    assert "At most 5 files" in text(aiko.post("/tickets/new", sent))


def test_a_file_is_saved_and_never_shown_as_a_page(world: World, web: Service) -> None:
    ticket = ask(world.owner, files=[Sent(name="bericht “ü”.txt", data=b"<script>alert(1)</script>")])
    sent = person(world.owner).get(f"/tickets/{ticket.reference}/files/{Attachment.objects.get().pk}")
    assert sent.content == b"<script>alert(1)</script>"
    assert sent["Content-Type"] == "text/plain"
    assert sent["Content-Disposition"].startswith("attachment;")
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert sent["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in sent["Cache-Control"]


def test_a_file_that_was_removed_leaves_its_facts(world: World, web: Service) -> None:
    ticket = ask(world.owner, files=[Sent(name="secret.txt", data=b"password")])
    Content.objects.all().delete()
    aiko = person(world.owner)
    assert aiko.get(f"/tickets/{ticket.reference}/files/{Attachment.objects.get().pk}").status_code == 404
    assert "secret.txt, removed" in text(aiko.get(f"/tickets/{ticket.reference}"))


# --- how much -----------------------------------------------------------------------------------------------


def test_one_person_opens_only_so_many_in_an_hour(world: World, web: Service) -> None:
    for n in range(limits.TICKETS_AN_HOUR):
        ask(world.owner, key=f"k{n}")
    aiko = person(world.owner)
    with world.unchanged():
        page = aiko.post("/tickets/new", form(aiko))
        assert (page.status_code, "You opened 10 tickets in the last hour." in text(page)) == (422, True)
    _, other = world.new_customer("Suzuki Works", "ken@example.com")
    ask(other)
    world.clock.forward(timedelta(hours=1))
    ask(world.owner, key="later")


def test_one_person_writes_only_so_much(world: World, web: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MESSAGES_AN_HOUR", 2)
    monkeypatch.setattr(limits, "BYTES_A_DAY", 30)
    ticket = ask(world.owner, files=[Sent(name="a.txt", data=b"x" * 20)])
    with pytest.raises(TooMuch, match="of files in the last day"):
        reply(world.owner, ticket.reference, "more", key="k1", files=[Sent(name="b.txt", data=b"x" * 11)])
    reply(world.owner, ticket.reference, "more", key="k2", files=[Sent(name="b.txt", data=b"x" * 10)])
    with pytest.raises(TooMuch, match="You wrote 2 messages in the last hour"):
        reply(world.owner, ticket.reference, "more", key="k3")
    answered(world.staff, ticket)
    world.clock.forward(timedelta(hours=1))
    reply(world.owner, ticket.reference, "more", key="k3")


# --- states -------------------------------------------------------------------------------------------------


def test_a_ticket_waits_in_turn_and_a_reply_opens_it_again(world: World, web: Service) -> None:
    ticket = ask(world.owner)
    answered(world.staff, ticket)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assigned_to, ticket.last_answer_at) == (
        "answered",
        world.staff,
        ticket.state_since,
    )
    aiko = person(world.owner)
    place = f"/tickets/{ticket.reference}"
    assert "Answered, waiting for you" in text(aiko.get(place))
    aiko.post(place, {"text": "Not yet", "key": "k"})
    assert part(aiko.get(place), "state") == "Open, waiting for us"
    assert "The ticket is closed." in text(aiko.post(f"{place}/close", follow=True))
    aiko.post(f"{place}/close")
    page = aiko.get(place)
    assert "Closed by Tanaka Design." in text(page)
    assert "Send and open again" in text(page)
    aiko.post(place, {"text": "After all", "key": "k2"})
    ticket.refresh_from_db()
    assert ticket.state == "open"
    assert ticket.messages.filter(author="system").count() == 1


def test_an_open_ticket_waits_since_its_first_message(world: World, web: Service) -> None:
    """Who writes again is not put to the end of the queue."""
    ticket = ask(world.owner)
    world.clock.forward(timedelta(hours=3))
    reply(world.owner, ticket.reference, "Are you there?", key="k")
    since = ticket.state_since
    ticket.refresh_from_db()
    assert ticket.state_since == since


def test_closed_ones_stand_last(world: World, web: Service) -> None:
    first, second = ask(world.owner, key="a"), ask(world.owner, key="b")
    world.clock.forward(timedelta(minutes=5))
    close_mine(world.owner, second.reference)
    listed = text(person(world.owner).get("/tickets"))
    assert listed.index(first.reference) < listed.index(second.reference)


def test_staff_may_close_and_answer_a_closed_one(world: World, web: Service) -> None:
    ticket = ask(world.owner)
    close_by_staff(world.staff, ticket.pk)
    answer(world.staff, ticket.pk, "One thing more", key="k")
    ticket.refresh_from_db()
    assert ticket.state == "answered"


def test_an_answer_with_an_open_placeholder_is_not_sent(world: World, web: Service) -> None:
    ticket = ask(world.owner)
    with world.unchanged(), pytest.raises(CannotWrite, match=r"\[\?due\] has no figure here"):
        answer(world.staff, ticket.pk, "You owe [?due].", key="k")


def test_two_presses_at_once_are_one_message(world: World, web: Service) -> None:
    """The second finds the first under the lock of the ticket; the key would refuse it in any case."""
    ticket = ask(world.owner)
    for _ in range(2):
        answered(world.staff, ticket)
    assert ticket.messages.filter(author="staff").count() == 1
    with transaction.atomic():
        assert Ticket.objects.select_for_update().get(pk=ticket.pk).state == "answered"
