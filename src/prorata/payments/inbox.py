"""Webhooks: verified, kept, acknowledged; looked into by the worker."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction

from prorata import clock
from prorata.events.defer import defer
from prorata.payments.models import InboxEvent
from prorata.payments.registry import gateway

log = logging.getLogger(__name__)


@transaction.atomic
def receive(gateway_code: str, *, body: bytes, headers: Mapping[str, str]) -> bool:
    """Keep one webhook and defer its handling in the same transaction; False if it was known already.

    Raises BadSignature or UnknownGateway, and then nothing was read or kept.
    """
    event = gateway(gateway_code).verify_webhook(body=body, headers=headers, now=clock.machine_now())
    kept = InboxEvent(
        gateway=gateway_code, event_id=event.id, kind=event.kind, gateway_ref=event.ref,
        body=body.decode("utf-8", "replace"), received_at=clock.machine_now(),
    )  # fmt: skip
    strange = event.live is not None and event.live == settings.PRORATA_SANDBOXES_ALLOWED
    if strange:  # kept for staff, and never looked into
        kept.state, kept.handled_at = InboxEvent.State.QUARANTINED, kept.received_at
        kept.note = f"a message about {'real' if event.live else 'test'} money: not ours"
    # ON CONFLICT DO NOTHING says nothing about what it did, so look for our own row afterwards.
    InboxEvent.objects.bulk_create([kept], ignore_conflicts=True)
    row = (
        InboxEvent.objects.filter(gateway=gateway_code, event_id=event.id)
        .values_list("pk", "received_at")
        .get()
    )
    if row[1] != kept.received_at:
        return False
    if strange:
        log.error("webhook %s %s quarantined: %s", gateway_code, event.id, kept.note)
        return True
    defer("payments.handle_event", lock=f"payment:{event.ref}", id=row[0])
    return True
