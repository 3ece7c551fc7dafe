"""What it means to pay in a certain way, in one sentence."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prorata.payments.methods import Method


def meaning(method: Method) -> str:
    """For the list of payment methods: where one pays, and when the change begins."""
    said = {
        "card": _(
            "You type your card on the payment service's own page and come back here. Your change begins within seconds."
        ),
        "bank_transfer": _(
            "You transfer the amount at your own bank. Your change begins when the money has arrived,"
            " often a day or more later."
        ),
    }
    return said.get(
        method.code,
        _(
            "You confirm on the payment service's own page and come back here. Your change begins when the money is there."
        ),
    )
