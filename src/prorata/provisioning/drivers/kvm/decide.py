"""How a step would be done, or why not. Nothing is changed here; plan and apply both ask."""

from __future__ import annotations

from typing import cast

from prorata.provisioning.drivers.base import HostFull, MachineBusy, Step, StepMode, StepRefused
from prorata.provisioning.drivers.kvm.settings import Component
from prorata.provisioning.drivers.kvm.sight import NEVER_SMALLER, Sight

# vCPUs are never unplugged: a guest that does not let go leaves the machine hanging, and its next snapshot with it.


def component_of(sight: Sight, step: Step) -> Component:
    """The component that the step is about. Raises StepRefused."""
    component = sight.settings.components.get(step.component)
    if component is None or sight.value(component) is None:
        raise StepRefused(f"this machine has no {step.component!r}")
    return component


def decide(sight: Sight, step: Step) -> StepMode:
    """Whether it can go without an interruption. Raises StepRefused, HostFull, MachineBusy with the reason."""
    component = component_of(sight, step)
    target, now = whole_number(step), cast(int, sight.value(component))
    if not sight.machine.persistent:
        raise StepRefused("libvirt keeps no definition of this machine (it is transient)")
    if target < now:
        may_shrink(sight, component, target)
    elif target > now:
        room, more = sight.headroom.get(component.code), target - max(now, sight.next_value(component) or 0)
        if room is not None and more > room:
            raise HostFull(f"{sight.host} has room for {room} more of {component.code}, {more} are wanted")
    return mode(sight, component, target)


def whole_number(step: Step) -> int:
    """The target. Raises StepRefused."""
    if type(step.target) is not int or step.target < 0:
        raise StepRefused(f"{step.target!r} is no whole number of {step.component}")
    return step.target


def may_shrink(sight: Sight, component: Component, target: int) -> None:
    """Raises StepRefused: the machine could not live with less, or nobody can tell whether it could. MachineBusy: the
    guest will tell in a moment."""
    if component.kind == "disk":
        raise StepRefused(NEVER_SMALLER)
    if component.kind in ("cpu", "memory") and target < 1:
        raise StepRefused(f"a machine without {component.code} does not run")
    used = sight.used(component)
    if component.kind == "memory" and sight.machine.running and used is None:
        if sight.machine.asked:
            # It may just have started: the step before this one restarts it too.
            raise MachineBusy("the guest does not tell yet how much memory it uses")
        raise StepRefused(
            "the guest does not tell how much memory it uses: it needs a balloon driver, and its definition"
            " <memballoon><stats period='10'/></memballoon>"
        )
    if used is not None and target < used:
        word = "are stored" if component.counts_objects else "are in use"
        raise StepRefused(f"{used.normalize():f} of {component.code} {word}")


def mode(sight: Sight, component: Component, target: int) -> StepMode:
    """Live where the running machine can take it as it was started; a machine that is off is not interrupted."""
    size = sight.machine.now
    if component.counts_objects or component.kind == "disk" or not sight.machine.running:
        return "live"
    if target == sight.value(component):
        return "live"
    if component.kind == "cpu":
        return "live" if size.cpus < target <= size.most_cpus else "restart"
    grows = size.memory < target * component.unit <= size.most_memory
    return "live" if grows and sight.machine.balloon else "restart"
