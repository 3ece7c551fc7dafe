"""Calls to one Proxmox VE cluster, each with an outcome that is certain or said to be unknown."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from prorata.provisioning.drivers.base import (
    DriverError,
    DriverUnreachable,
    HostFull,
    MachineBusy,
    StepRefused,
)

CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 12.0  # two calls must end within the lease of a job
LOOK_EVERY_SECONDS = 0.5
# Proxmox says with status 500 and a sentence what it did not do. Only these sentences are a certain no.
LOCKED = re.compile(r"VM is locked|can't lock file .* got timeout|trying to acquire lock", re.IGNORECASE)
CHANGED = re.compile(r"checksum mismatch|detected modified configuration", re.IGNORECASE)
NO_SPACE = re.compile(
    r"no space left|not enough (?:free )?space|insufficient free space|out of space", re.IGNORECASE
)
FOR_GOOD = re.compile(
    r"shrinking disks is not supported|protection mode enabled|cannot remove protected", re.IGNORECASE
)


class NotPlugged(Exception):
    """Proxmox wrote the change down, but could not give it to the running machine."""


@dataclass(frozen=True)
class Ended:
    """How a task ended: well, or with a sentence."""

    well: bool
    words: str = ""


class Api:
    """One cluster, one token.

    url     https://host:8006 of any node
    token   id (user@realm!name) and secret
    ca      file with the authority that certifies the cluster; None for the system's own
    Raises ValueError for a token or an address that cannot be, ImportError without the extra.
    """

    def __init__(self, url: str, token_id: str, token_secret: str, ca: str | None) -> None:
        parts = urlsplit(url)
        user, _, name = token_id.partition("!")
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("the address of Proxmox VE must begin with https://")
        if "@" not in user or not name or not token_secret.strip():
            raise ValueError("Proxmox VE needs a token: its id as user@realm!name, and its secret")
        self._root, self._refusal, self._silence = connect(
            host=parts.hostname,
            port=parts.port or 8006,
            user=user,
            token_name=name,
            token_value=token_secret.strip(),
            verify_ssl=ca or True,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
        )

    def get(self, *path: str | int, **params: Any) -> Any:
        """What stands at a path. Raises DriverUnreachable only: looking has no other outcome."""
        try:
            return self._call("get", path, params)
        except (DriverError, NotPlugged) as error:
            raise DriverUnreachable(str(error)) from error

    def post(self, *path: str | int, **data: Any) -> Any:
        """Begin something; the answer is the UPID of its task."""
        return self._call("post", path, data)

    def put(self, *path: str | int, **data: Any) -> Any:
        """Set something. Raises MachineBusy, StepRefused (nothing was set), NotPlugged, DriverUnreachable."""
        return self._call("put", path, data)

    def delete(self, *path: str | int) -> Any:
        """Delete something; the answer is the UPID of its task."""
        return self._call("delete", path, {})

    def may(self, path: str, *privileges: str) -> bool:
        """Whether the token has all these on a path. Lists leave out without a word what a token may not see."""
        held = self.get("access", "permissions", path=path)
        return all(any(privilege in here for here in held.values()) for privilege in privileges)

    def wait(self, upid: Any, seconds: float) -> Ended | None:
        """How the task ended, or None if it still runs after so long. Raises DriverUnreachable."""
        parts = upid.split(":") if isinstance(upid, str) else []
        if len(parts) != 9 or parts[0] != "UPID":
            raise DriverUnreachable("Proxmox VE named no task for what it began")
        until = time.monotonic() + seconds
        while True:
            status = self.get("nodes", parts[1], "tasks", upid, "status")
            if status.get("status") == "stopped":
                words = str(status.get("exitstatus", ""))
                return Ended(words == "OK" or words.startswith("WARNINGS"), words)
            if time.monotonic() >= until:
                return None
            time.sleep(LOOK_EVERY_SECONDS)

    def _call(self, verb: str, path: tuple[str | int, ...], values: Mapping[str, Any]) -> Any:
        """One call. A segment is data: what stands in it never becomes another path."""
        where = self._root("/".join(quote(str(part), safe="") for part in path))
        try:
            answer = getattr(where, verb)(**values)
        except self._refusal as error:
            raise refused(error.status_code, str(error.content or ""), error.errors) from error
        except (self._silence, KeyError, TypeError) as error:
            raise DriverUnreachable(f"no usable answer from Proxmox VE ({type(error).__name__})") from error
        if isinstance(answer, dict) and set(answer) == {"errors"} and isinstance(answer["errors"], bytes):
            raise DriverUnreachable("what answered is not Proxmox VE")  # proxmoxer's mark for what is no JSON
        return answer


def refused(status: int, words: str, errors: Any) -> Exception:
    """The error that an answer of 400 or more stands for. A wrong token never is a certain no."""
    words = words.strip()
    if status == 400 and isinstance(errors, dict) and errors:
        said = "; ".join(f"{name}: {str(text).strip()}" for name, text in errors.items())
        return NotPlugged(said) if "plug" in said else StepRefused(f"Proxmox VE refuses it ({said})")
    if status == 500 and (known := sentence(words)):
        return known
    return DriverUnreachable(f"Proxmox VE answered {status}" + (f" ({words})" if words else ""))


def sentence(words: str) -> DriverError | None:
    """The certain no that a sentence of Proxmox is, or None if it leaves the outcome open."""
    if LOCKED.search(words):
        return MachineBusy(words)
    if CHANGED.search(words):
        return MachineBusy("the machine's configuration was changed at the same moment")
    if NO_SPACE.search(words):
        return HostFull(words)
    return StepRefused(words) if FOR_GOOD.search(words) else None


def connect(**login: Any) -> tuple[Any, Any, Any]:
    """The root of the API, the error of an answer that says no, and the error of one that never came."""
    try:
        import requests  # first: without it proxmoxer ends the whole process
        from proxmoxer import ProxmoxAPI
        from proxmoxer.core import ResourceException
    except ImportError as error:
        raise ImportError(
            "the Proxmox VE driver needs proxmoxer. Type: pip install prorata[proxmox]"
        ) from error
    root = ProxmoxAPI(**login)
    session = root._store["session"]
    session.trust_env = False  # no proxy and no other authority from the worker's environment
    session.max_redirects = 0  # the token goes to the address that was set, and to no other
    return root, ResourceException, requests.RequestException
