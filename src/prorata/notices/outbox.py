"""Write a mail with the fact it tells; it is sent after that fact is committed, and once."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils.translation import gettext as _

from prorata import clock
from prorata.events.publish import publish
from prorata.notices.choice import is_mailed
from prorata.notices.kinds import PAGE, kind_of
from prorata.notices.models import Mail
from prorata.notices.plain import link

# The key names the fact, so a fact that is told twice is mailed once, whoever comes second.
WRITE = """
INSERT INTO notices_mail
    (key, "to", reply_to, subject, body, origin, customer_id, audience, state, tries, error, created_at)
VALUES (
    %(key)s, %(to)s, %(reply_to)s, %(subject)s, %(body)s, %(origin)s, %(customer)s, %(audience)s, %(state)s, 0, '', %(at)s
)
ON CONFLICT (key) DO NOTHING RETURNING id
"""
LONGEST_SUBJECT = 250


def write(
    *,
    key: str,
    to: str,
    subject: str,
    body: str,
    origin: str,
    customer_id: int | None,
    audience: str = Mail.Audience.CUSTOMER,
    reply_to: str = "",
) -> bool:
    """Put a mail into the outbox inside the caller's transaction; False if this fact was mailed before.

    `key` is one fact, e.g. "change.applied:C-20931"; `origin` is what it is about, e.g. "change:C-20931". What is meant
    for customers stands in their portal too: also what a customer has turned off, which is written and not sent.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            f"{key} must be written in the transaction of the fact it tells"
        )
    one_line, state = " ".join(subject.split())[:LONGEST_SUBJECT], Mail.State.WAITING
    if audience != Mail.Audience.STAFF and (kind := kind_of(key)).optional:
        body += "\n" + _("Which mails you get: %(page)s") % {"page": link(PAGE)} + "\n"
        # Decided here and not when it is sent: the choice of this moment stands with the fact of this moment.
        state = Mail.State.WAITING if is_mailed(kind, customer_id) else Mail.State.OFF
    facts = {
        "key": key, "to": to, "reply_to": reply_to, "subject": one_line, "body": body, "origin": origin,
        "customer": customer_id, "audience": audience, "state": state, "at": clock.now(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(WRITE, facts)
        row = cursor.fetchone()
    if row is None:
        return False
    if state == Mail.State.WAITING:
        _wake(row[0])
    return True


@transaction.atomic
def again(mail_id: int) -> bool:
    """Try a mail again that could not be sent; False if it did not fail."""
    failed = Mail.objects.select_for_update().filter(pk=mail_id, state=Mail.State.FAILED)
    if not failed.update(state=Mail.State.WAITING, tries=0, error=""):
        return False
    _wake(mail_id)
    return True


def _wake(mail_id: int) -> None:
    # One worker a mail at a time: two that run at once would both find it waiting.
    publish("mail.written", id=mail_id, lock=f"mail:{mail_id}")
