"""The driver of the sandbox hypervisor. It refuses to exist in production: no real machine changes there."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, get_args
from urllib.parse import urlsplit

import httpx

from prorata.provisioning.drivers.base import (
    Applied,
    AppliedState,
    DriverError,
    DriverUnreachable,
    HostFull,
    MachineBusy,
    MachineState,
    MachineUnknown,
    Reading,
    StaleFence,
    Step,
    StepMode,
    StepPlan,
    StepRefused,
    StoredObject,
)

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# Only these answers are a certain no; every other one leaves the outcome open. A wrong token is none of them: a
# mistake in our own set-up must not undo what a customer has paid for.
CERTAIN_NO: dict[str, type[DriverError]] = {
    "busy": MachineBusy,
    "host_full": HostFull,
    "refused": StepRefused,
    "key_conflict": StepRefused,
    "stale_fence": StaleFence,
    "bad_request": StepRefused,
    "unknown_machine": MachineUnknown,
}


class SandboxDriver:
    """One sandbox hypervisor process.

    url    where the process listens, such as http://127.0.0.1:40124
    token  its API token
    mode   PRORATA_MODE unless given; anything but demo or test is refused with ValueError
    """

    code = "sandbox"

    def __init__(
        self,
        url: str,
        token: str,
        *,
        mode: str | None = None,
        connect_timeout: float = 2.0,
        read_timeout: float = 10.0,
    ) -> None:
        if (mode if mode is not None else os.environ.get("PRORATA_MODE")) not in ("demo", "test"):
            raise ValueError("the sandbox hypervisor is for PRORATA_MODE=demo or PRORATA_MODE=test only")
        if not token.strip():
            raise ValueError("the sandbox hypervisor needs its API token")
        if urlsplit(url).scheme != "http" or not urlsplit(url).hostname:
            raise ValueError("the address of the sandbox hypervisor must begin with http://")
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
            follow_redirects=False,
            trust_env=False,
            # It is reached by http:// alone, and reading the certificates of the world takes longer than asking it.
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    def read(self, external_id: str) -> Reading:
        """See Driver."""
        reading = understand(read_reading, self._call("GET", machine_path(external_id)))
        if reading.external_id != external_id:
            raise DriverUnreachable("the hypervisor answered about another machine")
        return reading

    def plan(self, external_id: str, step: Step) -> StepPlan:
        """See Driver."""
        body = {"component": step.component, "target": step.target}
        return understand(read_plan, self._call("POST", f"{machine_path(external_id)}/plan", body))

    def apply(self, external_id: str, step: Step, *, key: str, fence: int, may_restart: bool) -> Applied:
        """See Driver."""
        body = {
            "component": step.component, "target": step.target, "key": key, "fence": fence, "may_restart": may_restart,
        }  # fmt: skip
        return understand(read_applied, self._call("POST", f"{machine_path(external_id)}/apply", body))

    def move(
        self, external_id: str, room: Mapping[str, int], *, key: str, fence: int, may_restart: bool
    ) -> Applied:
        """See Moving."""
        body = {"room": dict(room), "key": key, "fence": fence, "may_restart": may_restart}
        return understand(read_applied, self._call("POST", f"{machine_path(external_id)}/move", body))

    def delete_object(self, external_id: str, object_id: str) -> None:
        """See Driver."""
        if not ID.fullmatch(object_id):
            raise StepRefused("this machine has no such object")
        self._call("DELETE", f"{machine_path(external_id)}/objects/{object_id}")

    def list_machines(self) -> list[str]:
        """See Driver."""
        return understand(read_list, self._call("GET", "/v1/machines"))

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call; every doubt about its effect is DriverUnreachable."""
        try:
            response = self._http.request(method, path, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DriverUnreachable(
                f"no answer from the sandbox hypervisor ({type(error).__name__})"
            ) from error
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if response.status_code == 200 and isinstance(answer, dict):
            return answer
        error_of = answer.get("error") if isinstance(answer, dict) else None
        if 400 <= response.status_code < 500 and isinstance(error_of, dict):
            refusal = CERTAIN_NO.get(str(error_of.get("code")))
            if refusal:
                raise refusal(str(error_of.get("reason", "")))
        raise DriverUnreachable(f"the sandbox hypervisor answered {response.status_code} without an outcome")


def machine_path(external_id: str) -> str:
    """The machine's address; an id is data, never a path."""
    if not ID.fullmatch(external_id):
        raise MachineUnknown("there is no machine of this id")
    return f"/v1/machines/{external_id}"


def understand(reader: Any, answer: dict[str, Any]) -> Any:
    """What makes no sense tells us nothing: DriverUnreachable."""
    try:
        return reader(answer)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise DriverUnreachable("the hypervisor's answer cannot be understood") from error


def read_reading(answer: dict[str, Any]) -> Reading:
    """A reading out of the hypervisor's JSON."""
    return Reading(
        external_id=read_text(answer["id"]),
        taken_at=read_instant(answer["taken_at"]),
        state=one_of(answer["state"], MachineState),
        busy_with=str(answer["busy_with"]),
        configuration={str(code): read_value(value) for code, value in answer["configuration"].items()},
        usage={str(code): read_decimal(value) for code, value in answer["usage"].items()},
        objects=tuple(read_object(stored) for stored in answer["objects"]),
        headroom={str(code): read_count(units) for code, units in answer["headroom"].items()},
        host=read_text(answer["host"]),
        restart_pending=frozenset(str(code) for code in answer["restart_pending"]),
        fixed={str(code): read_text(reason) for code, reason in answer["fixed"].items()},
    )


def read_object(stored: Any) -> StoredObject:
    """One snapshot or backup."""
    return StoredObject(
        id=read_text(stored["id"]),
        kind=read_text(stored["kind"]),
        name=str(stored["name"]),
        created_at=read_instant(stored["created_at"]),
        size_gb=read_decimal(stored["size_gb"]),
    )


def read_plan(answer: dict[str, Any]) -> StepPlan:
    """A plan."""
    if not isinstance(answer["possible"], bool):
        raise ValueError("possible is neither true nor false")
    return StepPlan(
        mode=one_of(answer["mode"], StepMode), possible=answer["possible"], reason=str(answer["reason"])
    )


def read_applied(answer: dict[str, Any]) -> Applied:
    """What the hypervisor says it did."""
    return Applied(state=one_of(answer["state"], AppliedState), reason=str(answer.get("reason", "")))


def read_list(answer: dict[str, Any]) -> list[str]:
    """Machine ids, sorted."""
    return sorted(read_text(machine) for machine in answer["machines"])


def one_of(value: Any, words: Any) -> Any:
    """One of the words of a Literal."""
    if value not in get_args(words):
        raise ValueError(f"unknown word {value!r}")
    return value


def read_value(value: Any) -> int | str:
    """A whole number or an option's name; true and 1.5 are neither."""
    if type(value) is not int and not (isinstance(value, str) and value):
        raise ValueError("not a component value")
    return value


def read_count(value: Any) -> int:
    """A whole number of at least zero."""
    if type(value) is not int or value < 0:
        raise ValueError("not a count")
    return value


def read_decimal(value: Any) -> Decimal:
    """A finite decimal sent as text: floats never carry a measure."""
    number = Decimal(read_text(value))
    if not number.is_finite() or number < 0:
        raise ValueError("not a measure")
    return number


def read_instant(value: Any) -> datetime:
    """An instant with its offset."""
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("an instant without an offset")
    return at


def read_text(value: Any) -> str:
    """A text that says something."""
    if not isinstance(value, str) or not value:
        raise ValueError("not a text")
    return value
