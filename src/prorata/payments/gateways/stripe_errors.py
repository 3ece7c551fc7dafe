"""What went wrong at Stripe, in the three errors that decide about money."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import stripe

from prorata.payments.gateways.base import GatewayRefused, GatewayUnreachable

# Only these answers are a certain no. A wrong key, a rate limit or a conflict says nothing about the payment.
CERTAIN_STATUSES = {400, 402, 404}


@contextmanager
def calling() -> Iterator[None]:
    """Around each call: whatever leaves its effect in doubt is GatewayUnreachable.

    A CardError passes: who charges a card has a question about it.
    """
    try:
        yield
    except stripe.CardError:
        raise
    except (stripe.InvalidRequestError, stripe.IdempotencyError) as refusal:
        if refusal.http_status in CERTAIN_STATUSES:
            raise GatewayRefused(said(refusal)) from refusal
        raise GatewayUnreachable(f"Stripe answered {refusal.http_status} without an outcome") from refusal
    except stripe.StripeError as error:
        what = error.http_status or type(error).__name__
        raise GatewayUnreachable(f"no usable answer from Stripe ({what})") from error


@contextmanager
def reading() -> Iterator[None]:
    """Around the reading of each answer: what makes no sense tells us nothing."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise GatewayUnreachable("Stripe's answer cannot be understood") from error
    except GatewayRefused as error:  # a currency we would never have sent
        raise GatewayUnreachable("Stripe's answer cannot be understood") from error


def said(error: stripe.StripeError) -> str:
    """Stripe's own words, for staff, logs and the customer."""
    return str(error.user_message or "Stripe refused without a reason.")[:300]
