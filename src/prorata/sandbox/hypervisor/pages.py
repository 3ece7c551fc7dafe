"""A plain page for people: hosts, machines and the journal, so that one can see a machine really changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from prorata.sandbox.hypervisor import operations
from prorata.sandbox.hypervisor.machines import Component, Machine, taken
from prorata.sandbox.web import sandbox

STYLE = Path(__file__).parent / "static" / "style.css"


def style(request: HttpRequest) -> HttpResponse:
    """GET /style.css"""
    return HttpResponse(STYLE.read_bytes(), content_type="text/css; charset=utf-8")


def index(request: HttpRequest) -> HttpResponse:
    """GET /"""
    with sandbox().store.write() as db:
        machines = operations.advance_all(db)
        journal = operations.journal(db, None, most=100)
        hosts = []
        for row in db.execute("SELECT * FROM host ORDER BY id").fetchall():
            capacity = json.loads(row["capacity"])
            rooms = [
                {"code": code, "taken": taken(db, row["id"], code), "of": units}
                for code, units in capacity.items()
            ]
            hosts.append({"id": row["id"], "full": row["full"], "rooms": rooms})
    for line in journal:
        line["at"] = datetime.fromtimestamp(line["at"], UTC)
    values = {
        "hosts": hosts,
        "machines": [show(machine) for machine in machines],
        "journal": journal,
        "down": sandbox().settings()["down"],
    }
    return render(request, "hypervisor_index.html", values)


def show(machine: Machine) -> dict[str, Any]:
    """One machine as the page lists it."""
    return {
        "machine": machine,
        "components": [
            {"component": component, "used": machine.used(component.code), "behaviour": behaviour(component)}
            for component in machine.components.values()
        ],
    }


def behaviour(component: Component) -> str:
    """How the component changes, in words."""
    grows = "grows live" if component.grow == "live" else "grows with a restart"
    if isinstance(component.value, str):
        return "changes live" if component.grow == "live" else "changes with a restart"
    shrinks = {"live": "shrinks live", "restart": "shrinks with a restart", "never": "never shrinks"}
    return f"{grows}, {shrinks[component.shrink]}"
