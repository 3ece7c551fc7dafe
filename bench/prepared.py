"""Everything a customer needs before the button: credit and a quote."""

from __future__ import annotations

from datetime import timedelta

from prorata import clock
from prorata.changes.models import Quote
from prorata.changes.quote import make_quote
from prorata.credit.grant import grant_gifted
from prorata.customers.models import User
from prorata.services.models import Service

GIFTS = 2
# Half of what is bought, so that each change is paid from two purses.
WANTED = {"cpu": 4, "memory": 8}


def ready(person: User, service: Service) -> Quote:
    """Give credit that covers the quote from two purses; returns the quote."""
    quote = make_quote(person, service, WANTED)
    assert quote.gross_minor > GIFTS
    for n in range(1, GIFTS + 1):
        grant_gifted(
            customer_id=service.customer_id, amount_minor=quote.gross_minor // GIFTS + 1, currency=quote.currency,
            expires_at=clock.now() + timedelta(days=30 * n), reason="To be measured with", actor="staff:bench",
        )  # fmt: skip
    return quote
