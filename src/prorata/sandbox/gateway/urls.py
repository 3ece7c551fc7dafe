"""Addresses every face shares: the hosted payment page and the control API."""

from __future__ import annotations

from django.urls import path

from prorata.sandbox.gateway import control, pages
from prorata.sandbox.gateway.state import gateway
from prorata.sandbox.web import control as ordered
from prorata.sandbox.web import list_calls, methods

urlpatterns = [
    path("", methods(GET=pages.index), name="index"),
    path("style.css", methods(GET=pages.style), name="style"),
    path("pay/<str:ref>", methods(GET=pages.show, POST=pages.submit), name="pay"),
    path("pay/<str:ref>/bank", methods(GET=pages.bank, POST=pages.answer_bank), name="bank"),
    *gateway().face.addresses(),
    path(
        "_control/settings", methods(GET=ordered(control.show_settings), POST=ordered(control.set_settings))
    ),
    path("_control/faults", methods(POST=ordered(control.arm_fault), DELETE=ordered(control.clear_faults))),
    path("_control/pay", methods(POST=ordered(control.pay_with))),
    path("_control/settle", methods(POST=ordered(control.settle))),
    path("_control/captures", methods(POST=ordered(control.add_capture))),
    path("_control/refunds", methods(POST=ordered(control.refund))),
    path("_control/refunds/<str:id>", methods(POST=ordered(control.end_refund))),
    path("_control/disputes", methods(POST=ordered(control.open_dispute))),
    path("_control/disputes/<str:id>", methods(POST=ordered(control.move_dispute))),
    path("_control/keys", methods(DELETE=ordered(control.forget_keys))),
    path("_control/events", methods(POST=ordered(control.send_event))),
    path("_control/effects", methods(GET=ordered(control.effects))),
    path("_control/calls", methods(GET=ordered(list_calls))),
]
