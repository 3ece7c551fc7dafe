"""A change that is paid by bank transfer, and what the books say of it."""

from __future__ import annotations

import pytest

from prorata.changes.models import Change
from prorata.changes.pay import start_paying
from prorata.payments.models import PaymentAttempt
from prorata.services.models import Service
from support.bank import bank_account
from support.world import World

BOUGHT = {"revenue/deferred": -5_088, "tax/0.1": -508}
PAID = {"gateway/bank/clearing": 5_596, **BOUGHT}


@pytest.fixture
def web(world: World) -> Service:
    found = world.web_01("2026-08-15T14:02+09:00")
    bank_account(world.seller)
    return found


@pytest.fixture
def change(world: World, web: Service) -> Change:
    """Memory 4 to 8, to be paid by transfer: 5,596 is due within seven days."""
    return world.submit(world.quote(web, memory=8), method="bank_transfer")


def choose(world: World, change: Change, method: str = "bank_transfer") -> PaymentAttempt:
    """The customer chooses at the checkout."""
    assert change.invoice is not None
    start_paying(world.owner, change.invoice, method)
    return PaymentAttempt.objects.get(invoice=change.invoice, state__in=PaymentAttempt.OPEN)


def receivable(world: World) -> str:
    return f"customer/{world.customer.pk}/receivable"


def owed(world: World) -> str:
    return f"customer/{world.customer.pk}/owed"
