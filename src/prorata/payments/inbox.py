"""Webhooks: verified, kept, acknowledged; looked into by the worker."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import connection

from prorata import clock
from prorata.events.defer import JOB
from prorata.payments.models import InboxEvent
from prorata.payments.registry import gateway

# A processor waits for the answer and sends again what is not acknowledged, so it is one round trip: the message and the
# job that looks into it are there together, or neither is.
KEEP = f"""
WITH kept AS (
    INSERT INTO payments_inboxevent (gateway, event_id, kind, gateway_ref, body, state, note, received_at)
    VALUES (%(gateway)s, %(event)s, %(kind)s, %(ref)s, %(body)s, %(state)s, %(note)s, %(at)s)
    ON CONFLICT (gateway, event_id) DO NOTHING RETURNING id, gateway_ref
)
SELECT {JOB.format(task="payments.handle_event", lock="'payment:' || gateway_ref", arguments="jsonb_build_object('id', id)")}
FROM kept
"""


def receive(gateway_code: str, *, body: bytes, headers: Mapping[str, str]) -> bool:
    """Keep one webhook and the job of handling it, in one statement; False if it was known already.

    Raises BadSignature or UnknownGateway, and then nothing was read or kept.
    """
    event = gateway(gateway_code).verify_webhook(body=body, headers=headers, now=clock.machine_now())
    strange = event.live is not None and event.live == settings.PRORATA_SANDBOXES_ALLOWED
    note = f"a message about {'real' if event.live else 'test'} money: not ours" if strange else ""
    state = InboxEvent.State.QUARANTINED if strange else InboxEvent.State.WAITING
    with connection.cursor() as cursor:
        cursor.execute(
            KEEP,
            {
                "gateway": gateway_code, "event": event.id, "kind": event.kind, "ref": event.ref,
                "body": body.decode("utf-8", "replace"), "state": state, "note": note,
                "at": clock.machine_now(),
            },
        )  # fmt: skip
        return cursor.fetchone() is not None
