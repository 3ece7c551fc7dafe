"""The driver of Proxmox VE: virtual machines of one cluster, through its API and proxmoxer."""

from __future__ import annotations

from collections.abc import Mapping

from prorata.provisioning.drivers.base import Applied, Reading, Step, StepPlan
from prorata.provisioning.drivers.proxmox import objects, steps
from prorata.provisioning.drivers.proxmox.api import Api
from prorata.provisioning.drivers.proxmox.cluster import Overcommit
from prorata.provisioning.drivers.proxmox.looking import Site, look, look_at_cluster, reading, understand
from prorata.provisioning.drivers.proxmox.machine import Component
from prorata.provisioning.drivers.proxmox.moving import move

DEMO_COMPONENTS = (
    Component("cpu", "cpu"),
    Component("memory", "memory"),
    Component("disk", "scsi0"),
    Component("snapshots", "snapshots"),
    Component("backups", "backups"),
)


class ProxmoxDriver:
    """One Proxmox VE cluster. A machine's external id is its VM id; on which node it runs is looked up each time.

    url, token_id, token_secret, ca  see Api
    components        what the codes of the price list stand for
    overcommit        how much of a node is sold
    shutdown_seconds  how long a guest may take to shut down
    patience_seconds  how long one call waits for a task before it answers "accepted"
    """

    code = "proxmox"

    def __init__(
        self,
        url: str,
        token_id: str,
        token_secret: str,
        *,
        ca: str | None = None,
        components: tuple[Component, ...] = DEMO_COMPONENTS,
        overcommit: Overcommit | None = None,
        shutdown_seconds: int = 120,
        patience_seconds: float = 4.0,
    ) -> None:
        self._site = Site(
            Api(url, token_id, token_secret, ca),
            components,
            overcommit or Overcommit(),
            shutdown_seconds,
            patience_seconds,
        )

    def read(self, external_id: str) -> Reading:
        """See Driver."""
        machine, cluster = look(self._site, external_id)
        return understand(lambda: reading(self._site, machine, cluster))

    def plan(self, external_id: str, step: Step) -> StepPlan:
        """See Driver."""
        machine, cluster = look(self._site, external_id)
        return understand(lambda: steps.plan(self._site, machine, cluster, step))

    def apply(self, external_id: str, step: Step, *, key: str, fence: int, may_restart: bool) -> Applied:
        """See Driver."""
        return understand(
            lambda: steps.apply(self._site, external_id, step, key=key, fence=fence, may_restart=may_restart)
        )

    def move(
        self, external_id: str, room: Mapping[str, int], *, key: str, fence: int, may_restart: bool
    ) -> Applied:
        """See Moving. A machine that runs moves while it runs, so that no leave to restart it is needed."""
        return understand(lambda: move(self._site, external_id, room, key=key, fence=fence))

    def delete_object(self, external_id: str, object_id: str) -> None:
        """See Driver."""
        machine, _ = look(self._site, external_id)
        understand(
            lambda: objects.delete(
                self._site.api, machine, self._site.components, object_id, self._site.patience_seconds
            )
        )

    def list_machines(self) -> list[str]:
        """See Driver."""
        return understand(lambda: sorted(str(vmid) for vmid in look_at_cluster(self._site).machines()))
