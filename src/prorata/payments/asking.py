"""While a gateway is asked for a payment: its silence and its refusal are recorded and told to the customer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from prorata import clock
from prorata.payments.gateways.base import GatewayRefused, GatewayUnreachable
from prorata.payments.models import PaymentAttempt

State = PaymentAttempt.State


class PaymentRefused(Exception):
    """One line that says why no payment was begun and what to do. Nothing was taken."""


class PaymentUnknown(Exception):
    """The gateway did not answer. The payment is being checked; a second one is not begun meanwhile."""


@contextmanager
def asking(attempt: PaymentAttempt, *, made: bool = True) -> Iterator[None]:
    """Raises PaymentUnknown where the gateway is silent, PaymentRefused where it says no.

    `made`: the attempt was made for this call. Of one that another call may have brought to the gateway, a no says
    nothing: it may be that the same id was used for something else.
    """
    attempts = PaymentAttempt.objects.filter(pk=attempt.pk)
    try:
        yield
    except GatewayUnreachable as silence:
        attempts.filter(state=State.CREATED).update(state=State.UNKNOWN, reason=silence.reason[:200])
        raise PaymentUnknown(
            _("The payment service does not answer. We are checking; look here again in a minute.")
        ) from silence
    except GatewayRefused as refusal:
        ours, reason = attempts.filter(state=State.CREATED), refusal.reason[:200]
        if made and ours.update(state=State.FAILED, reason=reason, ended_at=clock.now()):
            said = _("The payment service refused: %(reason)s Nothing was taken.")
            raise PaymentRefused(said % {"reason": refusal.reason}) from refusal
        ours.update(state=State.UNKNOWN, reason=reason)
        raise PaymentUnknown(
            _("Your last payment is being checked. Paying again now could charge you twice.")
        ) from refusal
