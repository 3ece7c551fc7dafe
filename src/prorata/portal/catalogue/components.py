"""What the overview of the small components is drawn from: every state, sign, icon and feeling there is."""

from __future__ import annotations

from typing import Any

from prorata.changes import states
from prorata.changes.models import Change
from prorata.changes.words import status_words
from prorata.portal.catalogue.made_up import NOW, service
from prorata.portal.catalogue.pages_of_money import STATES, invoice
from prorata.portal.catalogue.pages_of_others import VIEWED
from prorata.portal.catalogue.rows import Rows
from prorata.portal.payment_words import told
from prorata.portal.templatetags.portal import ICONS
from prorata.portal.ticket_words import SIGNS as TICKETS
from prorata.portal.views.changes import SIGNS as CHANGES
from prorata.portal.views.guides import feeling_words
from prorata.services.models import Service
from prorata.support.models import Ticket

Chip = tuple[str, str]


def components() -> dict[str, Any]:
    return {
        "services": [{"service": service(status=status), "change": ""} for status in Service.Status],
        "open_changes": [status_words(Change(status=status)) for status in states.OPEN],
        "changes": [(CHANGES[status], status_words(Change(status=status))) for status in CHANGES],
        "payments": [(one.sign, one.short) for key in STATES if (one := told(invoice(key), NOW))],
        "tickets": [(sign, Ticket(state=state).get_state_display()) for state, sign in TICKETS.items()],
        "feelings": feeling_words(), "icons": sorted(path.stem for path in ICONS.glob("*.svg")),
        "credit": ["¥3,931", "$12.50"], "page": Rows(), "viewed": VIEWED, "problems": ["The file is larger than 5 MB."],
    }  # fmt: skip
