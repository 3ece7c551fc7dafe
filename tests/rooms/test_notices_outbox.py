"""A mail is written with the fact it tells, once, and sent after the commit, once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from prorata.notices import outbox
from prorata.notices.models import Mail
from prorata.notices.send import MOST_TRIES, NotSent, send
from support.forms import words
from support.world import World

FACT: dict[str, Any] = {
    "key": "credit.booked:CN-1", "to": "aiko@example.com", "subject": "web-01: done", "body": "It is done.\n",
    "origin": "change:C-1", "customer_id": 7,
}  # fmt: skip


def written(**more: Any) -> bool:
    with transaction.atomic():
        return outbox.write(**(FACT | more))


def jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notices.send'")
        return int(cursor.fetchone()[0])


def test_a_fact_is_mailed_once_though_it_is_told_twice(world: World) -> None:
    assert written()
    assert not written(subject="another")
    assert (Mail.objects.get().subject, jobs()) == ("web-01: done", 1)
    world.work()
    assert [(m.to, m.subject, m.body) for m in mail.outbox] == [
        (["aiko@example.com"], "web-01: done", "It is done.\n")
    ]


def test_a_transaction_that_rolls_back_mails_nothing(world: World) -> None:
    with pytest.raises(RuntimeError, match="nothing of this happened"):
        _written_in_vain()
    world.work()
    assert (Mail.objects.count(), jobs(), mail.outbox) == (0, 0, [])
    assert written()


@transaction.atomic
def _written_in_vain() -> None:
    assert outbox.write(**FACT)
    raise RuntimeError("nothing of this happened")


@pytest.mark.django_db(transaction=True)
def test_a_mail_outside_a_transaction_is_a_mistake() -> None:
    with pytest.raises(
        transaction.TransactionManagementError, match="in the transaction of the fact it tells"
    ):
        outbox.write(**FACT)


def test_what_was_sent_is_not_sent_again(world: World) -> None:
    written()
    one = Mail.objects.get()
    for _ in range(3):
        send(one.pk)
    assert len(mail.outbox) == 1
    one.refresh_from_db()
    assert (one.state, one.tries, one.error) == ("sent", 1, "")
    assert one.sent_at is not None


def test_a_subject_is_one_line(db: None) -> None:
    written(subject="web-01: done\r\nBcc: everybody@example.com" + "x" * 300)
    subject = Mail.objects.get().subject
    assert "\n" not in subject
    assert len(subject) == 250
    send(Mail.objects.get().pk)
    assert mail.outbox[0].message()["Bcc"] is None


class Broken:
    """A mail server that is not there."""

    def __init__(self, **_: Any) -> None: ...

    def send_messages(self, messages: list[Any]) -> int:
        raise ConnectionRefusedError("Connection refused")


def test_a_mail_server_that_is_down_is_asked_again_and_then_given_up(db: None, settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    written()
    one = Mail.objects.get()
    for tried in range(1, MOST_TRIES):
        with pytest.raises(NotSent, match="Connection refused"):
            send(one.pk)
        one.refresh_from_db()
        assert (one.state, one.tries, one.error) == ("waiting", tried, "Connection refused")
    send(one.pk)
    one.refresh_from_db()
    assert (one.state, one.tries) == ("failed", MOST_TRIES)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send(one.pk)
    assert mail.outbox == []
    assert outbox.again(one.pk)
    assert not outbox.again(one.pk)
    send(one.pk)
    assert len(mail.outbox) == 1


def test_the_same_mail_keeps_its_id_and_another_gets_its_own(db: None) -> None:
    written()
    written(key="credit.booked:CN-2")
    first, second = Mail.objects.order_by("pk")
    send(first.pk)
    Mail.objects.filter(pk=first.pk).update(state="waiting", sent_at=None)
    send(first.pk)
    send(second.pk)
    ids = [m.message()["Message-ID"] for m in mail.outbox]
    assert ids[0] == ids[1] != ids[2]


def test_staff_send_a_failed_mail_again(staff: Client) -> None:
    written()
    one = Mail.objects.get()
    page = reverse("admin:notices_mail_again", args=[one.pk])
    assert "Only a mail that could not be sent is tried again." in words(staff.post(page, follow=True))
    Mail.objects.update(state="failed", tries=MOST_TRIES, error="Connection refused")
    assert staff.get(page).status_code == 200
    assert Mail.objects.get().state == "failed"
    assert "The mail is tried again." in words(staff.post(page, follow=True))
    send(one.pk)
    assert len(mail.outbox) == 1
