"""Our own front before fakepve: what fakepve leaves out of a Proxmox VE cluster, as qemu-server's sources have it.

A process-like HTTPS server in threads. It forwards every call to fakepve and adds:

    disks       PUT resize to an absolute size, in a task; a smaller one is refused with Proxmox's sentence
    hotplug     what the machine's `hotplug` says is given to the running guest, upwards and downwards
    config      GET config mixes pending values in unless current=1 is asked for
    migrate     its preconditions, and the migration itself by task
    nodes       their size, their clock, and the refusal to start a machine with more CPUs than the node
    backup jobs GET and PUT, and the peaks of rrddata
    faults      a call that never arrives, an answer that never comes back, a cluster that is away

and counts how often a value of a machine really changed.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from fakepve import FakePve
from fakepve.certs import make_cert
from fakepve.model import PveError, TaskError

from support.ports import own_port

GIB = 1 << 30
API = "/api2/json"
TOKEN_ID, SECRET = "prorata@pve!portal", "9f5c7e0a-fake"
MACHINE = re.compile(r"/nodes/([^/]+)/qemu/(\d+)/(config|resize|migrate|rrddata|status/start|status/reboot)")
NO_ANSWER = object()


class Front:
    """One cluster of fakepve behind our front. `pve` is fakepve's own model; tests change machines there."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self._key, _ = make_cert(str(folder), hosts=("127.0.0.1",))
        logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
        self.pve = FakePve(host="127.0.0.1", port=0)
        self.pve.apitokens[TOKEN_ID] = SECRET
        self.pve.nodes.clear()
        self.sizes: dict[str, dict[str, int]] = {}
        self.jobs: list[dict[str, Any]] = []
        self.peaks: dict[int, int] = {}
        self.local_resources: list[str] = []
        self.preconditions: dict[
            str, Any
        ] = {}  # what the next migrations are told otherwise; None leaves it out
        self.task_errors: dict[str, str] = {}  # kind of task -> how the next one ends
        self.unplugged: list[str] = []  # options that were taken from a running guest
        self.lost_calls: list[str] = []
        self.lost_answers: list[str] = []
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self.step_seconds = 0.0
        self.away = False
        self.before_write: Callable[[], None] | None = (
            None  # happens once, between the driver's look and its write
        )
        self.answers_instead: tuple[int, str, bytes] | None = None  # to every call
        self.writes_pass = threading.Event()  # cleared: a write is not looked at until it is set again
        self.writes_pass.set()
        self.lies = False  # says that it wrote, and did not
        self.ha = False  # the task of a migration ends before the machine has moved
        self.lose_nth_write = 0  # counted from the next one; 0: none
        self.lose_what = ""  # "call" or "answer"
        self.plug_fails: tuple[int, str, bytes] | None = None  # the guest takes nothing, once
        self._changes: Counter[int] = Counter()
        self._values: dict[int, dict[str, Any]] = {}
        self._lock = threading.RLock()
        self._own_thread = threading.local()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.run(self.pve.start(self.certificate, self._key))
        self._server: ThreadingHTTPServer | None = None
        self.port = own_port()
        self.listen()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something in fakepve's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def listen(self) -> None:
        """Be there, on the same port as before."""
        handler = type("Handler", (Handler,), {"front": self})
        server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self._key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.port, self._server, self.away = server.server_address[1], server, False
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def stop_listening(self) -> None:
        """Be away; everything is remembered."""
        self.away = True
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def close(self) -> None:
        """End for good."""
        self.stop_listening()
        self.run(self.pve.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # --- what tests arrange ---------------------------------------------------------------------------------

    def node(self, name: str, *, cpu: int = 12, memory_gib: int = 64) -> None:
        """A node of that size."""
        self.pve.add_node(name)
        self.sizes[name] = {"maxcpu": cpu, "maxmem": memory_gib * GIB}

    def slow(self, seconds: float) -> None:
        """Every task takes so long."""
        self.step_seconds, self.pve.time_scale = seconds, 1.0 if seconds else 0.0
        self.pve.ha_delay = 0

    def effects(self, vmid: int) -> int:
        """How often a value of the machine really changed."""
        self.count()
        return self._changes[vmid]

    def count(self) -> None:
        """Compare what machines have with what they had."""
        with self._lock:
            for vm in list(self.pve.vms):
                had, has = self._values.get(vm.vmid), values(vm.config)
                self._values[vm.vmid] = has
                if had is not None:
                    self._changes[vm.vmid] += sum(had.get(name) != has[name] for name in has)

    # --- calls ----------------------------------------------------------------------------------------------

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, str, bytes] | object:
        """One call: forwarded, or done here, with the faults that were arranged."""
        self.count()
        path, given = urlsplit(target).path.removeprefix(API), dict(parse_qsl(urlsplit(target).query))
        given |= dict(parse_qsl(body.decode()))
        kind = "delete_object" if method == "DELETE" else "apply" if method in ("PUT", "POST") else "read"
        self.calls.append((method, unquote(path), given))
        if self.away or take(self.lost_calls, kind):
            return NO_ANSWER
        if self.answers_instead:
            return self.answers_instead
        if kind != "read":
            self.writes_pass.wait()
        this_one = kind != "read" and self._is_lost()
        if this_one and self.lose_what == "call":
            return NO_ANSWER
        if kind != "read" and self.before_write:
            hand, self.before_write = self.before_write, None
            hand()
        if headers.get("Authorization") != f"PVEAPIToken={TOKEN_ID}={SECRET}":
            answered = self._forward(method, target, headers, body)  # fakepve refuses it
        else:
            answered = self._own(method, path, given) or self._forward(method, target, headers, body)
            answered = self._after(method, path, given, answered)
        self.count()
        return NO_ANSWER if take(self.lost_answers, kind) or this_one else answered

    def _is_lost(self) -> bool:
        """Whether this write is the one that was arranged to be lost."""
        before, self.lose_nth_write = self.lose_nth_write, max(self.lose_nth_write - 1, 0)
        return before == 1

    def _forward(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, str, bytes]:
        connection = getattr(self._own_thread, "connection", None)
        if connection is None:
            context = ssl.create_default_context(cafile=self.certificate)
            connection = http.client.HTTPSConnection("127.0.0.1", self.pve.port, context=context, timeout=30)
            self._own_thread.connection = connection
        kept = {name: headers[name] for name in ("Authorization", "Content-Type") if headers.get(name)}
        connection.request(method, target, body, kept)
        answer = connection.getresponse()
        return answer.status, answer.reason, answer.read()

    def _own(self, method: str, path: str, given: dict[str, str]) -> tuple[int, str, bytes] | None:
        """What fakepve has no state for."""
        try:
            if self.lies and method == "PUT":
                return said(None)
            if re.fullmatch(r"/nodes/[^/]+/time", path):
                return said({"time": int(time.time()), "localtime": int(time.time()), "timezone": "UTC"})
            if path == "/cluster/backup" and method == "GET":
                return said(self.jobs)
            if (job := re.fullmatch(r"/cluster/backup/(.+)", path)) and method == "PUT":
                next(one for one in self.jobs if one["id"] == job[1]).update(given)
                return said(None)
            if not (found := MACHINE.fullmatch(path)):
                return None
            vm, what = self.pve.find(found[1], found[2]), found[3]
            if what == "rrddata":
                return said([{"time": 1, "mem": float(self.peaks[vm.vmid])}] if vm.vmid in self.peaks else [])
            if what == "migrate":
                return said(self._preconditions(vm) if method == "GET" else self._migrate(vm, given))
            return said(self._resize(vm, given)) if what == "resize" else None
        except PveError as error:
            return error.status, error.message, json.dumps({"data": None, "errors": error.errors}).encode()

    def _after(self, method: str, path: str, given: dict[str, str], answered: Any) -> Any:
        """What fakepve answers otherwise than a cluster does."""
        status, _, body = answered
        if status != 200:
            return answered
        if path == "/cluster/resources":
            rows = json.loads(body)["data"]
            for row in rows:
                row.update(self.sizes.get(row.get("node"), {}) if row["type"] == "node" else {})
                if row["type"] == "qemu":
                    row["maxcpu"] = values(self.pve.vm(row["vmid"]).config)["cpu"]
            return said(rows)
        found = MACHINE.fullmatch(path)
        if not found or found[3] != "config":
            return answered
        vm = self.pve.find(found[1], found[2])
        if method == "GET" and given.get("current") != "1":
            return said(
                {**json.loads(body)["data"], **{k: v for k, v in vm.pending.items() if v is not None}}
            )
        return self._plug(vm, given) or answered if method == "PUT" else answered

    def _plug(self, vm: Any, given: dict[str, str]) -> tuple[int, str, bytes] | None:
        """Hotplug: only what this very call named, as vmconfig_hotplug_pending does."""
        if vm.status != "running":
            return None
        features = str(vm.config.get("hotplug", "1"))
        for option, feature in (("vcpus", "cpu"), ("memory", "memory")):
            if option not in given or option not in vm.pending or feature not in features.split(","):
                continue
            if option == "vcpus" and int(given[option]) > most_cpus(vm.config):
                words = {"vcpus": "hotplug problem - you can't add more vcpus than maxcpus\n"}
                return (
                    400,
                    "Parameter verification failed.",
                    json.dumps({"data": None, "errors": words}).encode(),
                )
            if self.plug_fails:
                failed, self.plug_fails = self.plug_fails, None
                return failed
            if int(given[option]) < int(vm.config.get(option, 0)):
                self.unplugged.append(option)
            vm.config[option] = vm.pending.pop(option)
        return None

    def _resize(self, vm: Any, given: dict[str, str]) -> str:
        """As resize_vm of qemu-server: checked and done in the task."""

        async def body() -> None:
            await asyncio.sleep(self.step_seconds)
            self._ends_badly("resize")
            if given.get("digest") not in (None, vm.digest()):
                raise TaskError("checksum mismatch (file change by other user?)")
            if vm.lock:
                raise TaskError(f"VM is locked ({vm.lock})")
            wanted = re.fullmatch(r"(\+?)(\d+)G", given["size"])
            has = re.search(r"size=(\d+)G", vm.config.get(given["disk"], ""))
            if not wanted or not has:
                raise TaskError(f"disk '{given['disk']}' does not exist")
            size = int(wanted[2]) + (int(has[1]) if wanted[1] else 0)
            if size < int(has[1]):
                raise TaskError("shrinking disks is not supported")
            vm.config[given["disk"]] = vm.config[given["disk"]].replace(has[0], f"size={size}G")

        return str(self.run(self.pve.task(vm.node, "resize", vm.vmid, TOKEN_ID, body, vm=vm)))

    def _preconditions(self, vm: Any) -> dict[str, Any]:
        others = [
            name for name, node in self.pve.nodes.items() if name != vm.node and node.get("online", True)
        ]
        disk = {"volid": vm.config["scsi0"].split(",")[0], "cdrom": 0, "size": 0}
        state = {
            "running": int(vm.status == "running"), "allowed_nodes": others, "not_allowed_nodes": {},
            "local_disks": [disk], "local_resources": self.local_resources,
            **self.preconditions,
        }  # fmt: skip
        return {name: value for name, value in state.items() if value is not None}

    def _migrate(self, vm: Any, given: dict[str, str]) -> str:
        """As migrate_vm of qemu-server: what is found early is an answer, the rest ends the task."""
        if vm.lock:
            raise PveError(500, f"VM is locked ({vm.lock})")
        if vm.status == "running" and not given.get("online"):
            raise PveError(500, "can't migrate running VM without --online")

        async def body() -> None:
            vm.lock = "migrate"
            try:
                await asyncio.sleep(self.step_seconds)
                self._ends_badly("qmigrate")
                if not given.get("with-local-disks"):
                    raise TaskError("can't live migrate attached local disks without with-local-disks option")
                vm.node = vm.node if self.ha else given["target"]
            finally:
                vm.lock = None

        return str(self.run(self.pve.task(vm.node, "qmigrate", vm.vmid, TOKEN_ID, body, vm=vm, lock=False)))

    def _ends_badly(self, kind: str) -> None:
        if kind in self.task_errors:
            raise TaskError(self.task_errors.pop(kind))


class Handler(BaseHTTPRequestHandler):
    """HTTP for the front."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    front: Front

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answered = self.front.answer(self.command, self.path, self.headers, body)
        if answered is NO_ANSWER:
            self.close_connection = True
            return
        status, reason, data = answered  # type: ignore[misc]
        self.send_response(status, reason)
        self.send_header("Content-Type", "application/json")
        if status == 301:
            self.send_header("Location", f"{self.front.url}/elsewhere")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_DELETE = _handle

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


def values(config: dict[str, Any]) -> dict[str, Any]:
    """What a machine really has, read independently of the driver."""
    limits = re.search(r'"limits":(\{[^}]*\})', str(config.get("description", "")))
    return {
        "cpu": int(config.get("vcpus") or most_cpus(config)),
        "memory": int(config.get("memory", 512)),
        "disk": str(config.get("scsi0")),
        "limits": {"backups": 3, "snapshots": 0, **(json.loads(limits[1]) if limits else {})},
    }


def most_cpus(config: dict[str, Any]) -> int:
    return int(config.get("sockets", 1)) * int(config.get("cores", 1))


def take(faults: list[str], kind: str) -> bool:
    """Whether such a fault was arranged; it happens once."""
    if kind not in faults:
        return False
    faults.remove(kind)
    return True


def said(data: Any) -> tuple[int, str, bytes]:
    return 200, "OK", json.dumps({"data": data}).encode()
