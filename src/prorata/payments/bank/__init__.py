"""Payment by bank transfer: a way to pay without a processor. The bank's statements, which staff import, are its truth."""

from __future__ import annotations

# As in PaymentAttempt.gateway and Capture.gateway. No gateway of this name is registered: nobody can be asked.
BANK = "bank"
METHOD = "bank_transfer"
