"""The attempt of ours that a gateway speaks of."""

from __future__ import annotations

import uuid

from prorata.payments.models import PaymentAttempt
from prorata.payments.record_capture import Mismatch
from prorata.payments.registry import gateway


def attempt_of(gateway_code: str, ref: str) -> PaymentAttempt | None:
    """By the gateway's reference, or, where it names a payment that our row does not know yet, by our id as the gateway
    knows it; None if it is no attempt of this gateway's.

    Raises GatewayRefused, GatewayUnreachable, or Mismatch for a payment whose id of ours is none.
    """
    attempts = PaymentAttempt.objects.filter(gateway=gateway_code)
    found = attempts.filter(gateway_ref=ref).first()
    if found is None:
        payment = gateway(gateway_code).fetch(ref)
        try:
            found = attempts.filter(pk=uuid.UUID(payment.attempt_id)).first()
        except ValueError as strange:  # not an id of ours at all
            raise Mismatch(f"payment {payment.ref} names an attempt that is not ours") from strange
    return found
