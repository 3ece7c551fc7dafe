"""Tickets by mail: who is told what and once, answers that come back by a mail server's pipe, and what is dropped."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.core import mail as sent_mails
from pytest_django import Settings

from prorata.customers.models import Membership, User
from prorata.language import speaking
from prorata.notices.models import Mail
from prorata.support import limits, tasks
from prorata.support.close import close_by_staff, sweep
from prorata.support.mail_in import command
from prorata.support.mail_in.take_in import LARGEST_MAIL, Later, NotTaken, take_in
from prorata.support.marker import above, marker_line
from prorata.support.models import Message, Ticket
from prorata.support.reply import reply
from prorata.support.reply_token import read_token, reply_address, token
from support.portal import person, text
from support.tickets import LOG, PNG, answered, ask
from support.world import World


@pytest.fixture
def ticket(world: World, settings: Settings) -> Ticket:
    """About web-01, answered by staff; mail is taken in."""
    settings.PRORATA_BASE_URL = "https://portal.example.com"
    settings.PRORATA_STAFF_EMAIL = "desk@example.com"
    settings.PRORATA_SUPPORT_ADDRESS = "support@example.com"
    web = world.web_01("2026-08-15T14:02+09:00")
    found = ask(world.owner, about=f"service:{web.pk}")
    answered(world.staff, found)
    world.work()
    found.refresh_from_db()
    return found


def keys() -> list[str]:
    return [one.key.partition(":")[0] for one in Mail.objects.order_by("id")]


def answer_to(ticket: Ticket, body: str = "It works, thank you.", **headers: str) -> EmailMessage:
    """As a mail program answers what it was sent."""
    told = Mail.objects.filter(key__startswith="ticket.answered", to="aiko@example.com").latest("id")
    message = EmailMessage()
    quoted = "\n".join(f"> {line}" for line in told.body.splitlines())
    fields = {
        "From": "Aiko <aiko@example.com>", "To": told.reply_to, "Subject": f"Re: {sent_mails.outbox[-1].subject}",
        "Message-ID": "<1@example.com>",
        **headers,
    }  # fmt: skip
    for name, value in fields.items():
        if value:
            message[name] = value
    message.set_content(f"{body}\n\nOn 15 Aug 2026, Prorata <prorata@example.com> wrote:\n\n{quoted}\n")
    return message


# --- what is told -------------------------------------------------------------------------------------------


def test_staff_and_the_person_are_told_once_each(world: World, ticket: Ticket) -> None:
    opened, told = Mail.objects.order_by("id")
    assert (opened.to, opened.subject) == (
        "desk@example.com",
        f"New ticket of Tanaka Design: Memory ({ticket.reference})",
    )
    assert "It does not grow." in opened.body
    assert "About: web-01" in opened.body
    assert f"https://portal.example.com/staff/support/ticket/{ticket.pk}/change/" in opened.body
    assert told.to == "aiko@example.com"
    assert told.subject == f"Answered: Memory ({ticket.reference})"
    assert told.body.startswith("-=-=- Write your answer above this line -=-=-\n")
    for words in (
        "It grows now.",
        f"https://portal.example.com/tickets/{ticket.reference}",
        "Answer this mail",
    ):
        assert words in told.body
    signed = token(ticket.reference, world.owner.pk)
    assert sent_mails.outbox[1].subject == f"{told.subject} [{signed}]"
    assert signed not in told.subject + told.body, "staff read these"
    assert sent_mails.outbox[1].reply_to == [reply_address(ticket.reference, world.owner.pk)]
    from prorata.notices import tasks as notices

    notices.ticket_written(id=ticket.messages.earliest("id").pk)
    notices.ticket_answered(id=ticket.messages.latest("id").pk)
    world.work()
    assert len(sent_mails.outbox) == 2


def test_who_has_chosen_no_language_is_answered_in_that_of_the_page(world: World, ticket: Ticket) -> None:
    assert (ticket.language, ticket.opened_by.language) == ("en", "")
    with speaking("ja"):
        asked = ask(world.owner, about=ticket.about, key="in Japanese")
    answered(world.staff, asked, key="in Japanese")
    world.work()
    assert asked.language == "ja"
    assert Mail.objects.latest("id").subject == f"回答しました：Memory ({asked.reference})"
    world.at("2026-08-26T14:03+09:00")
    sweep()
    world.work()
    told = Mail.objects.filter(key__startswith="ticket.closes_soon").order_by("id")
    assert {one.subject for one in told} == {
        f"2026年8月29日 に終了します：Memory ({asked.reference})",
        f"Closes on 29 Aug 2026: Memory ({ticket.reference})",
    }


def test_without_an_address_for_replies_the_mail_says_where_to_write(
    world: World, ticket: Ticket, settings: Settings
) -> None:
    settings.PRORATA_SUPPORT_ADDRESS = ""
    answered(world.staff, ticket, "More", key="more")
    world.work()
    told = Mail.objects.latest("id")
    assert (told.reply_to, told.subject) == ("", f"Answered: Memory ({ticket.reference})")
    assert "-=-" not in told.body
    assert "this mail cannot be answered" in told.body


def test_who_wrote_last_is_told_too_and_who_left_is_not(world: World, ticket: Ticket) -> None:
    ren = User.objects.create_user("ren@example.com", "a-long-password", name="Ren")
    membership = Membership.objects.create(customer=world.customer, user=ren, role="technical")
    reply(ren, ticket.reference, "And mine?", key="k")
    answered(world.staff, ticket, "Yours too", key="two")
    world.work()
    assert [one.to for one in Mail.objects.order_by("-id")[:2]] == ["ren@example.com", "aiko@example.com"]
    membership.delete()
    answered(world.staff, ticket, "One thing more", key="three")
    world.work()
    assert [one.to for one in Mail.objects.order_by("-id")[:2]] == ["aiko@example.com", "ren@example.com"]


def test_an_answer_left_alone_closes_after_a_mail_and_not_before(world: World, ticket: Ticket) -> None:
    """11 days after the answer the mail, three days after the mail the end; each once, however often it is swept."""
    world.clock.forward(timedelta(days=10, hours=23))
    tasks.sweep(0)
    assert "ticket.closes_soon" not in keys()
    world.clock.forward(timedelta(hours=1))
    for _ in range(2):
        tasks.sweep(0)
        world.work()
    assert keys().count("ticket.closes_soon") == 1
    told = Mail.objects.latest("id")
    assert told.subject.startswith("Closes on 29 Aug 2026: Memory")
    world.clock.forward(timedelta(days=2, hours=23))
    tasks.sweep(0)
    ticket.refresh_from_db()
    assert ticket.state == "answered"
    world.clock.forward(timedelta(hours=1))
    for _ in range(2):
        tasks.sweep(0)
        world.work()
    ticket.refresh_from_db()
    assert (ticket.state, keys().count("ticket.closed")) == ("closed", 1)
    shown = text(person(world.owner).get(f"/tickets/{ticket.reference}"))
    assert "Closed by itself: nobody wrote for 14 days after the answer." in shown


def test_a_sweep_that_comes_late_still_warns_first(world: World, ticket: Ticket) -> None:
    world.clock.forward(timedelta(days=60))
    tasks.sweep(0)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.warned_at is not None) == ("answered", True)


def test_who_writes_after_the_warning_keeps_it_open(world: World, ticket: Ticket) -> None:
    world.clock.forward(timedelta(days=12))
    tasks.sweep(0)
    reply(world.owner, ticket.reference, "Wait", key="k")
    world.clock.forward(timedelta(days=30))
    tasks.sweep(0)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.warned_at) == ("open", None)


def test_staff_closing_is_told_and_the_customer_s_own_is_not(world: World, ticket: Ticket) -> None:
    close_by_staff(world.staff, ticket.pk)
    world.work()
    assert keys().count("ticket.closed") == 1
    reply(world.owner, ticket.reference, "No", key="k")
    person(world.owner).post(f"/tickets/{ticket.reference}/close")
    world.work()
    assert keys().count("ticket.closed") == 1


# --- the token ----------------------------------------------------------------------------------------------


def test_a_token_is_read_in_any_case_and_only_as_it_was_signed(ticket: Ticket, settings: Settings) -> None:
    true = token("T-7F3K-2MX9", 12)
    assert read_token(f"support+{true}@example.com") == ("T-7F3K-2MX9", 12)
    assert read_token(true.upper()) == ("T-7F3K-2MX9", 12)
    assert len(f"sixteencharacter+{token('T-7F3K-2MX9', 10**10)}") <= 64
    forged = [
        true.replace("-12-", "-13-"), true.replace("2mx9", "2mx8"), true[:-1] + ("a" if true[-1] != "a" else "b"),
        true[:-1], true + "a", "t-7f3k-2mx9-12-" + "a" * 16, "",
    ]  # fmt: skip
    for one in forged:
        assert read_token(f"support+{one}@example.com") is None, one
    settings.SECRET_KEY = "another secret of the same length as before"
    assert read_token(true) is None


# --- answers that come back ---------------------------------------------------------------------------------


def test_an_answer_by_mail_reaches_its_ticket_without_the_quotation(world: World, ticket: Ticket) -> None:
    message = take_in(answer_to(ticket).as_bytes())
    assert (message.ticket, message.author, message.by, message.came_by) == (
        ticket,
        "customer",
        world.owner,
        "mail",
    )
    assert message.text == "It works, thank you."
    ticket.refresh_from_db()
    assert ticket.state == "open"
    world.work()
    assert Mail.objects.latest("id").subject.startswith("Tanaka Design wrote: Memory")


def test_the_same_mail_twice_is_one_message(world: World, ticket: Ticket) -> None:
    raw = answer_to(ticket).as_bytes()
    assert take_in(raw).pk == take_in(raw).pk


def test_the_token_may_stand_in_the_subject_alone(world: World, ticket: Ticket) -> None:
    assert take_in(answer_to(ticket, To="support@example.com").as_bytes()).ticket == ticket


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"To": "support+t-2222-2222-1-aaaaaaaaaaaaaaaa@example.com", "Subject": "Re: x"}, "signed token"),
        ({"To": "support@example.com", "Subject": "Memory"}, "signed token"),
        ({"From": "mallory@example.com"}, "does not come from the address"),
        ({"From": ""}, "does not come from the address"),
        ({"Auto-Submitted": "auto-replied"}, "a machine sent it"),
        ({"Auto-Submitted": "auto-generated; owner-email=x"}, "a machine sent it"),
        ({"Precedence": "bulk"}, "a machine sent it"),
        ({"Precedence": "Junk"}, "a machine sent it"),
        ({"Return-Path": "<>"}, "a machine sent it"),
        ({"List-Id": "<news.example.com>"}, "a machine sent it"),
    ],
)  # fmt: skip
def test_what_is_forged_or_sent_by_a_machine_changes_nothing(
    world: World, ticket: Ticket, headers: dict[str, str], why: str
) -> None:
    raw = answer_to(ticket, **headers).as_bytes()
    with world.unchanged(), pytest.raises(NotTaken, match=why):
        take_in(raw)


def test_a_person_may_say_that_no_machine_sent_it(world: World, ticket: Ticket) -> None:
    assert take_in(answer_to(ticket, **{"Auto-Submitted": "no"}).as_bytes()).text == "It works, thank you."


def test_a_token_of_another_person_or_ticket_is_of_no_use(world: World, ticket: Ticket) -> None:
    """Mallory has a true token of her own and writes it beside another ticket's reference."""
    _, mallory = world.new_customer("Mallory & Co", "mallory@example.com")
    own = ask(mallory, key="own")
    mixed = token(own.reference, mallory.pk).replace(own.reference.lower(), ticket.reference.lower())
    raw = answer_to(
        ticket, From="mallory@example.com", To=f"support+{mixed}@example.com", Subject="x"
    ).as_bytes()
    with world.unchanged(), pytest.raises(NotTaken, match="signed token"):
        take_in(raw)
    signed = token(ticket.reference, mallory.pk)
    raw = answer_to(
        ticket, From="mallory@example.com", To=f"support+{signed}@example.com", Subject="x"
    ).as_bytes()
    with world.unchanged(), pytest.raises(NotTaken, match="may not read this ticket"):
        take_in(raw)


def test_who_left_the_team_answers_no_more(world: World, ticket: Ticket) -> None:
    Membership.objects.filter(user=world.owner).delete()
    with world.unchanged(), pytest.raises(NotTaken, match="may not read this ticket"):
        take_in(answer_to(ticket).as_bytes())


def test_files_come_by_the_same_rule_and_what_is_left_out_is_said(world: World, ticket: Ticket) -> None:
    message = answer_to(ticket)
    message.add_attachment(LOG, maintype="text", subtype="plain", filename="boot.log")
    message.add_attachment(PNG, maintype="image", subtype="png", filename="screen.png")
    message.add_attachment(b"MZ\x90", maintype="application", subtype="octet-stream", filename="virus.exe")
    raw = message.as_bytes()
    taken = take_in(raw)
    take_in(raw)
    assert list(taken.attachments.values_list("name", "content_type")) == [
        ("boot.log", "text/plain"), ("screen.png", "image/png"),
    ]  # fmt: skip
    said = Message.objects.get(ticket=ticket, author="system").text
    assert "“virus.exe” cannot be sent." in said
    assert "boot.log" not in said


def test_more_than_fits_is_left_out_and_said(world: World, ticket: Ticket) -> None:
    message = answer_to(ticket, "x" * 10_005)
    for n in range(6):
        message.add_attachment(PNG, maintype="image", subtype="png", filename=f"{n}.png")
    taken = take_in(message.as_bytes())
    assert (len(taken.text), taken.attachments.count()) == (10_000, 5)
    said = Message.objects.get(ticket=ticket, author="system").text
    assert "“5.png” was too much for one message." in said
    assert "longer than 10000 characters" in said


def test_html_alone_is_read_as_words(world: World, ticket: Ticket) -> None:
    message = answer_to(ticket)
    message.set_content(
        "<style>p {}</style><p>It <b>works</b>&nbsp;&lt;now&gt;.</p><script>alert(1)</script><p>Aiko</p>"
        f"<div>{marker_line()}</div>",
        subtype="html",
    )
    assert take_in(message.as_bytes()).text == "It works <now>.\n\nAiko"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"From: \xff\nContent-Type: multipart/mixed\n\n--x",
        b"Content-Type: text/plain; charset=nonsense\n\n\xe9",
    ],
)
def test_whatever_comes_is_dropped_with_one_line(world: World, ticket: Ticket, raw: bytes) -> None:
    with world.unchanged(), pytest.raises(NotTaken, match="signed token"):
        take_in(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/html\n\n<![nonsense[]]>",
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\nContent-Type: multipart/mixed; boundary=x\n\n" * 2_000,
        b"From: (" + b"(" * 5_000,
    ],
)  # fmt: skip
def test_what_the_standard_library_trips_over_does_not_come_again_and_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, raw: bytes
) -> None:
    assert run(raw, monkeypatch) == 0
    assert "a mail was dropped" in caplog.text


def test_what_no_database_keeps_is_dropped_or_kept_in_part(world: World, ticket: Ticket) -> None:
    """A mail that can never be written would be tried again for days, and then go back to the customer."""
    empty = answer_to(ticket, "")
    empty.set_content(f"\x00\n{marker_line()}\n")
    with world.unchanged(), pytest.raises(NotTaken, match="Write what you want to say"):
        take_in(empty.as_bytes())
    half = answer_to(ticket).as_bytes().replace(b'charset="utf-8"', b'charset="unicode_escape"')
    assert take_in(half.replace(b"It works", rb"It works \ud800")).text == "It works ?, thank you."
    message = answer_to(ticket, **{"Message-ID": "<2@example.com>"})
    for n in range(6):
        message.add_attachment(PNG, maintype="image", subtype="png", filename=f"{n}.png")
    take_in(message.as_bytes().replace(b'filename="5.png"', b"filename*=utf-8''5%00.png"))
    assert "“5.png” was too much for one message." in Message.objects.get(ticket=ticket, author="system").text


def test_nothing_above_the_line_and_too_large_are_dropped(world: World, ticket: Ticket) -> None:
    with world.unchanged():
        with pytest.raises(NotTaken, match="nothing stands above"):
            take_in(answer_to(ticket, "").as_bytes())
        with pytest.raises(NotTaken, match="larger than"):
            take_in(answer_to(ticket).as_bytes() + b" " * LARGEST_MAIL)


def test_who_wrote_too_much_is_taken_later(
    world: World, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MESSAGES_AN_HOUR", 1)
    with world.unchanged(), pytest.raises(Later):
        take_in(answer_to(ticket).as_bytes())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Yes\n\n> -=-=- Write -=-=-\n> old", "Yes"),
        ("Yes\nOn Sat, Prorata <a@b.example> wrote:\n> -=-=- Write", "Yes"),
        ("Yes\nOn Sat, 15 Aug 2026 at 14:02, Prorata\n<a@b.example> wrote:\n\n> -=-=- Write", "Yes"),
        ("はい\n2026年8月15日 Prorata <a@b.example> のメール：\n> -=-=- 上に書く", "はい"),
        ("Two things:\n1. a\n> -=-=- Write", "Two things:\n1. a"),
        ("No mark here\n> quoted", "No mark here\n> quoted"),
    ],
)  # fmt: skip
def test_what_stands_above_the_line_is_the_answer(text: str, kept: str) -> None:
    assert above(text) == kept


def test_a_mail_of_blank_lines_is_looked_through_once() -> None:
    """Any stranger can send one. Looked through from each line to the end, it would take hours."""
    code = "from prorata.support.marker import above; print(len(above('x' + '\\n > ' * 3_000_000)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# --- the command --------------------------------------------------------------------------------------------


def run(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    class Pipe:
        buffer = io.BytesIO(raw)

    monkeypatch.setattr("sys.stdin", Pipe)
    return command.main([])


def test_the_command_tells_the_mail_server_what_to_do(
    world: World, ticket: Ticket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert run(answer_to(ticket).as_bytes(), monkeypatch) == 0
    assert Message.objects.latest("id").text == "It works, thank you."
    assert run(b"Subject: spam\n\nbuy", monkeypatch) == 0
    assert "a mail was dropped: neither its address nor its subject holds a signed token" in caplog.text
    monkeypatch.setattr(limits, "MESSAGES_AN_HOUR", 1)
    again = answer_to(ticket, **{"Message-ID": "<2@example.com>"}).as_bytes()
    assert run(again, monkeypatch) == 75
    monkeypatch.setattr(command, "take_in", lambda raw: 1 / 0)
    assert run(again, monkeypatch) == 75


def test_a_pipe_of_a_mail_server_reaches_the_ticket(
    world: World, ticket: Ticket, process_environment: dict[str, str], prorata_command: str
) -> None:
    environment = {**process_environment, "PRORATA_SUPPORT_ADDRESS": "support@example.com"}
    done = subprocess.run(
        [prorata_command, "mail-in"], input=answer_to(ticket).as_bytes(), env=environment, capture_output=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Message.objects.latest("id").came_by == "mail"
    nowhere = {**environment, "DATABASE_URL": re.sub(r":\d+/", ":1/", environment["DATABASE_URL"])}
    done = subprocess.run(
        [prorata_command, "mail-in"], input=b"x", env=nowhere, capture_output=True, timeout=120
    )
    assert (done.returncode, b"does not answer" in done.stderr) == (0, False), (
        "a dropped mail asks no database"
    )
    done = subprocess.run(
        [prorata_command, "mail-in"],
        input=answer_to(ticket).as_bytes(),
        env=nowhere,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 75
