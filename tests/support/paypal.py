"""The strict processor behind PayPal's published API, as a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prorata.payments.gateways.paypal import PayPalGateway
from support.sandboxes import GatewayProcess, wait_until


class PayPalProcess(GatewayProcess):
    """The same processor behind PayPal's published API; payments, refunds and disputes have PayPal's names.

    The first secret is the id of the webhook that its messages are signed for.
    """

    CLIENT, SECRET = "client-of-a-test", "secret-of-a-test"

    def __init__(self, store: Path, webhook_url: str | None, webhook_ids: list[str], payee: str) -> None:
        more = ["--face", "paypal", "--api-key", f"{self.CLIENT}:{self.SECRET}"]
        super().__init__(store, webhook_url, webhook_ids, payee, more)

    @property
    def roots(self) -> bytes:
        """The authority that certifies its webhooks; it is made with the first of them."""
        found: bytes = wait_until(
            lambda: file.read_bytes() if (file := self.store.with_suffix(".ca.pem")).exists() else b"",
            "the processor's authority",
        )
        return found

    def adapter(self, **options: Any) -> PayPalGateway:  # type: ignore[override]
        """The adapter that talks to this process."""
        more = {"roots": self.roots, "webhook_ids": self.secrets, **options}
        return PayPalGateway(self.url, self.CLIENT, self.SECRET, merchant_id=self.payee, **more)

    def control(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """As everywhere, with PayPal's names turned into the core's and back."""
        if body and "ref" in body:
            body = {**body, "ref": f"pay_{body['ref'].lower().removeprefix('pay_')}"}
        kind, _, id = path.partition("/")
        if kind in ("refunds", "disputes") and id:
            bare = id.removeprefix("PP-R-").lower()
            path = f"{kind}/{'ref_' if kind == 'refunds' else 'dp_'}{bare}"
        answer = super().control(method, path, body, **query)
        if kind == "disputes" and "id" in answer:
            answer["id"] = f"PP-R-{answer['id'].removeprefix('dp_').upper()}"
        return answer


def start_paypal(
    tmp_path: Path,
    webhook_url: str | None = None,
    webhook_id: str | list[str] = "9JH20871M03126712",
    payee: str = "STRCTPRCSSR22",
) -> PayPalProcess:
    """The processor behind PayPal's API, with its store in `tmp_path`."""
    webhook_ids = [webhook_id] if isinstance(webhook_id, str) else webhook_id
    return PayPalProcess(tmp_path / "paypal.sqlite3", webhook_url, webhook_ids, payee)
