"""Tickets for tests: files as they may come, and a ticket opened and answered in one call."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.files.uploadedfile import SimpleUploadedFile

from prorata.customers.models import User
from prorata.support.answer import answer
from prorata.support.attach import Sent
from prorata.support.models import Message, Ticket
from prorata.support.open_ticket import Draft, open_ticket

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
JPG = b"\xff\xd8\xff\xe0" + b"\x00" * 20
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
LOG = "14:02 memory is 4 GB \u2013 still\n".encode()


def upload(name: str, data: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def ask(
    person: User,
    text: str = "It does not grow.",
    *,
    about: str = "",
    files: Sequence[Sent] = (),
    key: str = "one",
) -> Ticket:
    draft = Draft(
        subject="Memory", text=text, key=key, about=about, files=files,
        customer_id=person.memberships.values_list("customer", flat=True).first(),
    )  # fmt: skip
    return open_ticket(person, draft)


def answered(staff: User, ticket: Ticket, text: str = "It grows now.", *, key: str = "first") -> Message:
    return answer(staff, ticket.pk, text, key=key)
