"""What Prorata keeps at the machine itself: the highest fence, the operations, and limits that Proxmox has no place for.

It stands in the machine's notes as one comment that the notes' page does not show:

    <!-- prorata: kept by Prorata, please leave it
    {"machine": 101, "fence": 7, "limits": {"snapshots": 3}, "operations": [["9f86d081884c7d65", "cpu", 4]]}
    -->

The notes are written in the same call as the change itself, under the configuration's digest: both or neither. They survive
a rollback. A clone takes them along, which is why they name their machine.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import astuple, dataclass, field, replace
from typing import Any

from prorata.provisioning.drivers.base import DriverUnreachable, StepRefused, Value

BLOCK = re.compile(r"<!-- prorata: [^\n]*\n(.*?)\n-->", re.DOTALL)
OPENING = "<!-- prorata: kept by Prorata, please leave it"
LONGEST_NOTES = 8192  # as Proxmox has it
# Older ones belong to runs whose fence is refused anyway; the fewest are those of one change.
MOST_OPERATIONS, FEWEST_OPERATIONS = 60, 8


@dataclass(frozen=True)
class Operation:
    """One operation that reached the machine: the digest of its key, the component, the target."""

    key: str
    component: str
    target: Value


@dataclass(frozen=True)
class Restarting:
    """A restart that was begun at `since` (seconds, by the node's clock) for a component that had the value `before`.

    cold  the machine is shut down, changed and started by us; otherwise Proxmox reboots it into what is pending
    """

    component: str
    before: int
    cold: bool
    since: int


@dataclass(frozen=True)
class Record:
    """What stands in one machine's notes.

    waiting     component -> target, where Proxmox would unplug at once: it is set when the machine is off
    restarting  the last restart that Prorata made
    """

    machine: int
    fence: int = 0
    limits: dict[str, int] = field(default_factory=dict)
    operations: tuple[Operation, ...] = ()
    waiting: dict[str, int] = field(default_factory=dict)
    restarting: Restarting | None = None

    def find(self, key: str) -> Operation | None:
        """The operation of a key, if it reached the machine."""
        return next((done for done in self.operations if done.key == digest(key)), None)

    def newest(self, component: str) -> Operation | None:
        """The last operation on a component."""
        return next((done for done in reversed(self.operations) if done.component == component), None)

    def without(self, component: str) -> Record:
        """The record as if the component's last operation had never been."""
        last = self.newest(component)
        return replace(
            self,
            operations=tuple(one for one in self.operations if one is not last),
            waiting={code: value for code, value in self.waiting.items() if code != component},
        )

    def begun(self, key: str, component: str, target: Value, fence: int, has: Value | None) -> Record:
        """The record with one more operation. One that still waited for its restart is replaced, as if it never was."""
        last = self.newest(component)
        before = self.without(component) if last and last.target != has else self
        return replace(
            before,
            fence=max(self.fence, fence),
            operations=(*before.operations, Operation(digest(key), component, target))[-MOST_OPERATIONS:],
            waiting={code: value for code, value in self.waiting.items() if code != component},
        )


def digest(key: str) -> str:
    """A key in sixteen characters."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def read_record(notes: str, vmid: int) -> Record:
    """The record in a machine's notes; an empty one where there is none or it came along with a clone.

    Raises DriverUnreachable if it was edited and cannot be read.
    """
    found = BLOCK.search(notes)
    if not found:
        return Record(vmid)
    try:
        facts = json.loads(found[1])
        return _from(facts) if facts["machine"] == vmid else Record(vmid)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DriverUnreachable(
            f"what Prorata keeps in the notes of machine {vmid} was edited and cannot be read: restore it, or delete it"
        ) from error


def write_record(notes: str, record: Record) -> str:
    """The notes with the record in them; what people wrote stays. Raises StepRefused if there is no room."""
    people = BLOCK.sub("", notes).rstrip()
    operations = record.operations
    while True:
        text = json.dumps(_facts(replace(record, operations=operations)), separators=(",", ":"))
        whole = f"{people}\n\n{OPENING}\n{text}\n-->" if people else f"{OPENING}\n{text}\n-->"
        if len(whole.encode()) <= LONGEST_NOTES:
            return whole
        if len(operations) <= FEWEST_OPERATIONS:
            raise StepRefused("the machine's notes are too long: Prorata needs about 500 characters of them")
        operations = operations[1:]


def _from(facts: Any) -> Record:
    """A record out of its JSON; anything else than a record raises."""
    restarting = facts.get("restarting")
    return Record(
        machine=int(facts["machine"]),
        fence=int(facts["fence"]),
        limits={str(code): int(limit) for code, limit in facts["limits"].items()},
        operations=tuple(Operation(str(key), str(code), target) for key, code, target in facts["operations"]),
        waiting={str(code): int(target) for code, target in facts.get("waiting", {}).items()},
        restarting=Restarting(str(restarting[0]), int(restarting[1]), bool(restarting[2]), int(restarting[3]))
        if restarting
        else None,
    )


def _facts(record: Record) -> dict[str, Any]:
    """A record as JSON, without what is empty."""
    facts: dict[str, Any] = {
        "machine": record.machine,
        "fence": record.fence,
        "limits": record.limits,
        "operations": [[done.key, done.component, done.target] for done in record.operations],
    }
    if record.waiting:
        facts["waiting"] = record.waiting
    if record.restarting:
        facts["restarting"] = list(astuple(record.restarting))
    return facts


# --- the key of a machine's last operation, where one look at the cluster shows it for all machines ---------------


def tag(vmid: int, key: str) -> str:
    """The tag that says which operation came last on this machine."""
    return f"prorata-{vmid}-{digest(key)}"


def with_tag(tags: str, vmid: int, key: str) -> str:
    """A machine's tags with this one; ours of before goes, and one that a clone brought along."""
    kept = [
        one
        for one in re.split(r"[;,\s]+", tags)
        if one and not re.fullmatch(r"prorata-\d+-[0-9a-f]{16}", one)
    ]
    return ";".join([*kept, tag(vmid, key)])
