"""Addresses of the sandbox gateway."""

from __future__ import annotations

from django.urls import path

from prorata.sandbox.gateway import api, control, pages
from prorata.sandbox.web import api as public
from prorata.sandbox.web import control as ordered
from prorata.sandbox.web import list_calls, methods

urlpatterns = [
    path("", methods(GET=pages.index), name="index"),
    path("style.css", methods(GET=pages.style), name="style"),
    path("pay/<str:ref>", methods(GET=pages.show, POST=pages.submit), name="pay"),
    path("pay/<str:ref>/bank", methods(GET=pages.bank, POST=pages.answer_bank), name="bank"),
    path("v1/checkouts", methods(POST=public("create", api.create))),
    path("v1/payments", methods(GET=public("list", api.since))),
    path("v1/payments/find", methods(GET=public("find", api.find))),
    path("v1/payments/<str:ref>", methods(GET=public("fetch", api.fetch))),
    path("v1/payments/<str:ref>/expire", methods(POST=public("expire", api.expire))),
    path("v1/refunds", methods(POST=public("refund", api.refund))),
    path(
        "_control/settings", methods(GET=ordered(control.show_settings), POST=ordered(control.set_settings))
    ),
    path("_control/faults", methods(POST=ordered(control.arm_fault), DELETE=ordered(control.clear_faults))),
    path("_control/pay", methods(POST=ordered(control.pay_with))),
    path("_control/settle", methods(POST=ordered(control.settle))),
    path("_control/captures", methods(POST=ordered(control.add_capture))),
    path("_control/events", methods(POST=ordered(control.send_event))),
    path("_control/effects", methods(GET=ordered(control.effects))),
    path("_control/calls", methods(GET=ordered(list_calls))),
]
