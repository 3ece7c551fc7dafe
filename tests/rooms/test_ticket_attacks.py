"""Tickets attacked with raw SQL: what was written stays, a ticket stays whose it is, and only real moves are moves."""

from __future__ import annotations

import pytest
from psycopg.errors import CheckViolation, InsufficientPrivilege, RestrictViolation, UniqueViolation

from prorata.support.attach import Sent
from prorata.support.models import Message, Ticket
from support.attacks import Attack, attack, copy_refused, everybody, refused
from support.tickets import PNG, answered, ask
from support.world import World

__all__ = ["attack"]


@pytest.fixture
def ticket(world: World, transactional_db: None) -> Ticket:
    """Answered, with a file."""
    web = world.web_01("2026-08-15T14:02+09:00")
    found = ask(world.owner, about=f"service:{web.pk}", files=[Sent(name="a.png", data=PNG)])
    answered(world.staff, found)
    found.refresh_from_db()
    return found


@pytest.mark.parametrize("table", ["support_message", "support_attachment"])
def test_what_was_written_stays(ticket: Ticket, attack: Attack, table: str) -> None:
    with attack("application") as sql:
        refused(sql, InsufficientPrivilege, f"UPDATE {table} SET id = id")
        refused(sql, InsufficientPrivilege, f"DELETE FROM {table}")
    with attack("owner") as sql:
        refused(sql, RestrictViolation, f"UPDATE {table} SET id = id", says="append-only")
        refused(sql, RestrictViolation, f"DELETE FROM {table}", says="append-only")


def test_a_ticket_stays_whose_it_is_and_what_about(ticket: Ticket, attack: Attack) -> None:
    for sql in everybody(attack):
        for change in (
            "customer_id = 0",
            "opened_by_id = 0",
            "subject = 'x'",
            "about = ''",
            "reference = 'T-1'",
            "key = 'x'",
        ):
            refused(sql, RestrictViolation, f"UPDATE support_ticket SET {change}", says="never change")
        refused(sql, RestrictViolation, "DELETE FROM support_ticket", says="never deleted")


def test_the_bytes_of_a_file_are_removed_whole_or_stay_as_they_are(ticket: Ticket, attack: Attack) -> None:
    for sql in everybody(attack):
        refused(sql, RestrictViolation, "UPDATE support_content SET data = 'x'", says="never change")
        sql.execute("DELETE FROM support_content")


def test_only_real_moves_are_moves(ticket: Ticket, attack: Attack) -> None:
    for sql in everybody(attack):
        refused(sql, CheckViolation, "UPDATE support_ticket SET state = 'solved'")
        refused(
            sql,
            CheckViolation,
            "UPDATE support_ticket SET last_answer_at = NULL",
            says="answered_ticket_has_an_answer",
        )
        sql.execute("UPDATE support_ticket SET state = 'open'")
        refused(
            sql,
            CheckViolation,
            "UPDATE support_ticket SET warned_at = now()",
            says="open_ticket_is_not_warned",
        )


def test_a_message_has_its_author_and_a_note_is_staff_s(ticket: Ticket, attack: Attack) -> None:
    own = f"id = {Message.objects.filter(author='customer').latest('id').pk}"
    for sql in everybody(attack):
        copy_refused(sql, UniqueViolation, "support_message", own)
        copy_refused(
            sql,
            CheckViolation,
            "support_message",
            own,
            key="new",
            internal=True,
            says="only_staff_write_notes",
        )
        copy_refused(
            sql,
            CheckViolation,
            "support_message",
            own,
            key="new",
            by_id=None,
            says="message_names_its_author",
        )
        copy_refused(
            sql,
            CheckViolation,
            "support_message",
            own,
            key="new",
            author="system",
            says="message_names_its_author",
        )
        copy_refused(
            sql, CheckViolation, "support_message", own, key="new", text="", says="message_says_something"
        )
