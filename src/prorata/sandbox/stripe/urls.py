"""Stripe's addresses, as far as this processor has them."""

from __future__ import annotations

from django.urls import path, re_path

from prorata.sandbox.stripe import after, checkout, intents
from prorata.sandbox.stripe.dialect import call
from prorata.sandbox.web import methods

nothing = call("unknown", after.unknown)
urlpatterns = [
    path(
        "v1/checkout/sessions",
        methods(POST=call("create", checkout.create), GET=call("find", checkout.listed)),
    ),
    path("v1/checkout/sessions/<str:id>", methods(GET=call("fetch", checkout.retrieve))),
    path("v1/checkout/sessions/<str:id>/expire", methods(POST=call("expire", checkout.expire))),
    path(
        "v1/payment_intents", methods(POST=call("charge", intents.create), GET=call("find", intents.listed))
    ),
    path("v1/payment_intents/<str:id>", methods(GET=call("fetch", intents.retrieve))),
    path("v1/payment_intents/<str:id>/cancel", methods(POST=call("cancel", intents.cancel))),
    path("v1/charges", methods(GET=call("fetch_more", after.charges))),
    path(
        "v1/refunds", methods(POST=call("refund", after.refund), GET=call("fetch_more", after.list_refunds))
    ),
    path("v1/disputes", methods(GET=call("fetch_more", after.list_disputes))),
    path("v1/payment_methods/<str:id>", methods(GET=call("fetch_more", after.payment_method))),
    path("v1/payment_methods/<str:id>/detach", methods(POST=call("detach", after.detach))),
    path("v1/events", methods(GET=call("list", after.events))),
    re_path(r"^v[12]/", methods(GET=nothing, POST=nothing, DELETE=nothing)),
]
