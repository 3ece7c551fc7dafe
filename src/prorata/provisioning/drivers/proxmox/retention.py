"""How many backups a machine's own backup job keeps: `prune-backups` with keep-last, and nothing else in it."""

from __future__ import annotations

import re
from typing import Any

from prorata.provisioning.drivers.base import StepRefused
from prorata.provisioning.drivers.proxmox.api import Api

KEEPS = re.compile(r"keep-last=(\d+)")


def kept_by_job(api: Api, vmid: int) -> int | None:
    """None where no backup job is the machine's own; its retention may then be shared with others."""
    job = own_job(api, vmid)
    said = KEEPS.fullmatch(prunes(job)) if job else None
    return int(said[1]) if said else None


def keep(api: Api, vmid: int, backups: int) -> None:
    """Have the job keep so many, at least one."""
    job = own_job(api, vmid)
    if job is None:
        raise StepRefused("the machine has no backup job of its own whose retention could be set")
    api.put("cluster", "backup", job["id"], **{"prune-backups": f"keep-last={backups}"})


def own_job(api: Api, vmid: int) -> dict[str, Any] | None:
    """The job that backs up this machine alone."""
    jobs = [job for job in api.get("cluster", "backup") if str(job.get("vmid", "")) == str(vmid)]
    return jobs[0] if len(jobs) == 1 else None


def prunes(job: dict[str, Any]) -> str:
    """The retention as text; some versions answer with its parts."""
    said = job.get("prune-backups", "")
    return (
        ",".join(f"{name}={value}" for name, value in said.items()) if isinstance(said, dict) else str(said)
    )
