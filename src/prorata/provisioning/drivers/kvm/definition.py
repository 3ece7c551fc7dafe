"""What a machine has from its next start on: its persistent definition, changed by libvirt's own calls."""

from __future__ import annotations

from prorata.provisioning.drivers.kvm.library import library
from prorata.provisioning.drivers.kvm.settings import Component
from prorata.provisioning.drivers.kvm.work import Work


def keep_for_next_start(work: Work, component: Component, amount: int) -> None:
    """Let the machine start with so many vCPUs, or bytes of memory, next time.

    The number of vCPUs that could come without a restart stays, or grows. The most memory becomes the memory itself:
    a guest may take back what its balloon gave, up to that bound, so what is no longer sold must lie above it.
    Raises MachineBusy, StepRefused, DriverUnreachable.
    """
    if component.kind == "cpu":
        keep_cpus(work, amount, max(amount, work.sight.machine.next.most_cpus))
    elif component.kind == "memory":
        keep_memory(work, amount, amount)


def keep_as_it_is(work: Work) -> None:
    """Let the machine start next time with what it has now."""
    machine = work.machine_now()
    now, next = machine.now, machine.next
    if work.component.kind == "cpu" and now.cpus != next.cpus:
        keep_cpus(work, now.cpus, now.most_cpus)
    if work.component.kind == "memory" and now.memory != next.memory:
        keep_memory(work, now.memory, now.most_memory)


def keep_cpus(work: Work, cpus: int, most: int) -> None:
    """Write the definition's vCPUs."""
    domain, kept = work.sight.machine.domain, library().VIR_DOMAIN_AFFECT_CONFIG
    if most != work.sight.machine.next.most_cpus:
        work.call.effect(domain.setVcpusFlags, most, kept | library().VIR_DOMAIN_VCPU_MAXIMUM)
    work.call.effect(domain.setVcpusFlags, cpus, kept)


def keep_memory(work: Work, memory: int, most: int) -> None:
    """Write the definition's memory, in bytes."""
    domain, kept = work.sight.machine.domain, library().VIR_DOMAIN_AFFECT_CONFIG
    work.call.effect(domain.setMemoryFlags, most // 1024, kept | library().VIR_DOMAIN_MEM_MAXIMUM)
    work.call.effect(domain.setMemoryFlags, memory // 1024, kept)
