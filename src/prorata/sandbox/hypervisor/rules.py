"""What a machine lets itself be changed to. No store, no clock: one machine, one component, one target."""

from __future__ import annotations

import math
from dataclasses import dataclass

from prorata.sandbox.hypervisor.machines import Component, Machine, Value


@dataclass(frozen=True)
class Verdict:
    """`code` is "" when the step can be done in this mode, else "refused" (for good) or "host_full"."""

    mode: str
    code: str = ""
    reason: str = ""


def judge(machine: Machine, code: str, target: Value) -> Verdict:
    """How, and whether, this component can become `target` now."""
    component = machine.components.get(code)
    if component is None:
        return Verdict("live", "refused", f"this machine has no component {code}")
    mode = "live" if machine.power == "stopped" else wanted_mode(component, target)
    refused = refusal(machine, component, target)
    if refused:
        return Verdict(mode, "refused", refused)
    full = no_room(machine, component, target)
    return Verdict(mode, "host_full", full) if full else Verdict(mode)


def wanted_mode(component: Component, target: Value) -> str:
    """live or restart, for a machine that runs. A value that already stands needs nothing."""
    if target == component.value:
        return "live"
    way = component.shrink if shrinks(component, target) else component.grow
    return "live" if way == "live" else "restart"


def shrinks(component: Component, target: Value) -> bool:
    """Only numbers shrink; an option is simply another one."""
    return isinstance(component.value, int) and isinstance(target, int) and target < component.value


def refusal(machine: Machine, component: Component, target: Value) -> str:
    """Why this can never be done as things stand; "" when it can."""
    if component.refuses:
        return component.refuses
    if isinstance(target, int) != isinstance(component.value, int):
        return (
            f"{component.code} takes {'a whole number' if isinstance(component.value, int) else 'an option'}"
        )
    if isinstance(target, int) and target < 0:
        return f"{component.code} cannot be negative"
    if isinstance(target, str) and component.options is not None and target not in component.options:
        return f"{component.code} has no option {target}"
    if shrinks(component, target) and component.shrink == "never":
        return f"{component.code} cannot be reduced on this machine"
    return too_small(machine, component, target)


def too_small(machine: Machine, component: Component, target: Value) -> str:
    """Why less than this is in use already; "" when the target holds everything."""
    used = machine.used(component.code)
    if not isinstance(target, int) or used is None or target >= used:
        return ""
    names = [stored.name for stored in machine.objects if stored.kind == component.code]
    if len(names) > target:
        return f"{len(names)} {component.code} are stored ({', '.join(names[:5])}); delete some first"
    return f"{used} of {component.code} are in use; at least {math.ceil(used)} must stay"


def no_room(machine: Machine, component: Component, target: Value) -> str:
    """Why the host cannot give this; "" when it can."""
    if target == component.value:
        return ""
    if isinstance(target, str):
        return f"host {machine.host} is full" if machine.host_full else ""
    room = machine.headroom.get(component.code)
    more = target - component.held
    if room is None or more <= room:
        return ""
    return f"host {machine.host} has room for {room} more {component.code}, not for {more}"
