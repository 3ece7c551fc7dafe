"""Close the gateway's page of an invoice that is closed. If the customer was faster, the look books the money as credit."""

from __future__ import annotations

import logging

from prorata.invoices.models import Invoice
from prorata.payments.bank import BANK
from prorata.payments.bank.wait import stop_waiting_for
from prorata.payments.gateways.base import GatewayRefused, GatewayUnreachable
from prorata.payments.look import record
from prorata.payments.models import PaymentAttempt
from prorata.payments.registry import gateway

log = logging.getLogger(__name__)


def expire_checkouts(invoice: Invoice) -> None:
    """Called after the invoice's closing is committed. A gateway that does not answer is asked again by the sweep."""
    for attempt in PaymentAttempt.objects.filter(
        invoice=invoice, state__in=PaymentAttempt.OPEN
    ).select_related("invoice"):
        if attempt.gateway == BANK:
            stop_waiting_for(attempt.pk)
            continue
        if not attempt.gateway_ref:
            continue
        adapter = gateway(attempt.gateway)
        try:
            record(attempt, adapter.expire(attempt.gateway_ref), payee=adapter.payee)
        except (GatewayUnreachable, GatewayRefused) as problem:
            log.warning("checkout %s could not be closed: %s", attempt.gateway_ref, problem.reason)
