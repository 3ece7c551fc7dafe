"""Addresses of the sandbox's own API."""

from __future__ import annotations

from django.urls import path

from prorata.sandbox.gateway import api
from prorata.sandbox.web import api as public
from prorata.sandbox.web import methods

urlpatterns = [
    path("v1/checkouts", methods(POST=public("create", api.create))),
    path("v1/payments", methods(GET=public("list", api.since))),
    path("v1/payments/find", methods(GET=public("find", api.find))),
    path("v1/payments/<str:ref>", methods(GET=public("fetch", api.fetch))),
    path("v1/payments/<str:ref>/expire", methods(POST=public("expire", api.expire))),
    path("v1/refunds", methods(POST=public("refund", api.refund))),
    path("v1/happenings", methods(GET=public("list", api.happenings))),
    path("v1/charges", methods(POST=public("charge", api.charge))),
    path("v1/methods/<str:id>", methods(DELETE=public("detach", api.detach))),
]
