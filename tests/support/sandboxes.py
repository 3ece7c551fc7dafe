"""The two sandboxes as tests use them: real processes on free ports, killed and restarted at will.

    with start_gateway(tmp_path, webhook_url=url, secret="whsec") as gateway:
        checkout = gateway.adapter().create_checkout(...)
        gateway.pay(checkout.ref, "4242424242424242")
        assert len(gateway.captures(attempt_id)) == 1

    with start_hypervisor(tmp_path) as hypervisor:
        machine = hypervisor.create_machine({"cpu": 2, "memory_gb": 4})
        hypervisor.fault(call="apply", effect="after")

The control API behind these helpers is described in docs/howto/sandbox.md. The processes end with the test process,
however it ends (on Linux; elsewhere when the context is left).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import select
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from prorata.payments.gateways.sandbox import SandboxGateway
from prorata.payments.gateways.stripe import StripeGateway
from prorata.provisioning.drivers.sandbox import SandboxDriver
from support.ports import own_port

ACCEPTED = "4242 4242 4242 4242"
DECLINED = "4000 0000 0000 0002"
NOT_ENOUGH = "4000 0000 0000 9995"
ASKS_BANK = "4000 0025 0000 3155"
ASKS_ALWAYS = "4000 0027 6000 3184"
DECLINES_LATER = "4000 0000 0000 0341"
SETTLES_LATER = "4000 0000 0000 0077"
FAILS_LATER = "4000 0000 0000 0119"
START_SECONDS = 120


def wait_until(ask: Callable[[], Any], what: str, *, seconds: float = 60) -> Any:
    """Poll every 20 ms until `ask` gives something true, and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)
    return answer


class WebhookReceiver:
    """A shop's webhook address: keeps every message with its headers and answers `status` (200 unless told)."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = receiver.status
                if status == 200:
                    receiver.received.append((dict(self.headers.items()), body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhooks/sandbox"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def events(self, ref: str) -> list[dict[str, Any]]:
        """The messages about one payment, in the order of their arrival."""
        return [event for event in (json.loads(body) for _, body in self.received) if event.get("ref") == ref]

    def wait(self, ref: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many messages about one payment."""
        events: list[dict[str, Any]] = wait_until(
            lambda: found if len(found := self.events(ref)) >= count else None,
            f"{count} webhooks about {ref}",
        )
        return events

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class SandboxProcess:
    """One sandbox: its process, its address and its control API."""

    module = ""

    def __init__(self, store: Path, arguments: list[str], environment: dict[str, str], key: str) -> None:
        self.store = store
        self.arguments = arguments
        self.environment = {**os.environ, "PRORATA_MODE": "test", **environment}
        self.port = own_port()
        self.process: subprocess.Popen[str] | None = None
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False,
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )  # fmt: skip
        self.start()

    @property
    def url(self) -> str:
        """http://127.0.0.1:<port>"""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, on the port it had before."""
        command = [sys.executable, "-m", self.module, "--port", str(self.port), "--store", str(self.store)]
        self.process = subprocess.Popen(
            [*command, "--die-with-parent", *self.arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        readable, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline().strip() if readable else ""
        if "http://" not in line:
            self.kill()
            raise AssertionError(f"{self.module} did not start: {line!r}")

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            assert self.process.stdout
            self.process.stdout.close()
            self.process = None

    def restart(self) -> None:
        """Kill it if it runs, and start it again with the same port and store."""
        self.kill()
        self.start()

    def control(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """One call of the control API: control("POST", "settings", {"down": True})."""
        return self.call(method, f"/_control/{path}", body, **query)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """One call with the key; anything but 200 fails the test with the answer in words."""
        response = self._http.request(method, self.url + path, json=body, params=query)
        assert response.status_code == 200, f"{method} {path}: {response.status_code} {response.text}"
        return response.json()

    def settings(self, **changes: Any) -> Any:
        """Change settings: settings(webhook_mode="never")."""
        return self.control("POST", "settings", changes)

    def fault(self, *, call: str, **more: Any) -> None:
        """The next call goes wrong: fault(call="apply", effect="after", times=2, only_for={"component": "cpu"})."""
        self.control("POST", "faults", {"call": call, **more})

    def clear_faults(self) -> None:
        """Forget all ordered trouble."""
        self.control("DELETE", "faults")

    def calls(self, call: str) -> list[dict[str, Any]]:
        """Every API call of one kind that arrived, oldest first."""
        calls: list[dict[str, Any]] = self.control("GET", "calls", call=call)["calls"]
        return calls

    def close(self) -> None:
        """End it for good."""
        self.kill()
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class GatewayProcess(SandboxProcess):
    """A running sandbox gateway."""

    module = "prorata.sandbox.gateway"

    def __init__(
        self,
        store: Path,
        webhook_url: str | None,
        secrets: list[str],
        payee: str,
        more: list[str] | None = None,
    ) -> None:
        self.secrets, self.payee = secrets, payee
        arguments = [
            "--payee",
            payee,
            *(["--webhook-url", webhook_url] if webhook_url else []),
            *(more or []),
        ]
        key = hmac.new(secrets[0].encode(), b"sandbox-gateway-api-key", hashlib.sha256).hexdigest()
        super().__init__(store, arguments, {"PRORATA_SANDBOX_GATEWAY_SECRETS": ",".join(secrets)}, key)
        # A slow bank answers when the story says so.
        self.settings(retry_seconds=0.1, webhook_seconds=0.2, processing_seconds=86_400)

    def adapter(self, **options: Any) -> SandboxGateway:
        """The adapter that talks to this process."""
        return SandboxGateway(self.url, self.secrets, self.payee, mode="test", **options)

    def pay(self, ref: str, card: str = ACCEPTED, **choice: Any) -> str:
        """What the customer does on the payment page; returns paid, declined, processing, confirm or closed.

        choice: mode="after", seconds=0.5 (the webhook) and confirm=True|False (the bank's question).
        """
        return str(self.control("POST", "pay", {"ref": ref, "card": card, **choice})["result"])

    def decline(self, ref: str) -> str:
        """A card that is declined; the payment stays open."""
        return self.pay(ref, DECLINED)

    def settle(self, ref: str) -> str:
        """A processing payment ends now; returns its state."""
        return str(self.control("POST", "settle", {"ref": ref})["state"])

    def send_event(self, ref: str, kind: str, id: str | None = None) -> str:
        """One more webhook, true or not; returns the event's id."""
        return str(
            self.control("POST", "events", {"ref": ref, "kind": kind, **({"id": id} if id else {})})["id"]
        )

    def add_capture(self, ref: str, amount_minor: int, currency: str | None = None) -> None:
        """Money nobody asked for, even on a closed payment."""
        more = {"currency": currency} if currency else {}
        self.control("POST", "captures", {"ref": ref, "amount_minor": amount_minor, **more})

    def refund_by_hand(self, ref: str, amount_minor: int) -> str:
        """Staff refund on the processor's own pages; returns the refund's id."""
        return str(self.control("POST", "refunds", {"ref": ref, "amount_minor": amount_minor})["id"])

    def end_refund(self, id: str, state: str) -> None:
        """A refund ends: "succeeded" or "failed"."""
        self.control("POST", f"refunds/{id}", {"state": state})

    def dispute(self, ref: str, amount_minor: int | None = None, *, inquiry: bool = False) -> str:
        """The customer goes to his bank; returns the dispute's id."""
        more = {} if amount_minor is None else {"amount_minor": amount_minor}
        return str(self.control("POST", "disputes", {"ref": ref, "inquiry": inquiry, **more})["id"])

    def move_dispute(self, id: str, state: str, *, kept_minor: int | None = None) -> None:
        """The bank decides: "open" (of an inquiry), "won" or "lost", perhaps for a part only."""
        more = {} if kept_minor is None else {"kept_minor": kept_minor}
        self.control("POST", f"disputes/{id}", {"state": state, **more})

    def effects(self, attempt_id: str) -> dict[str, Any]:
        """What really happened for an attempt: state, captures, refunds, events, deliveries."""
        answer: dict[str, Any] = self.control("GET", "effects", attempt_id=attempt_id)
        return answer

    def captures(self, attempt_id: str) -> list[dict[str, Any]]:
        """The captures of an attempt."""
        captures: list[dict[str, Any]] = self.effects(attempt_id)["captures"]
        return captures

    def wait_delivered(self, attempt_id: str) -> list[dict[str, Any]]:
        """Wait until every webhook of the attempt has arrived."""

        def arrived() -> list[dict[str, Any]]:
            sent: list[dict[str, Any]] = self.effects(attempt_id)["deliveries"]
            return sent if all(delivery["delivered"] for delivery in sent) else []

        delivered: list[dict[str, Any]] = wait_until(arrived, f"the webhooks of {attempt_id}")
        return delivered


class HypervisorProcess(SandboxProcess):
    """A running sandbox hypervisor."""

    module = "prorata.sandbox.hypervisor"

    def __init__(self, store: Path, step_seconds: float, token: str) -> None:
        self.token = token
        arguments = ["--step-seconds", str(step_seconds)]
        super().__init__(store, arguments, {"PRORATA_SANDBOX_HYPERVISOR_TOKEN": token}, token)

    def empty(self) -> None:
        """As if it had just been started for the first time; one that was killed is started."""
        if self.process is None or self.process.poll() is not None:
            self.restart()
        self.control("DELETE", "everything")

    def driver(self, **options: Any) -> SandboxDriver:
        """The driver that talks to this process."""
        return SandboxDriver(self.url, self.token, mode="test", **options)

    def create_host(self, id: str = "host-1", *, full: bool = False, **capacity: int) -> None:
        """Make or change a host: create_host("host-1", memory_gb=64). Codes left out have no limit."""
        self.control("POST", "hosts", {"id": id, "capacity": capacity, "full": full})

    def fill_host(self, id: str = "host-1", *, full: bool = True) -> None:
        """The host has no room for anything, or has again."""
        self.control("POST", "hosts", {"id": id, "full": full})

    def create_machine(self, configuration: dict[str, int | str], **more: Any) -> str:
        """Make a machine and return its id.

        more: id, name, host, power, restart_seconds, components={code: {grow, shrink, options, seconds, refuses}},
        usage={code: "62.4"}, objects=[{"kind": "snapshots", "name": ..., "size_gb": ...}]
        """
        return str(self.control("POST", "machines", {"configuration": configuration, **more})["id"])

    def machine(self, id: str) -> Any:
        """The machine's reading as JSON. Counts as an API call and obeys faults."""
        return self.call("GET", f"/v1/machines/{id}")

    def change_machine(self, id: str, **changes: Any) -> Any:
        """busy_with=..., busy_seconds=..., power=..., usage={...}, configuration={...} (by hand)."""
        return self.control("POST", f"machines/{id}", changes)

    def change_component(self, id: str, code: str, **behaviour: Any) -> Any:
        """grow=..., shrink=..., options=[...], seconds=..., refuses="the reason" ("" takes it back).

        `seconds` holds for a step that is running too: with for ages before, it ends when the test says so.
        """
        return self.control("POST", f"machines/{id}/components/{code}", behaviour)

    def busy(self, id: str, what: str = "backup", *, seconds: float | None = None) -> None:
        """Keep the machine busy for some seconds, or until not_busy()."""
        self.change_machine(id, busy_with=what, **({} if seconds is None else {"busy_seconds": seconds}))

    def not_busy(self, id: str) -> None:
        """The machine is free again."""
        self.change_machine(id, busy_with="")

    def add_object(self, id: str, kind: str, name: str = "", size_gb: str = "1") -> str:
        """Store a snapshot or backup; returns its id."""
        return str(
            self.control("POST", f"machines/{id}/objects", {"kind": kind, "name": name, "size_gb": size_gb})[
                "id"
            ]
        )

    def restart_machine(self, id: str) -> None:
        """The customer restarts the machine himself."""
        self.call("POST", f"/v1/machines/{id}/restart")

    def operations(self, id: str) -> list[dict[str, Any]]:
        """The honest journal, newest first: component, key, before, target, outcome, effect (0 or 1), note."""
        journal: list[dict[str, Any]] = self.control("GET", f"machines/{id}/operations")["operations"]
        return journal

    def effects(self, id: str, component: str | None = None) -> int:
        """How often a value of the machine really changed by an operation."""
        return sum(line["effect"] for line in self.operations(id) if component in (None, line["component"]))

    def restarts(self, id: str) -> int:
        """How often the machine was restarted."""
        return int(self.control("GET", f"machines/{id}/operations")["restarts"])


class StripeProcess(GatewayProcess):
    """The same processor behind Stripe's published API; payments are named as Stripe names them (cs_..., pi_...)."""

    API_KEY = "sk_test_strictprocessor"

    def __init__(self, store: Path, webhook_url: str | None, secrets: list[str], site: str) -> None:
        self.site = site
        super().__init__(
            store, webhook_url, secrets, "acct_strict", ["--face", "stripe", "--api-key", self.API_KEY]
        )

    def adapter(self, **options: Any) -> StripeGateway:  # type: ignore[override]
        """The adapter that talks to this process."""
        return StripeGateway(self.API_KEY, self.secrets, self.site, api_url=self.url, **options)

    def control(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """As everywhere, with Stripe's names of payments and refunds turned into the core's."""
        if body and "ref" in body:
            body = {**body, "ref": inner_ref(body["ref"])}
        kind, _, id = path.partition("/")
        if kind == "refunds" and id:
            path = f"refunds/ref_{id.removeprefix('re_')}"
        return super().control(method, path, body, **query)


def inner_ref(ref: str) -> str:
    """The core's id of a payment that Stripe's API names as a session or an intent."""
    return "pay_" + ref.removeprefix("cs_test_").removeprefix("pi_").removeprefix("pay_")


def start_stripe(
    tmp_path: Path,
    webhook_url: str | None = None,
    secret: str | list[str] = "whsec_strict",
    site: str = "prorata-test",
) -> StripeProcess:
    """The processor behind Stripe's API, with its store in `tmp_path`."""
    secrets = [secret] if isinstance(secret, str) else secret
    return StripeProcess(tmp_path / "stripe.sqlite3", webhook_url, secrets, site)


def start_gateway(
    tmp_path: Path,
    webhook_url: str | None = None,
    secret: str | list[str] = "sandbox-webhook-secret",
    payee: str = "prorata-sandbox",
) -> GatewayProcess:
    """A gateway with its store in `tmp_path`; several secrets as during a rotation, the first signs first."""
    secrets = [secret] if isinstance(secret, str) else secret
    return GatewayProcess(tmp_path / "gateway.sqlite3", webhook_url, secrets, payee)


def start_hypervisor(
    tmp_path: Path, step_seconds: float = 0, token: str = "sandbox-hypervisor-token"
) -> HypervisorProcess:
    """A hypervisor with its store in `tmp_path`."""
    return HypervisorProcess(tmp_path / "hypervisor.sqlite3", step_seconds, token)
