"""Hand one mail of the outbox over, between two short transactions."""

from __future__ import annotations

import hashlib
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F

from prorata import clock
from prorata.notices.html import as_html
from prorata.notices.models import Mail

MOST_TRIES = 7


class NotSent(Exception):
    """The mail server did not take it; the queue tries again later."""


def send(mail_id: int) -> None:
    """Send a waiting mail; one that was sent or has failed for good is left alone. Raises NotSent to be tried again."""
    waiting = Mail.objects.filter(pk=mail_id, state=Mail.State.WAITING)
    if not waiting.update(tries=F("tries") + 1):
        return
    mail = Mail.objects.get(pk=mail_id)
    try:
        _message(mail).send()
    except (SMTPException, OSError, ValueError) as problem:
        _note_failure(mail, problem)
        return
    waiting.update(state=Mail.State.SENT, sent_at=clock.now(), error="")


def _note_failure(mail: Mail, problem: Exception) -> None:
    why = " ".join(str(problem).split()) or type(problem).__name__
    given_up = mail.tries >= MOST_TRIES
    Mail.objects.filter(pk=mail.pk).update(
        error=why, state=Mail.State.FAILED if given_up else Mail.State.WAITING
    )
    if not given_up:
        raise NotSent(f"{mail.key}: {why}") from problem


def _message(mail: Mail) -> EmailMultiAlternatives:
    # A worker may die between handing over and noting it. The mail then goes out again with the same id, and mailboxes
    # show it once.
    same = hashlib.sha256(f"{mail.pk}:{mail.key}".encode()).hexdigest()[:32]
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    headers = {"Message-ID": f"<{same}@{domain}>", "Auto-Submitted": "auto-generated"}
    answers = [mail.reply_to] if mail.reply_to else None
    message = EmailMultiAlternatives(
        _subject(mail), mail.body, settings.DEFAULT_FROM_EMAIL, [mail.to], headers=headers, reply_to=answers
    )
    message.attach_alternative(as_html(mail.subject, mail.body), "text/html")
    return message


def _subject(mail: Mail) -> str:
    """With the token of the reply address, for mail programs that answer to another one. It is put in here and not kept in
    the outbox, where staff would read what lets its holder write as the customer."""
    token = mail.reply_to.partition("@")[0].partition("+")[2]
    return f"{mail.subject} [{token}]" if token else mail.subject
