"""Addresses of the sandbox hypervisor."""

from __future__ import annotations

from django.urls import path

from prorata.sandbox.hypervisor import api, control, pages
from prorata.sandbox.web import api as public
from prorata.sandbox.web import control as ordered
from prorata.sandbox.web import list_calls, methods

MACHINE = "v1/machines/<str:machine>"
ORDERED = "_control/machines/<str:machine>"

urlpatterns = [
    path("", methods(GET=pages.index), name="index"),
    path("style.css", methods(GET=pages.style), name="style"),
    path("v1/machines", methods(GET=public("list", api.machine_list))),
    path(MACHINE, methods(GET=public("read", api.read))),
    path(f"{MACHINE}/plan", methods(POST=public("plan", api.plan))),
    path(f"{MACHINE}/apply", methods(POST=public("apply", api.apply))),
    path(f"{MACHINE}/move", methods(POST=public("move", api.move))),
    path(f"{MACHINE}/restart", methods(POST=public("restart", api.restart))),
    path(f"{MACHINE}/objects/<str:object>", methods(DELETE=public("delete_object", api.delete_object))),
    path("v1/operations/<str:key>", methods(GET=public("operation", api.operation))),
    path(
        "_control/settings", methods(GET=ordered(control.show_settings), POST=ordered(control.set_settings))
    ),
    path("_control/faults", methods(POST=ordered(control.arm_fault), DELETE=ordered(control.clear_faults))),
    path("_control/everything", methods(DELETE=ordered(control.forget_everything))),
    path("_control/hosts", methods(POST=ordered(control.put_host))),
    path("_control/machines", methods(POST=ordered(control.create_machine))),
    path(ORDERED, methods(POST=ordered(control.change_machine))),
    path(f"{ORDERED}/components/<str:code>", methods(POST=ordered(control.change_component))),
    path(f"{ORDERED}/objects", methods(POST=ordered(control.add_object_to))),
    path(f"{ORDERED}/operations", methods(GET=ordered(control.machine_journal))),
    path("_control/calls", methods(GET=ordered(list_calls))),
]
