"""PayPal's addresses, as far as this processor has them."""

from __future__ import annotations

from django.urls import path, re_path

from prorata.sandbox.paypal import after, notifications, orders, token
from prorata.sandbox.paypal.dialect import OAUTH, call
from prorata.sandbox.web import api, methods

nothing = call("unknown", after.nothing)
urlpatterns = [
    path("v1/oauth2/token", methods(POST=api("token", token.issue, OAUTH))),
    path("v2/checkout/orders", methods(POST=call("create", orders.create))),
    path(
        "v2/checkout/orders/<str:id>",
        methods(GET=call("fetch", orders.retrieve), PATCH=call("update", orders.update)),
    ),
    path("v2/checkout/orders/<str:id>/capture", methods(POST=call("capture", orders.capture))),
    path("v2/payments/captures/<str:id>", methods(GET=call("fetch_more", after.capture))),
    path("v2/payments/captures/<str:id>/refund", methods(POST=call("refund", after.refund))),
    path("v2/payments/refunds/<str:id>", methods(GET=call("fetch_more", after.show_refund))),
    path("v1/customer/disputes", methods(GET=call("fetch_more", after.list_disputes))),
    path("v1/customer/disputes/<str:id>", methods(GET=call("fetch_more", after.show_dispute))),
    path("v1/notifications/certs/<str:id>", methods(GET=notifications.certificate)),
    path("v1/notifications/verify-webhook-signature", methods(POST=call("verify", notifications.verify))),
    path("v1/notifications/webhooks-events", methods(GET=call("list", notifications.listed))),
    re_path(r"^v[12]/", methods(GET=nothing, POST=nothing, PATCH=nothing, DELETE=nothing)),
]
