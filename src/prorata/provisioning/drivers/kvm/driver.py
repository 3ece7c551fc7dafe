"""The libvirt driver: QEMU machines of one host, at the host's own address."""

from __future__ import annotations

from prorata.provisioning.drivers.base import (
    Applied,
    HostFull,
    MachineBusy,
    Reading,
    Step,
    StepPlan,
    StepRefused,
)
from prorata.provisioning.drivers.kvm.begin import begin
from prorata.provisioning.drivers.kvm.carry_out import carry_out
from prorata.provisioning.drivers.kvm.decide import decide
from prorata.provisioning.drivers.kvm.delete import delete_stored
from prorata.provisioning.drivers.kvm.lanes import Lanes
from prorata.provisioning.drivers.kvm.library import library
from prorata.provisioning.drivers.kvm.settings import HostSettings
from prorata.provisioning.drivers.kvm.sight import MemoryFigures, guest_figures, see
from prorata.provisioning.drivers.kvm.work import Work

# Less than half of what a job is left to a run that says nothing.
CALL_SECONDS = 14.0


class LibvirtDriver:
    """One libvirt host. A machine's id is its name or its UUID.

    uri        libvirt's address, such as qemu:///system or qemu+tls://host.example.com/system
    settings   what is what, and how much of the host is sold
    figures    where a guest's own figures about its memory come from
    seconds    how long one call may take; after that its outcome is unknown
    code       the name that services are kept with; one for each host

    Raises RuntimeError where libvirt's Python library is not installed.
    """

    def __init__(
        self,
        uri: str,
        settings: HostSettings,
        *,
        figures: MemoryFigures = guest_figures,
        seconds: float = CALL_SECONDS,
        code: str = "libvirt",
    ) -> None:
        library()
        self.code = code
        self._lanes = Lanes(uri, seconds)
        self._settings, self._figures = settings, figures

    def read(self, external_id: str) -> Reading:
        """See Driver."""
        with self._lanes.call(external_id) as call:
            return see(call, external_id, self._settings, self._figures).reading(external_id)

    def plan(self, external_id: str, step: Step) -> StepPlan:
        """See Driver."""
        with self._lanes.call(external_id) as call:
            sight = see(call, external_id, self._settings, self._figures)
            try:
                return StepPlan(mode=decide(sight, step), possible=True, reason="")
            except (StepRefused, HostFull, MachineBusy) as no:
                return StepPlan(mode="restart", possible=False, reason=no.reason)

    def apply(self, external_id: str, step: Step, *, key: str, fence: int, may_restart: bool) -> Applied:
        """See Driver."""
        with self._lanes.call(external_id) as call:
            sight = see(call, external_id, self._settings, self._figures)
            work = begin(call, sight, self._figures, step, key=key, fence=fence, may_restart=may_restart)
            return carry_out(work) if isinstance(work, Work) else work

    def delete_object(self, external_id: str, object_id: str) -> None:
        """See Driver."""
        with self._lanes.call(external_id) as call:
            delete_stored(call, see(call, external_id, self._settings, self._figures), object_id)

    def list_machines(self) -> list[str]:
        """See Driver."""
        with self._lanes.call("") as call:
            return sorted(domain.name() for domain in call.ask(call.connection.listAllDomains))
