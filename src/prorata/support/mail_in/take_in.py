"""Write a mail's answer into its ticket, under the same rules as one in the portal."""

from __future__ import annotations

from django.db import transaction
from django.http import Http404
from django.utils import translation
from django.utils.translation import gettext as _

from prorata.customers.models import User
from prorata.support.attach import LARGEST_MESSAGE, MOST_FILES, Sent, clean_name, why_not
from prorata.support.mail_in.read import Unreadable, read_message
from prorata.support.models import LONGEST_TEXT, Message
from prorata.support.refused import CannotWrite, TooMuch
from prorata.support.reply import reply
from prorata.support.write import Author, add

# Files travel as text that is a third longer, and what is said around them is short.
LARGEST_MAIL = LARGEST_MESSAGE * 3 // 2


class NotTaken(Exception):
    """This mail is nothing for us, and the sender is not told: an answer to a forged sender would go to a stranger."""


class Later(Exception):
    """Not now: the mail server keeps it and tries again."""


def take_in(raw: bytes) -> Message:
    """The message that a mail became, once for each mail. Raises NotTaken, or Later."""
    if len(raw) > LARGEST_MAIL:
        raise NotTaken(f"it is larger than {LARGEST_MAIL} bytes")
    try:
        mail = read_message(raw)
    except Unreadable as broken:
        raise NotTaken(f"it cannot be read ({broken})") from broken
    if mail.automatic:
        raise NotTaken(f"a machine sent it ({mail.automatic})")
    if not mail.ticket:
        raise NotTaken("neither its address nor its subject holds a signed token")
    person = User.objects.filter(pk=mail.person_id).first()
    if person is None or mail.sender != person.email.lower():
        raise NotTaken("it does not come from the address that the token was sent to")
    kept, left_out = _sorted(mail.files)
    text = mail.text[:LONGEST_TEXT] or (_files_only(person) if kept else "")
    if not text:
        raise NotTaken("nothing stands above the line")
    try:
        return _write(person, mail.ticket, text, mail.key, kept, left_out, cut=len(mail.text) > LONGEST_TEXT)
    except Http404:
        raise NotTaken("the person may not read this ticket") from None
    except TooMuch as much:
        raise Later(str(much)) from much
    except CannotWrite as nothing:
        raise NotTaken(str(nothing)) from nothing


@transaction.atomic
def _write(
    person: User, ticket: str, text: str, key: str, files: list[Sent], left_out: list[Sent], *, cut: bool
) -> Message:
    message = reply(person, ticket, text, key=key, files=files, by_mail=True)
    with translation.override(message.ticket.language):
        said = [
            why_not(file) or _("“%(name)s” was too much for one message.") % {"name": clean_name(file.name)}
            for file in left_out
        ]
        if cut:
            said.append(
                _("The mail was longer than %(most)s characters; the rest is left out.")
                % {"most": LONGEST_TEXT}
            )
        again = f"{message.key}:left-out"
        if said and not Message.objects.filter(key=again).exists():
            words = _("Not everything of the mail was taken:")
            add(message.ticket, Author.SYSTEM, None, "\n".join([words, *said]), key=again)
    return message


def _sorted(files: tuple[Sent, ...]) -> tuple[list[Sent], list[Sent]]:
    """What may be kept, and what is left out: the text counts all the same."""
    kept: list[Sent] = []
    left_out: list[Sent] = []
    for file in files:
        room = LARGEST_MESSAGE - sum(len(one.data) for one in kept)
        fits = len(kept) < MOST_FILES and len(file.data) <= room and not why_not(file)
        (kept if fits else left_out).append(file)
    return kept, left_out


def _files_only(person: User) -> str:
    with translation.override(person.language or "en"):
        return _("(files only)")
